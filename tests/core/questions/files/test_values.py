"""Numbers and tags in the forms in which programs write them."""

import pytest

from core.questions.files.values import by_field, is_nothing, to_tags, to_whole


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (80, 80),
        (80.0, 80),
        ("80", 80),
        (" +80 ", 80),
        ("80.0", 80),
        ("80,0", 80),
        ("8e1", 80),
        ("4e+05", 400_000),
        ("-3", -3),
        ("1,234", 1234),
        ("-1,234,567.0", -1_234_567),
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("1'234", 1234),
        ("1.234.567", 1_234_567),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_a_whole_number_is_read_however_it_is_written(written: object, number: int) -> None:
    assert to_whole(written) == number


@pytest.mark.parametrize(
    "written",
    [
        5.5,
        "5.5",
        "1.234",
        "12,34",
        "1,2345",
        "1_000",
        "1e400",
        "six",
        "",
        True,
        None,
        [6],
        float("nan"),
        2.0**60,
        "inf",
    ],
)
def test_what_is_no_whole_number_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"whole number|exact"):
        to_whole(written)


@pytest.mark.parametrize(
    "written",
    [
        *("<c++><r>", "|c++|r|", "c++ r", "c++, r", "c++;r", "['c++', 'r']", '["c++","r"]'),
        *("{c++,r}", '{c++,"r"}', " [c++, r] "),
    ],
)
def test_tags_in_one_text_are_parted(written: str) -> None:
    assert to_tags(written) == ["c++", "r"]


def test_tags_that_are_objects_go_by_their_names() -> None:
    assert to_tags([{"name": "c++"}, "r"]) == ["c++", "r"]


def test_what_programs_write_for_nothing_is_known() -> None:
    assert all(map(is_nothing, [None, "", " ", "NA", "NaN", "null", "\\N", float("nan")]))
    assert not any(map(is_nothing, [0, "0", "nano", [], 0.0]))


@pytest.mark.parametrize(
    "values",
    [
        {"question_id": 4, "creation_date": "x", "owner": "user8", "tags": "r"},
        {"Id": 4, "PostTypeId": "1", "CreationDate": "x", "OwnerUserId": "8", "Tags": "r"},
        {"id": 4, "creation_date": "x", "owner_user_id": 8.0, "tags": "r", "post_type_id": 1.0},
        {"id": 4, "creationDate": "x", "owner": "user8", "tags": "r", "post_type_id": None},
        {"ID": 9, "question_id": 4, "Creation Date": "x", "ownerUserId": "8", "TAGS": "r"},
    ],
)
def test_fields_are_known_however_they_are_spelled(values: dict[str, object]) -> None:
    expected = {"question_id": 4, "creation_date": "x", "owner": "user8", "tags": "r"}
    assert by_field(values) == expected


def test_an_answer_among_questions_is_passed_over() -> None:
    assert by_field({"Id": 5, "PostTypeId": 2, "Body": "b"}) is None
