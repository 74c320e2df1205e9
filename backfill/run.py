"""What the command does, step by step: what is there already is not done again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from sqlalchemy import Engine

from backfill.cluster import connected, tag_shards
from backfill.folder import SHARD_QUESTIONS, BackfillFolder, Plan, Split, open_folder
from backfill.load import LoadCounts, Wanted, find_version, load
from backfill.split import find_inputs, identify, split
from backfill.tagging import SentBundle
from core import __version__
from core.console import bytes_progress, open_existing_database, out, plain, progress, stored_site
from core.database.clock import DatabaseClock
from core.database.engine import reading
from core.errors import BackfillRefused
from core.model.bundle import PackedBundle, inspect
from core.model.bundle_cache import BundleCache, open_cache
from core.model.bundle_files import try_bundle
from core.model.fetching import fetch_packed
from core.model.registry import Version, get_live
from core.model.sentences.encoders import Encoders
from core.settings import Settings
from core.wording import counted

OUTPUT: Final = out  # by another name than the folder's


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done.

    Attributes:
        files: the input.
        out: the folder.
        model: a bundle's file; None takes the site's live model from the database.
        site: the site's name in the API; None takes the bundle's, or the only one that is stored.
        address: of a Ray cluster; None takes this machine.
        wanted: what goes into the database; None for nothing.
        shard_questions: of one shard.
        terminal: where lines for people go.
    """

    files: tuple[Path, ...]
    out: Path
    model: Path | None
    site: str | None
    address: str | None = None
    wanted: Wanted | None = None
    shard_questions: int = SHARD_QUESTIONS
    terminal: Console = OUTPUT


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to.

    Attributes:
        out: the folder.
        site: the bundle's.
        model_sha256: of the bundle.
        shards: of the input, each tagged now.
        questions: in all of them.
        broken: rows that could not be used.
        repeated: rows that had the id of an earlier one.
        shards_tagged: by this run; the others were there.
        failed: questions in them that could not be tagged.
        loaded: what became of the database; None where nothing was to be loaded.
    """

    out: Path
    site: str
    model_sha256: str
    shards: int
    questions: int
    broken: int
    repeated: int
    shards_tagged: int
    failed: int
    loaded: LoadCounts | None


def run(settings: Settings, work: Work) -> Done:
    """Do what is missing of shards and predictions, and load what is wanted of them.

    What would be refused at the end is refused at the beginning. What was done is told by lines
    on the terminal of the work.

    Raises:
        BackfillError: the folder, the model or Ray is not as it should be.
        BundleRefused: the bundle does not verify.
        ImportFailed: a file cannot be read.
        ModelMissing: the site has no live model.
    """
    with _database(settings, work) as engine, _chosen_bundle(settings, engine, work) as bundle:
        version = _find_version(engine, bundle) if work.wanted is not None else None
        with _open(work, bundle) as folder:
            done = _split(folder, work, bundle)
            if work.wanted is not None:
                work.wanted.since(done.newest)  # refuses days that nothing can be told by
            tagged, failed = _tag(folder, done, bundle, open_cache(settings), work, settings)
            loaded = None
            if engine is not None and version is not None and work.wanted is not None:
                loaded = _load(engine, folder, done, version, work)
    return Done(
        out=work.out,
        site=bundle.manifest.site,
        model_sha256=bundle.sha256,
        shards=done.shards,
        questions=done.questions,
        broken=done.broken,
        repeated=done.repeated,
        shards_tagged=tagged,
        failed=failed,
        loaded=loaded,
    )


@contextmanager
def _database(settings: Settings, work: Work) -> Iterator[Engine | None]:
    """The database, where it is needed: for the live model, or to load into."""
    if work.model is not None and work.wanted is None:
        yield None
        return
    engine = open_existing_database(settings)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _chosen_bundle(settings: Settings, engine: Engine | None, work: Work) -> Iterator[PackedBundle]:
    """The bundle that is named, or the site's live one from the registry."""
    if work.model is not None:
        yield inspect(work.model, site=work.site)
        return
    if engine is None:
        raise BackfillRefused("Name a bundle, or a site whose live model to use.")
    with TemporaryDirectory(prefix="bundle-") as folder:
        path = Path(folder) / "bundle.zip"
        site = stored_site(engine, settings, work.site)
        with reading(engine) as connection:
            fetch_packed(connection, get_live(connection, site), path)
        yield inspect(path, site=site)


def _find_version(engine: Engine | None, bundle: PackedBundle) -> Version | None:
    if engine is None:
        return None
    with reading(engine) as connection:
        return find_version(connection, bundle.manifest.site, bundle.sha256)


@contextmanager
def _open(work: Work, bundle: PackedBundle) -> Iterator[BackfillFolder]:
    inputs = find_inputs(work.files)
    with bytes_progress("Looking at the files", inputs) as on_position:
        files = tuple(identify(path, on_position) for path in inputs)
    plan = Plan(
        program=__version__,
        site=bundle.manifest.site,
        files=files,
        model_sha256=bundle.sha256,
        shard_questions=work.shard_questions,
    )
    with open_folder(work.out, plan) as folder:
        yield folder


def _split(folder: BackfillFolder, work: Work, bundle: PackedBundle) -> Split:
    done = folder.find_split()
    if done is None:
        site, size = bundle.manifest.site, work.shard_questions
        with bytes_progress("Cutting into shards", work.files) as on_position:
            done = split(folder, work.files, site=site, size=size, on_position=on_position)
    counts = f"{counted(done.questions, 'question')} in {counted(done.shards, 'shard')}"
    if done.repeated:
        counts += f"; {counted(done.repeated, 'row')} had the id of an earlier one"
    if done.broken:
        counts += f"; {counted(done.broken, 'row')} could not be used, see {folder.broken_rows}"
    say(work, f"{counts}.")
    return done


def _tag(
    folder: BackfillFolder,
    done: Split,
    bundle: PackedBundle,
    cache: BundleCache,
    work: Work,
    settings: Settings,
) -> tuple[int, int]:
    """Tag the shards that are not tagged yet; return how many, and how many questions failed."""
    missing = folder.missing(done.shards)
    if not missing:
        say(work, f"All predictions are in {folder.path / 'predictions'}.")
        return 0, 0
    try_bundle(bundle.path)
    teacher = settings.teacher
    sent = SentBundle(
        bundle.manifest.site, bundle.sha256, bundle.size, bundle.path.read_bytes, teacher
    )
    if bundle.manifest.sentence is not None:
        Encoders(teacher).check(bundle.manifest.sentence)
    failed = 0
    with connected(work.address) as ray, progress("Tagging", len(missing)) as bar:
        began = time.monotonic()
        for shard in tag_shards(ray, missing, folder.question_shard, sent, cache):
            folder.write(folder.prediction_shard(shard.number), shard.predictions)
            failed += shard.failed
            bar.advance(bar.task_ids[0])
        seconds = time.monotonic() - began
    say(
        work,
        f"{counted(len(missing), 'shard')} tagged in {seconds:,.0f} s; "
        f"all predictions are in {folder.path / 'predictions'}.",
    )
    if failed:
        say(work, f"{counted(failed, 'question')} could not be tagged: the column error says why.")
    return len(missing), failed


def _load(
    engine: Engine, folder: BackfillFolder, done: Split, version: Version, work: Work
) -> LoadCounts:
    with progress("Loading", done.shards) as bar:
        counts = load(
            engine,
            folder,
            done,
            version=version,
            wanted=work.wanted or Wanted(),
            clock=DatabaseClock(engine),
            on_shard=lambda: bar.advance(bar.task_ids[0]),
        )
    say(
        work,
        f"{counted(counts.loaded, 'prediction')} loaded as version {version.version} of "
        f"{version.site}; "
        f"{counts.known:,} were there, or a newer one; {counts.edited:,} are of an older text.",
    )
    return counts


def say(work: Work, message: str) -> None:
    """Print a line on the work's terminal, as it is."""
    work.terminal.print(plain(message), highlight=False, soft_wrap=True)
