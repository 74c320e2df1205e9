"""The stand-in on the command line."""

import time
from pathlib import Path
from typing import Annotated

import typer

from core.console import command, fail, start
from demo.standin.faults import Preset
from demo.standin.limits import Limits
from demo.standin.serve import load, serve
from demo.standin.timeline import Life, Release

Files = Annotated[
    list[Path],
    typer.Argument(help="Question files, .jsonl or .jsonl.gz; each line names its site."),
]


@command
def stand_in(  # noqa: PLR0913 (a command's options)
    files: Files,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    history_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of each site that was asked before the start."),
    ] = 0.8,
    per_minute: Annotated[
        float, typer.Option(min=0.001, help="New questions a minute and site.")
    ] = 6.0,
    delay: Annotated[
        float, typer.Option(min=0, help="Seconds by which a new question appears late, at most.")
    ] = 90.0,
    changes: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of questions that are edited; as many are retagged, answered, closed, "
            "migrated and deleted.",
        ),
    ] = 0.0,
    faults: Annotated[Preset, typer.Option(help="Fault-injection preset.")] = Preset.NONE,
    quota: Annotated[
        int, typer.Option(min=1, help="Requests a day for a client without a key.")
    ] = 300,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
) -> None:
    """Serve question files as the StackExchange API would, until stopped.

    What it serves and what its clients did wrong stand at /_standin/state and
    /_standin/violations.

    Example: tagger stand-in questions.jsonl.gz --per-minute 30 --faults some
    """
    start()
    standin = load(
        files,
        start=time.time(),
        release=Release(history_share=history_share, per_minute=per_minute, delay=delay),
        life=Life.of(changes),
        faults=faults.faults(seed),
        limits=Limits(quota_without_key=quota),
        seed=seed,
    )
    try:
        serve(standin, host=host, port=port)
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.")
