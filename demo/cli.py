"""The demo's commands."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from core.console import command, fail, out, start
from demo.run import HISTORY_SHARE, SITE, made_up_site, run_demo
from demo.standin.cli import stand_in
from demo.standin.serve import serve


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("demo")(demo)
    app.command("demo-site")(demo_site)
    app.command("stand-in")(stand_in)


@command
def demo(
    folder: Annotated[
        Path, typer.Option(help="Folder of the demo's database; emptied first if a demo made it.")
    ] = Path("data/demo"),
    questions: Annotated[
        int, typer.Option(min=1500, help="Number of questions of the made-up site; a fifth is new.")
    ] = 4000,
    architecture: Annotated[
        str | None, typer.Option(help="Architecture to train.", show_default="as tagger train")
    ] = None,
    keep: Annotated[
        bool | None,
        typer.Option(
            "--keep/--no-keep",
            help="Keep the services running at the end, with the review page.",
            show_default="on a terminal",
        ),
    ] = None,
) -> None:
    """See the whole service at work on a made-up site: no network, no account, a few minutes.

    Example: tagger demo --keep
    """
    keeps = out.is_terminal if keep is None else keep
    run_demo(folder, questions=questions, architecture=architecture, keep=keeps)


@command
def demo_site(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    questions: Annotated[
        int, typer.Option(min=100, help="Number of questions of the site.")
    ] = 4000,
    per_minute: Annotated[
        float, typer.Option(min=0.001, help="New questions a minute, from the start on.")
    ] = 60.0,
) -> None:
    """Serve the made-up site as the StackExchange API would; a fifth of its questions is new.

    To the database of tagger demo nothing of it is new: it holds the same questions. In another
    terminal: TAGGER_API_URL=http://127.0.0.1:8765/2.3 TAGGER_SITES=demo
    TAGGER_DATA_DIR=data/demo-site tagger up

    Example: tagger demo-site --per-minute 30
    """
    start()
    with tempfile.TemporaryDirectory() as folder:
        standin = made_up_site(Path(folder), questions, per_minute=per_minute, delay=90)
    try:
        serve(standin, host=host, port=port, listening=lambda url: _tell_site(url, questions))
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.")


def _tell_site(url: str, questions: int) -> None:
    past = round(questions * HISTORY_SHARE)
    out.print(
        f"{SITE} is at {url} until Ctrl-C: {past:,} past questions, and {questions - past:,} that "
        "come in from now on. The database of tagger demo holds the same ones, so nothing is new "
        "to it: set TAGGER_DATA_DIR to another folder, as tagger demo-site --help shows.",
        highlight=False,
        soft_wrap=True,
    )
