"""The whole service on this machine, offline: it learns from a made-up site and tags what comes."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select

from core.addresses import sqlite_address
from core.agreement.scores import measure_agreement
from core.broker import embedded_redis
from core.child_process import end, leashed
from core.clock import Clock, SystemClock
from core.console import end_on_sigterm, out, progress
from core.database.engine import make_engine, reading
from core.database.tables import Prediction, Question
from core.errors import ServiceFailed
from core.model.registry import get_live
from core.service.review_page import TOKEN_FILE, login_link
from core.settings import DEFAULTS
from demo.held_out import count_agreement, request_held_out, tell_agreement
from demo.site import make_questions, write_jsonl
from demo.site.tags import RENAMED, tag_excerpts
from demo.standin import Limits, Release, StandIn
from demo.standin.serve import load
from demo.standin.server import StandInServer
from ops.supervisor import LOCK_FILE, Supervisor, alone, tagger

SITE = "demo"
HISTORY_SHARE = 0.8
RELEASE_MINUTES = 1.0  # over which the new questions come in
LATEST_SECONDS = 5.0  # by which the stand-in shows a new question late
STOP_SECONDS = 20.0  # for a step that is told to end
PATIENCE_SECONDS = 600.0  # for the new questions to be tagged

SERVICES = {
    "worker": tagger("worker", "--concurrency", "2"),
    "scheduler": tagger("scheduler"),
    "poller": tagger("poll"),
    "review": tagger("review"),
}
MARKER = "made by tagger demo"  # a file of this name: the folder may be emptied


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo under way: its folder, and the environment of its commands."""

    folder: Path
    environment: Mapping[str, str]
    new_questions: int
    clock: Clock

    @property
    def database(self) -> str:
        """The address of its database."""
        return self.environment["TAGGER_DATABASE_URL"]


def run_demo(folder: Path, *, questions: int, architecture: str | None, keep: bool) -> None:
    """Run the demo in a folder, which is emptied first if an earlier one made it.

    Args:
        folder: for the database, the questions and the services' log.
        questions: of the made-up site; the newest fifth of them comes in while the demo runs.
        architecture: what to train; None for the trainer's own choice.
        keep: whether the services go on until Ctrl-C.

    Raises:
        ServiceFailed: a step failed; the lines before say why.
    """
    end_on_sigterm()
    with ExitStack() as stack:
        stack.enter_context(alone(folder))
        _empty(folder)
        out.print(f"A made-up site of {questions:,} questions is written.")
        site = stack.enter_context(_serve_site(folder, questions))
        stack.enter_context(embedded_redis.running(folder))
        new = questions - round(questions * HISTORY_SHARE)
        demo = Demo(folder, _environment(folder, site.url), new, SystemClock())
        _step(demo, "fetches the site's past questions, to learn from", "history")
        # Who asks for one wants to see it, whatever the gate says of it.
        choice = ["--architecture", architecture, "--promote"] if architecture else []
        _step(demo, "trains a model on them", "train", "--site", SITE, *choice)
        engine = make_engine(demo.database)
        held_out = request_held_out(engine, SITE, demo.clock)
        engine.dispose()
        log_file = folder / "services.log"
        log_file.touch(mode=0o600)  # the page's first line is the link that logs in
        supervisor = Supervisor(
            SERVICES,
            environment=demo.environment,
            folder=folder,
            log_file=log_file,
            gives_up=not keep,
        )
        services = stack.enter_context(supervisor)
        _wait_for_questions(demo, services, new + held_out)
        print_account(demo, held_out)
        if keep:
            _print_page(demo)
            services.run()


def _print_page(demo: Demo) -> None:
    """Say where the review page is, by the link that logs in."""
    address = f"http://{DEFAULTS.review_host}:{demo.environment['TAGGER_REVIEW_PORT']}"
    token = (demo.folder / TOKEN_FILE).read_text(encoding="ascii").strip()
    out.print(
        f"\nReview the suggestions: {login_link(address, token)}\n"
        "The services go on, and the page with them, until Ctrl-C.",
        highlight=False,
        soft_wrap=True,
    )


def _empty(folder: Path) -> None:
    """Empty the folder but for the lock that is held."""
    found = {path.name for path in folder.iterdir()} - {LOCK_FILE}
    if found and MARKER not in found:
        raise ServiceFailed(
            f"{folder} holds something that is no demo's; choose another with --folder."
        )
    embedded_redis.shut_down(folder)  # of a demo that was killed
    for name in found:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (folder / MARKER).touch()


@contextmanager
def _serve_site(folder: Path, questions: int) -> Iterator[StandInServer]:
    per_minute = questions * (1 - HISTORY_SHARE) / RELEASE_MINUTES
    standin = made_up_site(folder, questions, per_minute=per_minute, delay=LATEST_SECONDS)
    with StandInServer(standin) as server:
        yield server


def made_up_site(folder: Path, questions: int, *, per_minute: float, delay: float) -> StandIn:
    """Return a stand-in of the API that serves the made-up site.

    Args:
        folder: for the file of its questions.
        questions: how many; the newest fifth is asked from now on.
        per_minute: how many of those a minute.
        delay: seconds by which a new one appears late, at most.
    """
    file = folder / "questions.jsonl.gz"
    write_jsonl(make_questions(questions, site=SITE), file)
    release = Release(history_share=HISTORY_SHARE, per_minute=per_minute, delay=delay)
    # The poller paces itself by the quota; here a day's worth passes in a minute.
    limits = Limits(quota_without_key=1_000_000)
    standin = load([file], start=time.time(), release=release, limits=limits)
    standin.sites[SITE].tell_of_tags(tag_excerpts(), RENAMED, at=int(standin.start))
    return standin


def _environment(folder: Path, url: str) -> dict[str, str]:
    """The user's environment, with the demo's settings in place of all of theirs."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("TAGGER_")}
    root = str(Path(__file__).resolve().parent.parent)
    return {
        **others,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
        "TAGGER_DATA_DIR": str(folder.resolve()),
        "TAGGER_DATABASE_URL": sqlite_address(folder / "tagger.sqlite3"),
        "TAGGER_BROKER_URL": embedded_redis.embedded_url(folder),
        "TAGGER_API_URL": f"{url}/2.3",
        "TAGGER_SITES": SITE,
        "TAGGER_POLL_SECONDS": "5",
        "TAGGER_LEASE_SECONDS": "20",
        "TAGGER_RETRAIN_CRON": "off",
        "TAGGER_LOG_LEVEL": "warning",
        "TAGGER_REVIEW_PORT": str(_free_port()),
    }


def _free_port() -> int:
    """The page's usual port, or another one where that is taken."""
    usual = DEFAULTS.review_port
    for port in (usual, 0):
        with suppress(OSError), socket.create_server((DEFAULTS.review_host, port)) as probe:
            return int(probe.getsockname()[1])
    return usual


def _step(demo: Demo, does: str, *arguments: str) -> None:
    """Run one command to its end, shown as the user would type it."""
    out.print(f"\n[bold]tagger {shlex.join(arguments)}[/bold]  [dim]{does}[/dim]")
    command = [sys.executable, "-m", "tagger", *arguments]
    with subprocess.Popen(  # noqa: S603 (our own program)
        command, env=leashed(demo.environment), cwd=demo.folder, stdin=subprocess.PIPE
    ) as process:
        try:
            status = process.wait()
        except BaseException:
            end(process, seconds=STOP_SECONDS)  # a training writes that it was stopped
            raise
    if status != 0:
        raise ServiceFailed(f"tagger {shlex.join(arguments)} failed; its lines above say why.")


def _wait_for_questions(demo: Demo, services: Supervisor, count: int) -> None:
    """Wait until so many are tagged: those held out, and all that the site will ask."""
    out.print("\n[bold]tagger up[/bold]  [dim]polls for new questions and tags them[/dim]")
    engine = make_engine(demo.database)
    end = time.monotonic() + PATIENCE_SECONDS
    with progress("questions tagged", count) as bar:
        while (tagged := _count_tagged(engine)) < count:
            bar.update(bar.task_ids[0], completed=tagged)
            services.check()
            if time.monotonic() > end:
                log = demo.folder / "services.log"
                raise ServiceFailed(
                    f"Of {count} questions {tagged} are tagged after "
                    f"{PATIENCE_SECONDS:.0f} s; {log} says more."
                )
            demo.clock.sleep(0.5)
    engine.dispose()


def _count_tagged(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(Prediction)).scalar_one()


def print_account(demo: Demo, held_out: int) -> None:
    """Say what was fetched and tagged, how well, where it stands and what to type next."""
    engine = make_engine(demo.database)
    with reading(engine) as connection:
        fetched = connection.execute(select(func.count(Question.id))).scalar_one()
        tagged = connection.execute(select(func.count()).select_from(Prediction)).scalar_one()
        counts = select(func.coalesce(func.sum(Prediction.suggested_count), 0))
        suggested = connection.execute(counts).scalar_one()
        agreement = measure_agreement(connection, SITE, get_live(connection, SITE).id)
    settled = tell_agreement(engine, SITE, count_agreement(engine, SITE, demo.clock))
    engine.dispose()
    _step(demo, "shows ten of them", "results", "--limit", "10")
    program = "tagger" if shutil.which("tagger") else os.path.relpath(sys.argv[0])
    out.print(
        f"""
{fetched:,} questions fetched, {fetched - tagged:,} of them to learn from
{tagged - held_out:,} new questions tagged, and {held_out:,} older ones that the training held \
out, with {suggested:,} suggested tags \
({agreement.share_without_suggestion:.0%} of the questions got none)
{agreement.precision_at_1:.0%} of the first tags are among the author's; \
{agreement.recall_at_5:.0%} of the authors' tags are among the first five
{settled}

The database: {demo.folder / "tagger.sqlite3"}
What next, in this folder:
  export TAGGER_DATA_DIR={shlex.quote(demo.environment["TAGGER_DATA_DIR"])} TAGGER_SITES={SITE}
  {program} results --tag regression
  {program} suggest "How many clusters should k-means get?"
  {program} status
For a real site, in a terminal with nothing exported: TAGGER_SITES=stats {program} up""",
        highlight=False,
        soft_wrap=True,
    )
