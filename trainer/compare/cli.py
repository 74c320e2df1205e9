"""The command that compares systems."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.console import (
    command,
    end_on_sigterm,
    err,
    json_option,
    new_site_option,
    only_set_site,
    open_existing_database,
    out,
    print_json,
    site_option,
    start,
    stored_site,
)
from core.settings import Settings
from core.wording import counted
from trainer.data.splits import SplitName
from trainer.progress import ProgressReporter, TimeLeft, make_reporter

if TYPE_CHECKING:
    from trainer.compare.catalogue import Entry
    from trainer.compare.run import CompareOptions, Comparison, Source
    from trainer.teacher.teacher import Teacher

    Chosen = Mapping[str, Entry]

NewSite = Annotated[bool, new_site_option()]
Site = Annotated[
    str | None, site_option("The site, by the API's name.", show_default="the only one")
]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="File of questions, as tagger import reads them."),
]
Split = Annotated[
    SplitName,
    typer.Option(help="Which fifth of the questions is the test part: any, or the newest."),
]
Splits = Annotated[
    int,
    typer.Option(
        min=1,
        max=20,
        help="Number of random splits: with several, means, and leads over the first of --systems.",
    ),
]
Systems = Annotated[
    str | None, typer.Option(help="Names of systems, separated by commas.", show_default="all")
]
Vectors = Annotated[
    Path | None,
    typer.Option(help="Pretrained word vectors (word2vec's or GloVe's text format) to try."),
]
TopTags = Annotated[
    int | None,
    typer.Option(
        min=2, help="How many of the site's tags to learn.", show_default="the setting, or 100"
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random numbers but the split's.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="Folder of the table and the report.", show_default="under data/"
    ),
]
AsJson = Annotated[bool, json_option()]


@command
def compare(  # noqa: PLR0913 (options)
    site: Site = None,
    *,
    new_site: NewSite = False,
    file: File = None,
    split: Split = "random",
    splits: Splits = 1,
    systems: Systems = None,
    vectors: Vectors = None,
    top_tags: TopTags = None,
    seed: Seed = 0,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Train every system on the same questions and compare them: a table and an HTML report.

    The questions are those that are stored, or those of --file. Ctrl-C keeps what is finished. With
    TAGGER_TEACHER there are two systems more: branched-taught learned from that sentence encoder,
    branched-encoder reads it, too. fastText and Omikuji, which are not this project's, are rows
    where the extra peers is installed, and Annif is one where its program is on the path.

    Example: tagger compare --site stats --systems conv1d,logistic-regression
    """
    from trainer.compare.catalogue import ENCODER, TAUGHT, catalogue, choose  # noqa: PLC0415
    from trainer.compare.run import ARTICLE_TAGS, CompareOptions  # noqa: PLC0415
    from trainer.teacher.teacher import open_teacher  # noqa: PLC0415

    del new_site  # the site's own option has read it
    if splits > 1 and split == "time":
        raise typer.BadParameter("There is one split by time: leave out --splits.")
    settings = start()
    end_on_sigterm()
    options = CompareOptions(
        split=split,
        top_tags=top_tags or settings.top_tags or ARTICLE_TAGS,
        min_questions=settings.min_questions,
        seed=seed,
    )
    is_taught = not systems or not {TAUGHT, ENCODER}.isdisjoint(_names(systems))
    named = settings.teacher if is_taught else None
    with open_teacher(named, settings.data_dir / "teacher", make_reporter(err)) as teacher:
        entries = catalogue(vectors=vectors, teacher=teacher)
        chosen = choose(entries, _names(systems)) if systems else entries
        source = _source(
            file, site, settings, teacher if {TAUGHT, ENCODER} & chosen.keys() else None
        )
        target = folder or settings.data_dir / "compare" / source.site
        if splits == 1:
            _compare_once(source, chosen, options, target, as_json=as_json)
        else:
            named = _names(systems)[0] if systems else None
            finished, unfinished = _compare_on_splits(source, chosen, options, target, splits)
            _tell_means(finished, unfinished, target, named, as_json=as_json)


def _compare_once(
    source: "Source",
    systems: "Chosen",
    options: "CompareOptions",
    folder: Path,
    *,
    as_json: bool,
) -> None:
    from trainer.compare.table import terminal_table, to_document  # noqa: PLC0415

    with make_reporter(err) as bar:
        comparison, report = _compare(source, systems, options, folder, bar)
    if report is None:
        raise KeyboardInterrupt
    if as_json:
        print_json({**to_document(comparison), "report": str(report)})
        return
    out.print(terminal_table(comparison))
    _tell_files(comparison.unfinished, report)


def _compare_on_splits(
    source: "Source",
    systems: "Chosen",
    options: "CompareOptions",
    folder: Path,
    splits: int,
) -> "tuple[list[Comparison], tuple[str, ...]]":
    """Compare on one random split after another, each with its own table and report.

    Returns:
        The splits that have finished, and what Ctrl-C left out of the one after them.
    """
    finished: list[Comparison] = []
    unfinished: tuple[str, ...] = ()
    with make_reporter(err) as bar:
        for number in range(splits):
            err.print(f"split {number + 1} of {splits}", highlight=False)
            one = replace(options, random_state=options.random_state + number)
            part = folder / f"split-{number + 1}"
            comparison, _ = _compare(source, systems, one, part, bar)
            if comparison.unfinished:
                unfinished = comparison.unfinished
                break
            finished.append(comparison)
    if not finished:
        raise KeyboardInterrupt
    return finished, unfinished


def _tell_means(
    finished: "list[Comparison]",
    unfinished: tuple[str, ...],
    folder: Path,
    first: str | None,
    *,
    as_json: bool,
) -> None:
    """Write and tell the means over splits, and the leads over the first system."""
    from trainer.compare.output import write_means  # noqa: PLC0415
    from trainer.compare.repeated import (  # noqa: PLC0415
        means_document,
        means_table,
        system_means,
    )

    means = system_means(finished, first=first)
    file = write_means(means, folder)
    if as_json:
        about = {"site": finished[0].data.site, "splits": len(finished), "unfinished": unfinished}
        print_json({**about, "systems": means_document(means), "table": str(file)})
        return
    out.print(means_table(means))
    over = f" Leads are over {means[0].system}, with their 95% intervals." if means else ""
    out.print(
        f"Means of {counted(len(finished), 'random split')}.{over}", highlight=False, soft_wrap=True
    )
    _tell_files(unfinished, file)


def _compare(
    source: "Source",
    systems: "Chosen",
    options: "CompareOptions",
    folder: Path,
    bar: ProgressReporter,
) -> "tuple[Comparison, Path | None]":
    """Compare on one split; the table is written after each system, the report at the end."""
    from trainer.compare.output import write_report, write_table  # noqa: PLC0415
    from trainer.compare.run import compare_systems  # noqa: PLC0415
    from trainer.compare.table import summary  # noqa: PLC0415

    def keep(comparison: "Comparison") -> None:
        write_table(comparison, folder)
        err.print(summary(comparison.rows[-1]), highlight=False, markup=False)

    comparison = compare_systems(source, systems, options, reporter=_Stages(bar), on_row=keep)
    bar.stage("drawing the report")
    return comparison, write_report(comparison, folder) if comparison.rows else None


def _source(
    file: Path | None, site: str | None, settings: Settings, teacher: "Teacher | None"
) -> "Source":
    from trainer.compare.sources import file_source, site_source, watched  # noqa: PLC0415

    if file is not None:
        source = file_source(file, site, default_site=only_set_site(settings))
    else:
        engine = open_existing_database(settings)
        source = site_source(engine, stored_site(engine, settings, site))
    return watched(source, teacher)


def _names(systems: str) -> list[str]:
    return [name.strip() for name in systems.split(",") if name.strip()]


def _tell_files(unfinished: tuple[str, ...], file: Path) -> None:
    if unfinished:
        out.print(f"Stopped before the end; missing: {', '.join(unfinished)}", soft_wrap=True)
    out.print(f"All columns and the pictures: {file}", soft_wrap=True, highlight=False)


class _Stages(ProgressReporter):
    """Passes on what is done and how far it is; epochs of many systems would be too much."""

    def __init__(self, bar: ProgressReporter) -> None:
        self._bar = bar

    def stage(self, description: str) -> None:
        self._bar.stage(description)

    def time_left(self, left: TimeLeft | None) -> None:
        self._bar.time_left(left)

    def batch(self, done: int, of: int) -> None:
        self._bar.batch(done, of)
