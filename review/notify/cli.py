"""The commands on webhooks."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from core.clock import SystemClock
from core.console import (
    FAILURE,
    command,
    complete_tags,
    fail,
    json_option,
    one_site_option,
    open_existing_database,
    out,
    plain,
    print_json,
    start,
)
from core.database.clock import DatabaseClock
from core.database.engine import reading
from review.notify.entries import Kind
from review.notify.trial import send_test
from review.notify.webhooks import (
    MAX_QUALITY,
    ListedWebhook,
    Wanted,
    add_webhook,
    check_url,
    delete_webhook,
    list_webhooks,
    retry_failed,
)
from review.web.owner import OWNER


def add_commands(app: typer.Typer) -> None:
    """Add this folder's commands."""
    webhooks = typer.Typer(
        help="Who is told of new suggestions and of disputed tags.", no_args_is_help=True
    )
    webhooks.command("add")(add)
    webhooks.command("list")(show)
    webhooks.command("test")(send_test_event)
    webhooks.command("retry")(retry)
    webhooks.command("remove")(remove)
    app.add_typer(webhooks, name="webhooks")


@command
def add(
    url: Annotated[str, typer.Argument(help="Where events are sent, http or https.")],
    site: Annotated[str, one_site_option("Questions of this site.")],
    event: Annotated[
        Kind, typer.Option(help="New suggestions, or authors' tags that the model disputes.")
    ] = "suggested",
    tag: Annotated[
        str | None, typer.Option(autocompletion=complete_tags, help="Only with this tag.")
    ] = None,
    min_probability: Annotated[
        float | None, typer.Option(min=0, max=1, help="Lowest probability of the tag, or of any.")
    ] = None,
    max_quality: Annotated[
        float, typer.Option(min=0, max=1, help="Of disputed ones, the highest label quality.")
    ] = MAX_QUALITY,
    *,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Add a webhook; prints the secret that signs what is sent, this once.

    Example: tagger webhooks add https://bot.example/hook --event suggested --site stats --tag anova
    """
    settings = start()
    try:
        check_url(url)
    except ValueError as error:
        fail(f"{url} cannot be a webhook: {error}.")
    engine = open_existing_database(settings)
    now = DatabaseClock(engine).now()
    with engine.begin() as connection:
        wanted = Wanted(
            event=event,
            site=site,
            tag=tag,
            min_probability=min_probability,
            max_quality=max_quality,
        )
        number, secret = add_webhook(connection, url, wanted, OWNER, now=now)
    if as_json:
        print_json({"number": number, "secret": secret})
        return
    out.print(
        f"Webhook {number}; its secret, which is shown only now:\n{secret}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


@command
def show(*, as_json: Annotated[bool, json_option()] = False) -> None:
    """Show the webhooks, and what waits for them.

    Example: tagger webhooks list
    """
    table = Table("number", "address", "event", "site", "tag", "by", "waiting", "failed", "error")
    with reading(open_existing_database(start())) as connection:
        webhooks = list_webhooks(connection)
        if as_json:
            print_json([asdict(one) for one in webhooks])
            return
        for one in webhooks:
            trouble = _trouble(one)
            words = (one.url, one.wanted.event, one.wanted.site, one.wanted.tag or "", one.reviewer)
            cells = [plain(word) for word in (*words, str(one.waiting), str(one.failed), trouble)]
            table.add_row(str(one.id), *cells)
    out.print(table if table.row_count else "None yet. See: tagger webhooks add --help")


def _trouble(one: ListedWebhook) -> str:
    if one.shut_out:
        return f"{one.reviewer} was removed"
    return "paused" if one.disabled_at else one.error or ""


@command
def send_test_event(
    number: Annotated[int, typer.Argument(help="Its number, as the list has it.")],
    *,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Send a webhook a test event, at once; fails where it is not confirmed.

    Example: tagger webhooks test 3
    """
    outcome = send_test(open_existing_database(start()), SystemClock(), number)
    if as_json:
        print_json({"number": number, "confirmed": outcome.error is None, "error": outcome.error})
        raise typer.Exit(FAILURE if outcome.error is not None else 0)
    if outcome.error is not None:
        fail(f"Webhook {number} has not confirmed the test event: {outcome.error}.")
    out.print(f"Webhook {number} has confirmed the test event.")


@command
def retry(
    number: Annotated[int, typer.Argument(help="Its number, as the list has it.")],
    *,
    as_json: Annotated[bool, json_option()] = False,
) -> None:
    """Send a webhook the events again that it has refused too often.

    Example: tagger webhooks retry 3
    """
    engine = open_existing_database(start())
    now = DatabaseClock(engine).now()
    with engine.begin() as connection:
        count = retry_failed(connection, number, now=now)
    if as_json:
        print_json({"number": number, "sent_again": count})
        return
    out.print(f"Events of webhook {number} that are sent again: {count:,}.")


@command
def remove(number: Annotated[int, typer.Argument(help="Its number, as the list has it.")]) -> None:
    """Delete a webhook, with what it has not been told yet.

    Example: tagger webhooks remove 3
    """
    with open_existing_database(start()).begin() as connection:
        delete_webhook(connection, number)
    out.print(f"Webhook {number} is deleted.")
