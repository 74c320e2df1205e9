"""Reads a question file of any format."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.database.known_sites import CheckSite
from core.errors import ImportFailed, SiteNotGiven, UnknownSite
from core.questions.files.dump_names import is_named_by_folder, site_of_dump
from core.questions.files.formats import Format, QuestionFile
from core.questions.files.json_documents import read_json_document
from core.questions.files.json_lines import read_json_lines
from core.questions.files.kaggle import read_questions_csv, read_tags
from core.questions.files.lines import MOST_IDLE
from core.questions.files.posts_xml import read_posts
from core.questions.files.rows import BrokenRow, Row, Source
from core.questions.files.unpacking import OnPosition
from core.questions.store import FetchedQuestion

OnFilePosition = Callable[[Path, int], None]  # bytes of the file that have been read


def read_questions(
    path: Path | QuestionFile,
    *,
    site: str | None = None,
    default_site: str | None = None,
    tag_files: Sequence[QuestionFile] = (),
    check_site: CheckSite | None = None,
    on_position: OnPosition | None = None,
) -> Iterator[Row]:
    """Return an iterator over a file's questions and broken rows, in the file's order.

    The call itself looks at the file's beginning only.

        for row in read_questions(Path("stats.stackexchange.com.7z"), site="stats"):
            print(row)

    Args:
        path: `.jsonl`, `.json`, `Posts.xml` (all also packed, and through pipes), a `.7z` with
            Posts.xml, or Questions.csv.
        site: the API's name of the site. It may be None where questions of JSON name theirs, and
            for a dump that is named by its site's address, as is its folder. JSON that names
            another one is broken.
        default_site: of what names no site, where none is given.
        tag_files: where to look for the Tags.csv that does not stand beside its Questions.csv.
        check_site: raises UnknownSite where there is no site that the file or a question names.
        on_position: called with how many bytes of the file have been read.

    Raises:
        UnknownSite: the file is the dump of a site that there is not.
        ImportFailed: the file as a whole cannot be read, or does not say of which site it is; the
            iterator raises it too, where the reason comes to light later.
    """
    file = path if isinstance(path, QuestionFile) else QuestionFile(path)
    try:
        its_site = _site_of(file, site)
        if its_site not in (None, site) and check_site is not None:
            check_site(its_site)
        tags = _check(file, its_site or default_site, tag_files)
    except (ImportFailed, UnknownSite):
        file.close()
        raise
    source = Source(file.name, its_site, check_site, default_site)
    return _read(file, source, tags, on_position)


def _site_of(file: QuestionFile, given: str | None) -> str | None:
    """The site that was given, or that of a dump by its name.

    Raises:
        ImportFailed: by its name, it is another site's.
    """
    named = site_of_dump(file.path) if file.format is Format.POSTS_XML else None
    if given is not None and named not in (None, given):
        its = "its folder's" if is_named_by_folder(file.path) else "its"
        raise ImportFailed(
            f"{file.name} is the dump of {named} by {its} name, not of {given}: "
            "import it by itself, or rename it."
        )
    return given or named


def _check(
    file: QuestionFile, site: str | None, tag_files: Sequence[QuestionFile]
) -> QuestionFile | None:
    """Whether it can be read by itself; its Tags.csv, where its format has one.

    Raises:
        ImportFailed: it cannot.
    """
    if file.format is Format.KAGGLE_TAGS:
        raise ImportFailed(
            f"{file.name} holds tags alone: name the Questions.csv that they belong to."
        )
    if not file.format.names_site and site is None:
        raise SiteNotGiven(f"{file.name} does not say of which site it is.")
    return _find_tags_file(file, tag_files) if file.format is Format.KAGGLE_QUESTIONS else None


def open_all(
    paths: Sequence[Path],
    *,
    site: str | None = None,
    default_site: str | None = None,
    check_site: CheckSite | None = None,
    on_position: OnFilePosition = lambda _path, _position: None,
) -> list[tuple[Path, Iterator[Row]]]:
    """Return an iterator over each file's rows, as of read_questions(), in the order of the files.

    The call itself looks at the beginnings of all files. A Tags.csv goes with its Questions.csv.

    Raises:
        UnknownSite: one of them is the dump of a site that there is not.
        ImportFailed: one of them has no format that is known, or does not say of which site it is.
    """
    with ExitStack() as opened:
        files = [opened.enter_context(QuestionFile(path)) for path in dict.fromkeys(paths)]
        tags = [file for file in files if file.format is Format.KAGGLE_TAGS]
        chosen = [file for file in files if file not in tags] or tags
        rows = [
            (
                file.path,
                read_questions(
                    file,
                    site=site,
                    default_site=default_site,
                    tag_files=tags,
                    check_site=check_site,
                    on_position=partial(on_position, file.path),
                ),
            )
            for file in chosen
        ]
        opened.pop_all()  # whoever reads them closes them
    return rows


def with_tag_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """All files that open_all() reads: those given, and each Tags.csv found beside a Questions.csv.

    No pipe may be among them: its beginning would be gone.

    Raises:
        ImportFailed: a file has no format that is known, or its Tags.csv is not there.
    """
    with ExitStack() as opened:
        files = [opened.enter_context(QuestionFile(path)) for path in dict.fromkeys(paths)]
        tags = [file for file in files if file.format is Format.KAGGLE_TAGS]
        questions = (file for file in files if file.format is Format.KAGGLE_QUESTIONS)
        found = [opened.enter_context(_find_tags_file(file, tags)).path for file in questions]
    return tuple(dict.fromkeys([*paths, *found]))


def _read(
    file: QuestionFile, source: Source, tags: QuestionFile | None, on_position: OnPosition | None
) -> Iterator[Row]:
    broken = 0  # behind each other
    for row in _rows(file, source, tags, on_position):
        yield row
        broken = broken + 1 if isinstance(row, BrokenRow) else 0
        if broken == MOST_IDLE:
            raise ImportFailed(
                f"{file.name}: {MOST_IDLE:,} rows behind each other cannot be used; the last: {row}"
            )


def _rows(
    file: QuestionFile, source: Source, tags: QuestionFile | None, on_position: OnPosition | None
) -> Iterator[Row]:
    try:
        with file.opened(on_position) as stream:
            if file.format is Format.JSON_LINES:
                yield from read_json_lines(stream, source)
            elif file.format is Format.JSON_DOCUMENT:
                yield from read_json_document(stream, source)
            elif file.format is Format.POSTS_XML:
                yield from read_posts(stream, source)
            elif tags is None:
                yield from read_questions_csv(stream, source)
            else:
                yield from _read_tables(stream, source, tags)
    except OSError as error:
        raise ImportFailed(f"{file.name} cannot be read: {error.strerror or error}") from error


def _read_tables(stream: BinaryIO, source: Source, tags: QuestionFile) -> Iterator[Row]:
    with tags.opened() as tag_stream:
        tag_source = Source(tags.name, source.site)
        table = yield from read_tags(tag_stream, tag_source, tags.bytes_read)
    yield from read_questions_csv(stream, source, table)


def _find_tags_file(questions: QuestionFile, given: Sequence[QuestionFile]) -> QuestionFile:
    """The Tags.csv of a Questions.csv.

    It is the one beside it that is called as it is, but for this; or the only one given; or one
    beside it that is just called Tags.csv, where no Questions.csv is there to which it belongs.

    Raises:
        ImportFailed: there is none.
    """
    beside = _files_beside(questions)
    own = beside.get(questions.path.name.lower().replace("questions", "tags"))
    if own is None and len(given) == 1:
        return given[0]
    if own is None and "questions.csv" not in beside:
        own = beside.get("tags.csv", beside.get("tags.csv.gz"))
    if own is None:
        raise ImportFailed(f"{questions.name} needs its Tags.csv beside it, which is not there.")
    return next((file for file in given if file.path == own), None) or QuestionFile(own)


def _files_beside(file: QuestionFile) -> dict[str, Path]:
    """The files of its folder by their names in lower case; none for a pipe."""
    if not file.is_regular:
        return {}
    paths = sorted(file.path.parent.iterdir())
    return {path.name.lower(): path for path in paths if path.name != file.path.name}


def load_questions(
    path: Path,
    *,
    site: str | None = None,
    default_site: str | None = None,
    on_broken: Callable[[BrokenRow], None] | None = None,
) -> list[FetchedQuestion]:
    """Read a whole file into memory, by site and in the order of time.

    The order is that of core/questions/time_order.py; a row's place is that in the file.

    Of several questions with one id the last counts.

        questions = load_questions(Path("stats.jsonl.gz"), site="stats")

    Raises:
        ImportFailed: the file cannot be read, or holds no question that can be used.
    """
    questions: dict[tuple[str, int], FetchedQuestion] = {}
    first_broken: BrokenRow | None = None
    for row in read_questions(path, site=site, default_site=default_site):
        if isinstance(row, FetchedQuestion):
            questions[row.site, row.question_id] = row
            continue
        first_broken = first_broken or row
        if on_broken is not None:
            on_broken(row)
    if not questions:
        raise ImportFailed(f"{path} holds no question that can be used: {first_broken}")
    return sorted(questions.values(), key=_in_time)


def _in_time(question: FetchedQuestion) -> tuple[str, float]:
    created = question.created_at
    return question.site, -math.inf if created is None else created.timestamp()
