"""The demo's commands."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from core.console import command, fail, out, start
from demo.run import made_up_site, run_demo
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
        str | None, typer.Option(help="Architecture to train.  [default: as tagger train]")
    ] = None,
    keep: Annotated[
        bool | None,
        typer.Option(
            "--keep/--no-keep",
            help="Keep the services running at the end, with the review page.  "
            "[default: on a terminal]",
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
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8765,
    questions: Annotated[
        int, typer.Option(min=100, help="Number of questions of the site.")
    ] = 4000,
    per_minute: Annotated[
        float, typer.Option(min=0.001, help="New questions a minute, from the start on.")
    ] = 60.0,
) -> None:
    """Serve the made-up site as the StackExchange API would; a fifth of its questions is new.

    Example: tagger demo-site, and elsewhere: TAGGER_API_URL=http://127.0.0.1:8765/2.3
    TAGGER_SITES=demo tagger up
    """
    start()
    with tempfile.TemporaryDirectory() as folder:
        standin = made_up_site(Path(folder), questions, per_minute=per_minute, delay=90)
    try:
        serve(standin, host=host, port=port)
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.")
