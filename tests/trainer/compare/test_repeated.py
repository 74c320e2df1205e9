import io
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from tests.trainer.compare.made_up_comparison import made_up_comparison, made_up_result
from trainer.compare.repeated import _interval, mean_lead, means_csv, means_table, system_means
from trainer.compare.run import Comparison, Row
from trainer.scoring.intervals import Estimate


def comparison(*skills: tuple[str, float | None]) -> Comparison:
    rows = [
        Row(name, None if skill is None else made_up_result(skill), None) for name, skill in skills
    ]
    return replace(made_up_comparison(), rows=rows)


def three() -> Sequence[Comparison]:
    return [
        comparison(("simple", 0.2), ("conv1d", conv), ("broken", broken))
        for conv, broken in ((0.5, 0.4), (0.6, None), (0.55, 0.4))
    ]


def test_means_are_those_of_systems_that_every_split_has_measured() -> None:
    simple, conv = system_means(three())
    assert (simple.system, conv.system) == ("simple", "conv1d")
    each = [made_up_result(skill).estimates["log_loss"].value for skill in (0.5, 0.6, 0.55)]
    assert conv.means["log_loss"] == pytest.approx(np.mean(each))


def test_leads_are_over_the_first_system_split_by_split() -> None:
    simple, conv = system_means(three())
    assert simple.leads == {}
    lead = conv.leads["log_loss"]
    assert lead.value == pytest.approx(conv.means["log_loss"] - simple.means["log_loss"])
    assert lead.low < lead.value < lead.high < 0


def test_leads_may_be_over_any_system() -> None:
    conv, simple = system_means(three(), first="conv1d")
    assert (conv.system, conv.leads) == ("conv1d", {})
    assert simple.leads["log_loss"].value > 0


def test_an_interval_is_wider_than_that_of_differences_that_share_nothing() -> None:
    differences = [0.01, 0.02, 0.03]
    found = mean_lead(differences, 0.25)
    alone = 4.303 * math.sqrt(np.var(differences, ddof=1) / 3)  # Student's, two degrees of freedom
    assert found.value == pytest.approx(0.02)
    assert found.high - found.value == pytest.approx(alone * math.sqrt(1 + 3 * 0.25), rel=1e-3)


def test_a_lead_of_ten_keeps_its_zeros() -> None:
    assert _interval(Estimate(10.1234, 9.1, 11.1468)) == "+10.1234 ±1.0234"
    assert _interval(Estimate(-0.02, -0.03, -0.01)) == "-.0200 ±.0100"


def test_one_split_tells_nothing_of_how_sure_it_is() -> None:
    assert mean_lead([0.01], 0.25).low == -math.inf


def test_the_table_shows_leads_under_the_means_on_a_narrow_terminal() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(means_table(system_means(three())))
    printed = console.export_text()
    assert printed.index("simple") < printed.index("conv1d") < printed.index("lead")
    assert "lead" not in printed[: printed.index("conv1d")]
    assert " ±." in printed
    assert all(len(line.rstrip()) <= 78 for line in printed.splitlines())


def test_the_file_has_a_line_a_system() -> None:
    header, simple, conv = means_csv(system_means(three())).splitlines()
    columns = header.split(",")
    assert columns[0] == "system"
    lead = columns.index("log_loss_lead")
    assert simple.split(",")[lead] == ""
    assert float(conv.split(",")[lead]) < 0
