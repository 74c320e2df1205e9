"""Reads a question file of any format."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.errors import ImportFailed, SiteNotGiven
from core.questions.files.formats import Format, OnPosition, detect_format, open_unpacked
from core.questions.files.json_lines import read_json_lines
from core.questions.files.kaggle import read_questions_csv, read_tags
from core.questions.files.posts_xml import read_posts
from core.questions.files.rows import BrokenRow, Row, Source
from core.questions.store import FetchedQuestion

OnFilePosition = Callable[[Path, int], None]  # bytes of the file that have been read


def read_questions(
    path: Path,
    *,
    site: str | None = None,
    tag_files: Sequence[Path] = (),
    on_position: OnPosition | None = None,
) -> Iterator[Row]:
    """Return an iterator over a file's questions and broken rows, in the file's order.

    The call itself looks at the file's beginning only.

        for row in read_questions(Path("stats.stackexchange.com.7z"), site="stats"):
            print(row)

    Args:
        path: `.jsonl`, `Posts.xml` (both also in gzip), a `.7z` with Posts.xml, or Questions.csv.
        site: the API's name of the site. Lines of JSON that name another one are broken; only
            there may it be None, where the lines name theirs.
        tag_files: where to look for the Tags.csv that does not stand beside its Questions.csv.
        on_position: called with how many bytes of the file have been read.

    Raises:
        ImportFailed: the file as a whole cannot be read, or does not say of which site it is; the
            iterator raises it too, where the reason comes to light later.
    """
    kind = detect_format(path)
    if kind is Format.KAGGLE_TAGS:
        raise ImportFailed(f"{path} holds tags alone: name the Questions.csv that they belong to.")
    if kind is not Format.JSON_LINES and site is None:
        raise SiteNotGiven(f"{path} does not say of which site it is.")
    tags = _find_tags_file(path, tag_files) if kind is Format.KAGGLE_QUESTIONS else None
    return _read(path, kind, site, tags, on_position)


def open_all(
    paths: Sequence[Path],
    *,
    site: str | None = None,
    on_position: OnFilePosition = lambda _path, _position: None,
) -> list[tuple[Path, Iterator[Row]]]:
    """Return an iterator over each file's rows, as of read_questions(), in the order of the files.

    The call itself looks at the beginnings of all files. A Tags.csv goes with its Questions.csv.

    Raises:
        ImportFailed: one of them has no format that is known, or does not say of which site it is.
    """
    formats = {path: detect_format(path) for path in paths}
    tag_files = [path for path, kind in formats.items() if kind is Format.KAGGLE_TAGS]
    chosen = [path for path in formats if path not in tag_files] or tag_files
    return [
        (
            path,
            read_questions(
                path, site=site, tag_files=tag_files, on_position=partial(on_position, path)
            ),
        )
        for path in chosen
    ]


def _read(
    path: Path, kind: Format, site: str | None, tags: Path | None, on_position: OnPosition | None
) -> Iterator[Row]:
    source = Source(str(path), site)
    try:
        with open_unpacked(path, on_position) as stream:
            if kind is Format.JSON_LINES:
                yield from read_json_lines(stream, source)
            elif kind is Format.POSTS_XML:
                yield from read_posts(stream, source)
            elif tags is not None:
                yield from _read_tables(stream, source, tags)
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read: {error}") from error


def _read_tables(stream: BinaryIO, source: Source, tags: Path) -> Iterator[Row]:
    broken: list[BrokenRow] = []
    with open_unpacked(tags) as tag_stream:
        table = read_tags(tag_stream, Source(str(tags), source.site), broken)
    yield from broken
    yield from read_questions_csv(stream, source, table)


def _find_tags_file(questions: Path, given: Sequence[Path]) -> Path:
    """The Tags.csv of a Questions.csv: beside it, or else the only one given.

    Raises:
        ImportFailed: there is none.
    """
    name = questions.name.lower().replace("questions", "tags")
    for path in sorted(questions.parent.iterdir()):
        if path.name.lower() in (name, "tags.csv", "tags.csv.gz") and path != questions:
            return path
    if len(given) == 1:
        return given[0]
    raise ImportFailed(f"{questions} needs its Tags.csv beside it, which is not there.")


def load_questions(
    path: Path,
    *,
    site: str | None = None,
    on_broken: Callable[[BrokenRow], None] | None = None,
) -> list[FetchedQuestion]:
    """Read a whole file into memory, by site and question id, which ascend with time.

    Of several questions with one id the last counts.

        questions = load_questions(Path("stats.jsonl.gz"), site="stats")

    Raises:
        ImportFailed: the file cannot be read, or holds no question that can be used.
    """
    questions: dict[tuple[str, int], FetchedQuestion] = {}
    first_broken: BrokenRow | None = None
    for row in read_questions(path, site=site):
        if isinstance(row, FetchedQuestion):
            questions[row.site, row.question_id] = row
            continue
        first_broken = first_broken or row
        if on_broken is not None:
            on_broken(row)
    if not questions:
        raise ImportFailed(f"{path} holds no question that can be used: {first_broken}")
    return [questions[key] for key in sorted(questions)]
