"""Threads of a problem, and that every one of them is told to its end."""

import pytest

from demo.site.material import Topic, on_thread, threads, weighted_tags
from demo.site.prose import load_topics


def test_threads_choose_alternatives_and_tags() -> None:
    text = "- a: one\n- b: two\n  lines\n- three"
    assert threads(text) == "ab"
    assert on_thread(text, "b") == ("two lines", "three")
    assert weighted_tags("r .5, b:t-test .25", "a") == (("r", 0.5),)


@pytest.mark.parametrize("topic", load_topics(), ids=lambda topic: topic.name)
def test_every_thread_has_a_title_a_trouble_and_a_question(topic: Topic) -> None:
    for problem in topic.problems:
        named = {*threads(problem.titles), *threads(problem.more or "- x"), *threads(problem.asks)}
        assert named <= set(threads(problem.says))
        for thread in threads(problem.says):
            assert on_thread(problem.titles, thread)
            assert on_thread(problem.says, thread)
            assert on_thread(problem.asks, thread)
            assert weighted_tags(problem.tags, thread)
