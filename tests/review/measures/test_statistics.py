from statistics import NormalDist

import pytest

from review.measures.statistics import Z_95, Share, cohen_kappa, difference


def test_the_quantile_is_the_normal_distributions() -> None:
    assert pytest.approx(NormalDist().inv_cdf(0.975)) == Z_95


@pytest.mark.parametrize(
    ("share", "low"),
    [(Share(81, 263), 0.2553), (Share(15, 148), 0.0624), (Share(0, 20), 0), (Share(29, 29), 0.883)],
)
def test_a_share_s_interval_is_that_of_newcombes_table(share: Share, low: float) -> None:
    assert share.interval()[0] == pytest.approx(low, abs=1e-4)


def test_the_difference_is_that_of_newcombes_own_example() -> None:
    """56/70 - 48/80, method 10: .0524 to .3339."""
    found = difference(Share(56, 70), Share(48, 80))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_of_nothing_nothing_is_known() -> None:
    found = difference(Share(0, 0), Share(5, 5))
    assert found.low == pytest.approx(-1)
    assert found.high > 0


def test_kappa_is_the_textbooks() -> None:
    """20 both yes, 5 and 10 apart, 15 both no: .4."""
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10
    assert cohen_kappa(pairs + [(False, False)] * 15) == pytest.approx(0.4)


def test_kappa_is_not_defined_where_nothing_varies() -> None:
    assert cohen_kappa([]) is None
    assert cohen_kappa([(True, True)] * 3) is None
