"""The commands of the web page."""

import re

from sqlalchemy import Engine
from typer.testing import CliRunner

import tagger
from core.database.engine import reading
from review.web.access import reviewer_of_token


def run(engine: Engine, *arguments: str) -> tuple[int, str]:
    env = {"TAGGER_DATABASE_URL": engine.url.render_as_string(hide_password=False)}
    done = CliRunner().invoke(tagger.make_app(), ["reviewers", *arguments], env=env)
    return done.exit_code, done.output


def owner_of_link(engine: Engine, output: str) -> str | None:
    link = re.search(r"token=(\S+)", output)
    assert link
    with reading(engine) as connection:
        return reviewer_of_token(connection, link[1])


def test_a_reviewer_is_added_listed_and_removed(sqlite_engine: Engine) -> None:
    status, output = run(sqlite_engine, "add", "maria")
    assert status == 0
    assert owner_of_link(sqlite_engine, output) == "maria"
    assert "maria" in run(sqlite_engine, "list")[1]
    assert run(sqlite_engine, "add", "maria")[0] == 1
    assert run(sqlite_engine, "remove", "maria")[0] == 0
    assert owner_of_link(sqlite_engine, output) is None
    assert "no, since" in run(sqlite_engine, "list")[1]
    assert run(sqlite_engine, "remove", "maria")[0] == 1


def test_a_link_begins_with_the_address_that_is_said(sqlite_engine: Engine) -> None:
    _, output = run(sqlite_engine, "add", "jo", "--address", "https://tags.example/")
    assert "https://tags.example/login?token=" in output


def test_the_owner_is_neither_added_nor_removed(sqlite_engine: Engine) -> None:
    assert run(sqlite_engine, "add", "owner")[0] == 1
    assert run(sqlite_engine, "remove", "owner")[0] == 1


def test_a_name_is_short_and_can_be_read(sqlite_engine: Engine) -> None:
    for name in ("", " ", "x" * 41, "a\nb"):
        assert run(sqlite_engine, "add", name)[0] == 1
