"""When questions are asked and seen, and what becomes of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.questions.store import FetchedQuestion
from demo.standin.site import Listing
from demo.standin.timeline import DAY, Life, Release, site_of
from tests.demo.standin.questions import fetched

START = 1_700_000_000


def made_up(count: int, **fields: Any) -> list[FetchedQuestion]:
    return [
        fetched(number, author_tags=(f"t{number}",), **fields)
        for number in range(count, 0, -1)  # a file need not be sorted
    ]


def test_history_is_spread_over_the_days_before_the_start_in_id_order() -> None:
    release = Release(history_share=0.5, history_days=10)
    site = site_of("stats", made_up(100), start=START, release=release)
    site.advance(START)
    assert site.ids(Listing.QUESTIONS) == list(range(1, 51))
    dates = [site.questions[number].creation_date for number in range(1, 51)]
    assert dates == sorted(dates)
    assert dates[0] == START - 10 * DAY
    assert dates[-1] < START


def test_new_questions_are_asked_at_the_rate_that_was_told() -> None:
    release = Release(history_share=0, per_minute=2, delay=0)
    site = site_of("stats", made_up(20), start=START, release=release)
    asked = [site.questions[number].creation_date - START for number in (1, 2, 3, 20)]
    assert asked == [0, 30, 60, 570]
    site.advance(START + 65)
    assert site.ids(Listing.UNANSWERED) == [1, 2, 3]


@given(seed=st.integers(0, 1000), delay=st.floats(0, 90))
@settings(deadline=None)
def test_no_question_is_seen_before_it_is_asked_or_later_than_the_delay(
    seed: int, delay: float
) -> None:
    release = Release(history_share=0, per_minute=10, delay=delay)
    site = site_of("stats", made_up(20), start=START, release=release, seed=seed)
    for question in site.questions.values():
        assert 0 <= question.visible_from - question.creation_date <= delay + 1


def test_delays_change_the_order_in_which_questions_are_seen() -> None:
    release = Release(history_share=0, per_minute=60, delay=90)
    site = site_of("stats", made_up(50), start=START, release=release)
    seen = sorted(site.questions.values(), key=lambda question: question.visible_from)
    assert [question.question_id for question in seen] != list(range(1, 51))


def test_a_burst_puts_many_questions_into_one_second() -> None:
    release = Release(history_share=0, per_minute=1, burst_every=600, burst_size=200)
    site = site_of("stats", made_up(300), start=START, release=release)
    dates = [question.creation_date for question in site.questions.values()]
    assert dates.count(START + 600) == 201  # and the one that is due then
    assert sorted(dates) == [site.questions[number].creation_date for number in range(1, 301)]


def test_dates_of_the_file_are_kept_for_history_only() -> None:
    release = Release(history_share=0.5)
    long_ago = datetime.fromtimestamp(1_000_000_000, UTC)
    site = site_of("stats", made_up(4, created_at=long_ago), start=START, release=release)
    assert site.questions[1].creation_date == 1_000_000_000
    assert site.questions[4].creation_date >= START


def test_answer_counts_of_the_file_are_kept() -> None:
    release = Release(history_share=1, history_answered=0)
    site = site_of("stats", made_up(4, answer_count=2), start=START, release=release)
    site.advance(START)
    assert site.ids(Listing.UNANSWERED) == [1, 2, 3, 4]
    assert site.ids(Listing.NO_ANSWERS) == []


def test_the_share_of_history_that_is_answered_is_as_told() -> None:
    release = Release(history_share=1, history_answered=0.6)
    site = site_of("stats", made_up(2000), start=START, release=release)
    site.advance(START)
    unanswered = len(site.ids(Listing.UNANSWERED))
    assert 0.36 < unanswered / 2000 < 0.44
    assert 0 < len(site.ids(Listing.NO_ANSWERS)) < unanswered


def test_everything_that_can_happen_to_questions_happens() -> None:
    release = Release(history_share=0.5)
    life = Life(
        within=1000,
        edited=0.5,
        retagged=0.5,
        answered=0.5,
        unanswered_again=0.5,
        closed=0.5,
        migrated=0.2,
        deleted=0.2,
    )
    site = site_of("stats", made_up(200), start=START, release=release, life=life)
    site.advance(START + 10 * DAY)
    questions = site.questions.values()
    assert any(question.title.endswith(" (edited)") for question in questions)
    assert any(len(question.tags) == 2 for question in questions)
    assert any(question.is_answered and question.accepted_answer_id for question in questions)
    assert any(
        question.answer_count and not question.is_answered and question.creation_date > START
        for question in questions
    )
    assert any(question.closed_date for question in questions)
    assert any(question.migrated_to for question in questions)
    assert 20 < sum(question.deleted for question in questions) < 60
    assert len(site.ids(Listing.QUESTIONS)) == sum(not question.deleted for question in questions)


def test_the_same_seed_gives_the_same_site_and_another_another() -> None:
    def moments(seed: int) -> list[float]:
        site = site_of("stats", made_up(50), start=START, life=Life.of(0.3), seed=seed)
        return [question.visible_from for question in site.questions.values()]

    assert moments(1) == moments(1)
    assert moments(1) != moments(2)


@pytest.mark.parametrize(
    "wrong", [{"history_share": 1.1}, {"per_minute": 0}, {"delay": -1}, {"history_days": 0}]
)
def test_a_wrong_release_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Release(**wrong)
