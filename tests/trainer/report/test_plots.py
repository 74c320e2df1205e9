import pytest

from trainer.progress import Epoch
from trainer.report.plots import extreme_tags, figure, fitted_parts, tag_frequencies


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
    assert "dc:date" not in tag_frequencies(counts)


def test_with_few_tags_none_stands_at_both_ends() -> None:
    drawn = extreme_tags(["a<", "b", "c"], {"a<": 5, "b": 3, "c": 1})
    assert "a&lt;" in drawn
    assert ">c</text>" in drawn
    assert ">b</text>" not in drawn


def test_a_tag_in_any_writing_is_drawn_without_a_warning() -> None:
    assert "\u914d\u5217" in figure(lambda axes: axes.set_title("\u914d\u5217"))
