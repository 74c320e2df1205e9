"""What the made-up site says of its tags: excerpts of their wikis, and tags that it has renamed."""

from collections.abc import Mapping
from typing import Final

from demo.site.material import weighted_tags
from demo.site.prose import load_topics

RENAMED: Final[Mapping[str, str]] = {
    "glm": "generalized-linear-model",
    "hypothesis-test": "hypothesis-testing",
    "nn": "neural-networks",
}
LEAST: Final = 0.5  # probability of a tag that stands for its whole topic
OTHERS: Final = 3  # tags that an excerpt names


def tag_excerpts() -> dict[str, str]:
    """What the site says of the tags that stand for its topics, by tag."""
    found: dict[str, str] = {}
    for topic in load_topics():
        named = [tag for tag, probability in weighted_tags(topic.tags) if probability >= LEAST]
        others = [tag for problem in topic.problems for tag, _ in weighted_tags(problem.tags)]
        for tag in named:
            with_it = [other for other in dict.fromkeys(others) if other != tag][:OTHERS]
            also = f" Often asked about together with {', '.join(with_it)}." if with_it else ""
            found.setdefault(tag, f"For questions on {topic.name}.{also}")
    return found
