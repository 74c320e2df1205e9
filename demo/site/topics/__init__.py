"""The fields of statistics that the made-up site is about, with their problems."""

from demo.site.material import Topic
from demo.site.topics import (
    causes,
    computing,
    grouped,
    inference,
    learning,
    linear,
    practice,
    structure,
    temporal,
    theory,
)

TOPICS: tuple[Topic, ...] = (
    *linear.TOPICS,
    *grouped.TOPICS,
    *temporal.TOPICS,
    *inference.TOPICS,
    *structure.TOPICS,
    *learning.TOPICS,
    *causes.TOPICS,
    *theory.TOPICS,
    *practice.TOPICS,
    *computing.TOPICS,
)
