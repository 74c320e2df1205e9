"""Items of the API as they were saved, told from plain questions, and unescaped once."""

from pathlib import Path

import pytest

from core.questions.files.api_items import as_plain
from core.questions.store import FetchedQuestion
from tests.json_rows import read_one

ESCAPED = {"title": "Isn&#39;t &quot;C&amp;C++&quot; &lt;b&gt;?", "tags": ["c&#43;&#43;", "pumps"]}
PLAIN = {"title": 'Isn\'t "C&C++" <b>?', "tags": ["c++", "pumps"]}


@pytest.mark.parametrize("mark", [{"owner": {}}, {"is_answered": False}])
def test_the_apis_items_are_unescaped_by_what_only_they_have(mark: dict[str, object]) -> None:
    plain = as_plain({**ESCAPED, **mark, "body": "<p>a &amp; b</p>"})
    assert {**plain, **PLAIN} == plain
    assert plain["body"] == "<p>a &amp; b</p>"


def test_what_was_escaped_twice_is_unescaped_once() -> None:
    assert as_plain({"title": "What is &amp;amp;?"}, known=True) == {"title": "What is &amp;?"}


def test_other_questions_stay_as_they_are() -> None:
    values = {**ESCAPED, "owner": "O&#39;Hara", "view_count": 3, "creation_date": 1279566884}
    assert as_plain(values) == values


def test_an_item_is_read_as_the_poller_reads_it(tmp_path: Path) -> None:
    row = read_one(tmp_path / "q.jsonl", **ESCAPED, owner={"display_name": "O&#39;Hara &amp; Co"})
    assert isinstance(row, FetchedQuestion)
    assert (row.title, row.author_tags) == (PLAIN["title"], ("c++", "pumps"))
    assert row.owner == "O'Hara & Co"
