from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from review.api.fields import Moment, Site, Tag, Text


@pytest.mark.parametrize("tag", ["c++", ".net", "mémoria", "統計"])
def test_tags_of_all_sites_are_taken(tag: str) -> None:
    assert TypeAdapter(Tag).validate_python(tag) == tag


@pytest.mark.parametrize("tag", ["", "a b", "a\nb", "a\0", "\ud800", "x" * 101])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Tag).validate_python(tag)


def test_a_text_holds_what_databases_take() -> None:
    assert TypeAdapter(Text).validate_python("two\nlines") == "two\nlines"
    with pytest.raises(ValidationError):
        TypeAdapter(Text).validate_python("\0")


def test_a_moment_without_a_zone_is_utc() -> None:
    assert TypeAdapter(Moment).validate_python("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("named", ["stats", "Stats", "https://stats.stackexchange.com/"])
def test_a_site_is_known_by_whatever_people_call_it(named: str) -> None:
    assert TypeAdapter(Site).validate_python(named) == "stats"


@pytest.mark.parametrize("named", ["", "two words", "st\u00e4ts", "<b>", "x" * 101])
def test_what_is_no_site_is_refused(named: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Site).validate_python(named)
