"""The made-up site's prose: every file is in use, and a broken one is named with its fault."""

from pathlib import Path

import pytest

from demo.site.prose import (
    TEXTS,
    TOPIC_GROUPS,
    BrokenProse,
    load_stories,
    load_topics,
    read_stories,
    read_topics,
)

TOPIC = """
[[topics]]
name = "bees"
weight = 1
tags = "bees .5"

[[topics.problems]]
tags = "honey .8"
titles = "- Why?"
says = "- a: There is none."
asks = "- Why is there none?"
"""


def test_every_file_of_topics_is_read_once() -> None:
    files = {path.stem for path in (TEXTS / "topics").glob("*.toml")}
    assert files == set(TOPIC_GROUPS)
    assert load_topics() is load_topics()
    assert load_stories() is load_stories()


def test_a_topic_is_read_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "bees.toml").write_text(TOPIC)
    [topic] = read_topics(tmp_path / "bees.toml")
    assert (topic.name, topic.problems[0].titles) == ("bees", "- Why?")


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ('name = "bees"', "name = bees", "Invalid value"),
        ('titles = "- Why?"', "", "topics 1, problems 1, titles: .*required"),
        ("weight = 1", "weight = 1\nheight = 2", "topics 1, height: Unexpected"),
        ('"- Why?"', '"Why?"', "topics 1, problems 1, titles: .*begins with '- ', found 'Why"),
        ('"- Why?"', '""', "topics 1, problems 1, titles: .*no item"),
        ('"honey .8"', '"honey"', "topics 1, problems 1, tags: .*found 'honey'"),
        ('"honey .8"', '"b:honey x"', "topics 1, problems 1, tags: .*found 'b:honey x'"),
        (TOPIC, "", r"without \[\[topics\]\]"),
    ],
)
def test_a_broken_file_is_named_in_one_line_with_the_place_and_the_fault(
    tmp_path: Path, right: str, wrong: str, fault: str
) -> None:
    file = tmp_path / "bees.toml"
    file.write_text(TOPIC.replace(right, wrong))
    with pytest.raises(BrokenProse, match=rf"bees\.toml: .*{fault}") as error:
        read_topics(file)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenProse, match=r"none\.toml"):
        read_stories(tmp_path / "none.toml")
