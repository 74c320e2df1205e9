"""The command that compares systems."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from core.console import (
    command,
    end_on_sigterm,
    err,
    new_site_option,
    only_set_site,
    open_existing_database,
    out,
    site_option,
    start,
    stored_site,
)
from core.settings import Settings
from trainer.data.splits import SplitName
from trainer.progress import ProgressReporter, TimeLeft, make_reporter

if TYPE_CHECKING:
    from trainer.compare.run import Source

NewSite = Annotated[bool, new_site_option()]
Site = Annotated[str | None, site_option("The site, by the API's name.  [default: the only one]")]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="File of questions, as tagger import reads them."),
]
Split = Annotated[
    SplitName,
    typer.Option(help="Which fifth of the questions is the test part: any, or the newest."),
]
Systems = Annotated[
    str | None, typer.Option(help="Names of systems, separated by commas.  [default: all]")
]
Vectors = Annotated[
    Path | None,
    typer.Option(help="Pretrained word vectors (word2vec's or GloVe's text format) to try."),
]
TopTags = Annotated[
    int | None,
    typer.Option(min=2, help="How many of the site's tags to learn.  [default: the setting]"),
]
Seed = Annotated[int, typer.Option(help="Seed of all random numbers but the split's.")]
Folder = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder of the table and the report.  [default: under data/]"),
]


@command
def compare(  # noqa: PLR0913 (options)
    site: Site = None,
    *,
    new_site: NewSite = False,
    file: File = None,
    split: Split = "random",
    systems: Systems = None,
    vectors: Vectors = None,
    top_tags: TopTags = None,
    seed: Seed = 0,
    folder: Folder = None,
) -> None:
    """Train every system on the same questions and compare them: a table and an HTML report.

    The questions are those that are stored, or those of --file. Ctrl-C keeps what is finished.

    Example: tagger compare --site stats --systems conv1d,logistic-regression
    """
    from trainer.compare.catalogue import catalogue, choose  # noqa: PLC0415
    from trainer.compare.output import write_report, write_table  # noqa: PLC0415
    from trainer.compare.run import CompareOptions, Comparison, compare_systems  # noqa: PLC0415
    from trainer.compare.table import summary, terminal_table  # noqa: PLC0415

    del new_site  # the site's own option has read it
    settings = start()
    end_on_sigterm()
    entries = catalogue(vectors=vectors)
    chosen = choose(entries, _names(systems)) if systems else entries
    source = _source(file, site, settings)
    target = folder or settings.data_dir / "compare" / source.site
    options = CompareOptions(
        split=split,
        top_tags=top_tags or settings.top_tags,
        min_questions=settings.min_questions,
        seed=seed,
    )

    def keep(comparison: Comparison) -> None:
        write_table(comparison, target)
        err.print(summary(comparison.rows[-1]), highlight=False, markup=False)

    with make_reporter(err) as bar:
        comparison = compare_systems(source, chosen, options, reporter=_Stages(bar), on_row=keep)
        bar.stage("drawing the report")
        report = write_report(comparison, target) if comparison.rows else None
    _print(terminal_table(comparison), comparison.unfinished, report)


def _source(file: Path | None, site: str | None, settings: Settings) -> "Source":
    from trainer.compare.sources import file_source, site_source  # noqa: PLC0415

    if file is not None:
        return file_source(file, site, default_site=only_set_site(settings))
    engine = open_existing_database(settings)
    return site_source(engine, stored_site(engine, settings, site))


def _names(systems: str) -> list[str]:
    return [name.strip() for name in systems.split(",") if name.strip()]


def _print(table: Table, unfinished: tuple[str, ...], report: Path | None) -> None:
    if report is None:
        raise KeyboardInterrupt
    out.print(table)
    if unfinished:
        out.print(f"Stopped before the end; missing: {', '.join(unfinished)}", soft_wrap=True)
    out.print(f"All columns and the pictures: {report}", soft_wrap=True, highlight=False)


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
