"""The commands of the web page: serving it, and who may use it."""

from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import select

from core.clock import SystemClock
from core.console import (
    command,
    fail,
    json_option,
    open_database,
    open_existing_database,
    out,
    plain,
    print_json,
    start,
)
from core.database.clock import DatabaseClock
from core.database.engine import reading
from core.database.review_tables import Reviewer
from core.parts.retry import until_reachable
from core.service.review_page import login_link, page_address
from review.web.access import disable, is_reviewer, make_token, set_token
from review.web.owner import OWNER, let_owner_in

Address = Annotated[
    str | None,
    typer.Option(help="What links begin with, where the page is reached by another address."),
]
Name = Annotated[str, typer.Argument(help="The reviewer's name, as the page shows it.")]


def add_commands(app: typer.Typer) -> None:
    """Add this folder's commands."""
    app.command("review")(review)
    reviewers = typer.Typer(help="Who may use the review page.", no_args_is_help=True)
    reviewers.command("add")(add_reviewer)
    reviewers.command("list")(list_reviewers)
    reviewers.command("remove")(remove_reviewer)
    app.add_typer(reviewers, name="reviewers")


@command
def review(address: Address = None) -> None:
    """Serve the review page; prints the link that logs its owner in.

    It listens on TAGGER_REVIEW_HOST and TAGGER_REVIEW_PORT: on this machine alone unless set.

    Example: TAGGER_REVIEW_PORT=9000 tagger review
    """
    from review.web.context import Context  # noqa: PLC0415 (the web framework takes its time)
    from review.web.serve import serve  # noqa: PLC0415

    settings = start()
    engine = until_reachable(lambda: open_database(settings), SystemClock())
    clock = DatabaseClock(engine)
    token = let_owner_in(engine, settings, now=clock.now())

    def tell() -> None:
        link = login_link(address or page_address(settings), token)
        out.print(f"The review page: {link}", soft_wrap=True, highlight=False, markup=False)

    serve(Context(settings, engine, clock), listening=tell)
    engine.dispose()


@command
def add_reviewer(
    name: Name, address: Address = None, *, as_json: Annotated[bool, json_option()] = False
) -> None:
    """Let somebody review; prints the link that logs them in, this once.

    Example: tagger reviewers add maria
    """
    settings = start()
    name = name.strip()
    if not name or len(name) > 40 or not name.isprintable() or name == OWNER:
        fail(f"A reviewer's name has 1 to 40 printable characters, and is not {OWNER}.")
    token = make_token()
    with open_existing_database(settings).begin() as connection:
        if is_reviewer(connection, name):
            fail(f"{name} is a reviewer already. A new link takes: tagger reviewers remove, add.")
        set_token(connection, name, token, now=SystemClock().now())
    link = login_link(address or page_address(settings), token)
    if as_json:
        print_json({"name": name, "link": link})
        return
    out.print(
        f"{name} logs in by this link, which is shown only now:\n{link}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


@command
def list_reviewers(*, as_json: Annotated[bool, json_option()] = False) -> None:
    """Show who may use the review page.

    Example: tagger reviewers list
    """
    columns = Reviewer.name, Reviewer.created_at, Reviewer.disabled_at
    with reading(open_existing_database(start())) as connection:
        reviewers = connection.execute(select(*columns).order_by(Reviewer.name)).all()
    if as_json:
        print_json([row._asdict() for row in reviewers])
        return
    table = Table("name", "since", "may review")
    for row in reviewers:
        may = "yes" if row.disabled_at is None else f"no, since {row.disabled_at:%Y-%m-%d}"
        table.add_row(plain(row.name), f"{row.created_at:%Y-%m-%d}", may)
    out.print(table if table.row_count else "Nobody yet; the owner's first: tagger review")


@command
def remove_reviewer(name: Name) -> None:
    """Shut a reviewer out, at once; what they have decided stays.

    Example: tagger reviewers remove maria
    """
    settings = start()
    if name == OWNER:
        fail(f"The {OWNER} stays; another TAGGER_REVIEW_TOKEN ends what the old one opened.")
    with open_existing_database(settings).begin() as connection:
        found = disable(connection, name, now=SystemClock().now())
    if not found:
        fail(f"There is no reviewer {name}. See: tagger reviewers list")
    out.print(f"{plain(name)} may no longer review.")
