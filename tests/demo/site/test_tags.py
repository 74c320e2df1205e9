"""The made-up site says what its topics' tags are for, of tags that its questions have."""

from demo.site import make_questions
from demo.site.tags import RENAMED, tag_excerpts


def test_excerpts_and_renamed_tags_are_of_tags_that_questions_have() -> None:
    used = {tag for made in make_questions(1500) for tag in made.tags}
    excerpts = tag_excerpts()
    assert len(excerpts) > 20
    assert excerpts.keys() <= used
    assert set(RENAMED.values()) <= used
    assert not RENAMED.keys() & used
    assert excerpts["causality"].startswith("For questions on causal inference. Often asked")
