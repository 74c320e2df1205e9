from pathlib import Path

import pytest

from core.questions.files.dump_names import site_of_dump


@pytest.mark.parametrize(
    ("path", "site"),
    [
        ("dumps/cooking.stackexchange.com.7z", "cooking"),
        ("Cooking.StackExchange.com/Posts.xml", "cooking"),
        ("cooking.meta.stackexchange.com.7z", "cooking.meta"),
        ("meta.stackexchange.com.7z", "meta"),
        ("stackoverflow.com-Posts.7z", "stackoverflow"),
        ("ru.stackoverflow.com/Posts.xml.gz", "ru.stackoverflow"),
        ("cooking.stackexchange.com_Posts.xml", "cooking"),
        ("mathoverflow.net.7z", "mathoverflow.net"),
        ("stackexchange.com/Posts.xml", None),
        ("my-stackexchange.com.notes/Posts.xml", None),
        ("dumps/Posts.xml", None),
        ("ai.stackexchange.com/cooking-Posts.xml", None),
        ("ai.stackexchange.com/cooking.stackexchange.com.7z", "cooking"),
    ],
)
def test_a_dumps_site_is_known_by_its_address(tmp_path: Path, path: str, site: str | None) -> None:
    assert site_of_dump(tmp_path / path) == site
