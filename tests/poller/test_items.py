import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.questions.store import FetchedQuestion
from poller.items import date_of, read_items

ITEM: dict[str, Any] = {
    "tags": ["r", "mem&#243;ria"],
    "owner": {"display_name": "D&#39;Arcy", "user_id": 7, "user_type": "registered"},
    "is_answered": False,
    "answer_count": 1,
    "score": -2,
    "last_activity_date": 1_700_000_300,
    "creation_date": 1_700_000_000,
    "question_id": 42,
    "content_license": "CC BY-SA 4.0",
    "link": "https://stats.stackexchange.com/questions/42/why",
    "title": "Why can&#39;t &amp;lt; be seen?",
    "body": "<p>x &lt; y</p>",
}


def read(item: object, feed: Any = "unanswered") -> FetchedQuestion | str:
    """The question, or why it is none."""
    items = read_items([item], site="stats", polled=feed)
    return items.questions[0] if items.questions else items.skipped[0].reason


@pytest.mark.parametrize("link", ["https://Cooking.StackExchange.com/questions/42", "http://["])
def test_a_question_of_another_site_is_none_of_this_one(link: str) -> None:
    others = {"cooking.stackexchange.com"}
    items = read_items([ITEM, ITEM | {"link": link}], site="s", polled="unanswered", others=others)
    assert len(items.questions) == 1 + (link == "http://[")
    reasons = [item.reason for item in items.skipped]
    assert reasons == ["it is of another site, cooking.stackexchange.com"][: len(reasons)]


def test_an_item_becomes_a_question_with_its_escapes_undone_once() -> None:
    assert read(ITEM) == FetchedQuestion(
        site="stats",
        question_id=42,
        title="Why can't &lt; be seen?",
        body="<p>x &lt; y</p>",
        author_tags=("r", "memória"),
        link="https://stats.stackexchange.com/questions/42/why",
        owner="D'Arcy",
        licence="CC BY-SA 4.0",
        score=-2,
        answer_count=1,
        created_at=datetime.fromtimestamp(1_700_000_000, UTC),
        last_activity_at=datetime.fromtimestamp(1_700_000_300, UTC),
        state="open",
    )


@pytest.mark.parametrize(
    "absent", ["owner", "content_license", "link", "score", "answer_count", "last_activity_date"]
)
def test_what_a_question_can_do_without_may_be_absent(absent: str) -> None:
    item = {name: value for name, value in ITEM.items() if name != absent}
    assert isinstance(read(item), FetchedQuestion)


def test_tags_with_spaces_or_characters_that_nobody_sees_are_dropped() -> None:
    tags = ["r", "r\u200b", "&#1;", " ", "two words", "anova&#8203;", "c++"]
    question = read(ITEM | {"tags": tags})
    assert isinstance(question, FetchedQuestion)
    assert question.author_tags == ("r", "c++")


@pytest.mark.parametrize("field", ["title", "body", "tags", "question_id", "creation_date"])
@pytest.mark.parametrize("value", [None, {}, 1.5, "", True])
def test_what_it_cannot_do_without_is_named(field: str, value: object) -> None:
    assert field in str(read(ITEM | {field: value}))
    assert f"no {field}" == read({name: ITEM[name] for name in ITEM if name != field})


@pytest.mark.parametrize(
    ("changes", "feed", "state"),
    [
        ({}, "unanswered", "open"),
        ({"is_answered": True}, "unanswered", "answered"),
        ({"is_answered": True}, "questions", "open"),
        ({"answer_count": 1}, "no-answers", "answered"),
        ({"answer_count": 0}, "no-answers", "open"),
        ({"closed_date": 1_700_000_100, "is_answered": True}, "unanswered", "closed"),
        ({"closed_date": 1_700_000_100, "migrated_to": {}}, "unanswered", "closed"),
        ({"closed_date": 1, "migrated_to": {"question_id": 1}}, "unanswered", "migrated"),
    ],
)
def test_the_state_follows_from_the_item_and_from_what_is_polled(
    changes: dict[str, Any], feed: str, state: str
) -> None:
    question = read(ITEM | changes, feed)
    assert isinstance(question, FetchedQuestion)
    assert question.state == state


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x.org/" + "x" * 2000])
def test_a_link_that_is_no_web_address_or_a_very_long_one_is_dropped(link: str) -> None:
    question = read(ITEM | {"link": link})
    assert isinstance(question, FetchedQuestion)
    assert question.link is None


def test_a_name_turns_no_direction_of_writing() -> None:
    question = read(ITEM | {"owner": {"display_name": "a&#8238;b\u2066  c"}})
    assert isinstance(question, FetchedQuestion)
    assert question.owner == "a b   c"


def test_a_question_does_without_very_long_names() -> None:
    long = "x" * 201
    question = read(ITEM | {"owner": {"display_name": long}, "content_license": long})
    assert isinstance(question, FetchedQuestion)
    assert (question.owner, question.licence) == (None, None)


def test_an_item_without_a_number_is_known_by_its_link() -> None:
    skipped = read_items([ITEM | {"question_id": "q42"}], site="stats", polled="unanswered").skipped
    assert (skipped[0].question_id, skipped[0].item) == (42, "42")


def test_a_bad_item_does_not_take_its_neighbours_along() -> None:
    items = read_items([ITEM, 7, ITEM | {"question_id": 43}], site="stats", polled="unanswered")
    assert [question.question_id for question in items.questions] == [42, 43]
    assert [item.reason for item in items.skipped] == ["it is of type int"]


def test_the_date_is_read_from_an_item_that_is_otherwise_unreadable() -> None:
    assert date_of({"creation_date": 1_700_000_000}, "creation_date") == 1_700_000_000
    for bad in ("yesterday", None, True, -1, 10**12):
        assert date_of({"creation_date": bad}, "creation_date") is None
    assert date_of(7, "creation_date") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(sorted(ITEM)), JSON), st.sampled_from(sorted(ITEM)))
def test_whatever_an_item_holds_it_is_a_question_or_skipped(
    changes: dict[str, Any], left_out: str
) -> None:
    item = {name: value for name, value in (ITEM | changes).items() if name != left_out}
    items = read_items([item], site="stats", polled="unanswered")
    assert len(items.questions) + len(items.skipped) == 1
    assert all("\0" not in question.title for question in items.questions)


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("questions_100_items.json", 100),
        ("questions_10_items_keyless.json", 10),
        ("search_30_items.json", 30),
        ("search_2_items_with_body.json", 2),
        ("question_1_item_with_body.json", 1),
    ],
)
def test_recorded_answers_are_read(real_data: Path, file: str, count: int) -> None:
    recorded = json.loads((real_data / "api" / file).read_bytes())["items"]
    asked_for = {"body": "<p></p>", "title": "&lt;title", "tags": ["mem&#243;ria"]}
    items = read_items([asked_for | item for item in recorded], site="s", polled="unanswered")
    assert len(items.questions) == count
    assert items.skipped == ()
    for question in items.questions:
        assert "&#39;" not in question.title
        assert "&quot;" not in question.title


@pytest.mark.real
def test_recorded_items_that_lack_what_was_not_asked_for_say_what(real_data: Path) -> None:
    recorded = json.loads((real_data / "api" / "questions_100_items.json").read_bytes())["items"]
    skipped = read_items(recorded, site="s", polled="unanswered").skipped
    assert {item.reason for item in skipped} == {"no body"}
    assert len(skipped) == 100


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("body", "x" * 500_001),
        ("title", "x" * 1001),
        ("tags", [f"t{number}" for number in range(10_000)]),
        ("tags", ["x" * 101]),
    ],
)
def test_an_item_longer_than_any_question_is_skipped(field: str, value: object) -> None:
    items = read_items([{**ITEM, field: value}, ITEM], site="stats", polled="unanswered")
    assert len(items.questions) == 1
    assert [field in item.reason for item in items.skipped] == [True]
