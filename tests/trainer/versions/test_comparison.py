"""What is said of two versions that differ in a known way."""

import pytest
from sqlalchemy import Engine

from tests.trainer.versions.published import SITE, UNSEEN, publish_two
from trainer.versions.comparison import VersionsCompared, compare_versions
from trainer.versions.judged import judge


def compared(engine: Engine, **changes: object) -> VersionsCompared:
    return compare_versions(judge(engine, SITE, publish_two(engine, **changes)))


@pytest.fixture
def without_anova(sqlite_engine: Engine) -> VersionsCompared:
    """The second version never suggests anova, which the first suggests wrongly."""
    return compared(sqlite_engine, thresholds=(2.0, 0.5, 0.5, 0.5, 0.5, 0.5))


def test_every_difference_lies_in_its_interval(without_anova: VersionsCompared) -> None:
    for one in (*without_anova.figures, *without_anova.tags):
        assert one.difference.low <= one.difference.value <= one.difference.high
        assert one.difference.value == pytest.approx(one.after - one.before)


def test_a_ranking_that_stays_does_not_differ_and_suggestions_do(
    without_anova: VersionsCompared,
) -> None:
    found = {one.name: one for one in without_anova.figures}
    assert found["nDCG@5 (all tags)"].difference.value == 0
    assert not found["nDCG@5 (all tags)"].is_sure
    precision = found["precision of suggestions"]
    assert precision.after > precision.before
    assert precision.is_sure
    assert found["suggestions of a question"].after == 1


def test_the_tag_that_changed_comes_first(without_anova: VersionsCompared) -> None:
    first = without_anova.tags[0]
    assert (first.name, first.after) == ("anova", 0)
    assert all(one.difference.value == 0 for one in without_anova.tags[1:])


def test_the_predictions_that_changed_are_told_the_better_ones_first(
    without_anova: VersionsCompared,
) -> None:
    changed = without_anova.changed
    assert len(changed) == sum(number % 7 == 0 for number in range(61, 61 + UNSEEN))
    assert all("anova" in one.before and "anova" not in one.after for one in changed)
    gained = [one.gained for one in changed]
    assert gained == sorted(gained, reverse=True)
    assert set(gained) == {1, -1}


def test_versions_of_other_tags_are_compared_on_all_tags(sqlite_engine: Engine) -> None:
    names = ("zeta", "bayesian", "c++", "regression", "t-test", "time-series")
    found = compared(sqlite_engine, labels=names)
    assert (found.new_tags, found.gone_tags) == (("zeta",), ("anova",))
    recall = {one.name: one for one in found.figures}["recall@5 (all tags)"]
    assert recall.after < recall.before
    assert "anova" not in [one.name for one in found.tags]
