"""Where a comparison's questions come from: a file, or what is stored of a site."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from core.database.engine import reading
from core.errors import ImportFailed
from core.questions.files import load_questions
from core.questions.selection import Selection
from trainer.compare.run import Source
from trainer.data.corpus import LabelledQuestion
from trainer.data.stored import stored_questions
from trainer.teacher.teacher import Teacher


def site_source(engine: Engine, site: str) -> Source:
    """The questions stored of a site, their tags corrected by verdicts."""

    def questions() -> Iterator[LabelledQuestion]:
        with reading(engine) as connection:
            yield from stored_questions(connection, Selection(site))

    return Source(site, questions)


def watched(source: Source, teacher: Teacher | None) -> Source:
    """A source whose questions a teacher sees, where there is one."""
    if teacher is None:
        return source
    return Source(source.site, lambda: teacher.watch(source.questions()))


def file_source(path: Path, site: str | None = None, *, default_site: str | None = None) -> Source:
    """The questions of a file, which are kept in memory.

    Args:
        path: the file.
        site: that they are of; None where they, or their file, name it.
        default_site: of those that do not.

    Raises:
        ImportFailed: the file cannot be read, or holds questions of several sites.
    """
    read = load_questions(path, site=site, default_site=default_site)
    sites = sorted({question.site for question in read})
    if len(sites) > 1:
        raise ImportFailed(f"{path} holds questions of several sites: {', '.join(sites)}.")

    def questions() -> Iterator[LabelledQuestion]:
        for row, question in enumerate(read):
            yield LabelledQuestion(
                question.question_id,
                question.title,
                question.body,
                question.author_tags,
                question.content_hash(),
                row=row,
                created_at=question.created_at,
            )

    return Source(sites[0], questions)
