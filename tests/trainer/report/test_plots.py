from typing import Any

import pytest

from trainer.progress import Epoch
from trainer.report.plots import (
    Picture,
    extreme_tags,
    fitted_parts,
    legend_below,
    panel,
    tag_frequencies,
)


def drawn(picture: Picture) -> str:
    return "".join(panel.svg for panel in picture)


def epoch(number: int) -> Epoch:
    return Epoch(
        number=number, of=3, loss=1, val_loss=1, val_precision_at_1=0.5, seconds=1, part="x"
    )


def test_epochs_that_count_from_one_again_are_those_of_another_part() -> None:
    epochs = [epoch(number) for number in (1, 2, 3, 1, 1, 2)]
    assert [len(part) for part in fitted_parts(epochs)] == [3, 1, 2]
    assert fitted_parts([]) == []


@pytest.mark.slow
def test_equal_pictures_are_equal_bytes_that_name_no_time() -> None:
    counts = {"a": 5, "b": 3, "c": 1}
    assert tag_frequencies(counts) == tag_frequencies(counts)
    assert "dc:date" not in drawn(tag_frequencies(counts))


def test_with_few_tags_none_stands_at_both_ends() -> None:
    svg = drawn(extreme_tags(["a<", "b", "c"], {"a<": 5, "b": 3, "c": 1}))
    assert "a&lt;" in svg
    assert ">c</text>" in svg
    assert ">b</text>" not in svg


def test_a_tag_in_any_writing_is_drawn_without_a_warning() -> None:
    assert "\u914d\u5217" in panel("", lambda axes: axes.set_title("\u914d\u5217")).svg


@pytest.mark.parametrize("lines", [1, 20])
def test_a_legend_covers_no_curve_and_is_not_cut_off(lines: int) -> None:
    kept = []

    def draw(axes: Any) -> None:
        for line in range(lines):
            axes.plot([0, 1], [line, 1], label=f"reader {line} of 20 again")
        legend_below(axes)
        kept.append(axes)

    panel("", draw, height=4)
    (axes,) = kept
    whole = axes.figure
    legend = whole.legends[0].get_window_extent()
    assert legend.y1 <= axes.get_window_extent().y0
    assert legend.y0 >= 0
    assert legend.x0 >= 0
    assert legend.x1 <= whole.bbox.width
