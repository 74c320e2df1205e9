"""Forms are short, also those of a stranger."""

import asyncio

import pytest
from fastapi import HTTPException, Request
from fastapi.testclient import TestClient
from starlette.types import Message

from review.web.forms import MOST_FIELDS, MOST_FORM_BYTES, fields_of, parse_form, read_form

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_form_s_fields_have_their_first_values() -> None:
    assert parse_form(b"a=1&a=2&b=x+%C3%A9&c=") == {"a": "1", "b": "x é"}


def test_of_the_fields_that_a_form_has_all_are_there() -> None:
    sent = {"a": " 1 ", "other": "2"}
    assert fields_of(sent, ("a", "b")) == {"a": "1", "b": ""}


def test_a_stranger_s_form_is_bounded(stranger: TestClient) -> None:
    longest = b"x=" + b"y" * (MOST_FORM_BYTES - 2)
    assert stranger.post("/login", content=longest, headers=FORM).status_code == 403
    assert stranger.post("/login", content=longest + b"y", headers=FORM).status_code == 413


def test_no_more_of_it_is_read_than_a_form_is_long() -> None:
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * MOST_FORM_BYTES, "more_body": True}

    with pytest.raises(HTTPException, match="413"):
        asyncio.run(read_form(Request({"type": "http"}, receive)))
    assert read == 2


def test_a_form_has_few_fields(stranger: TestClient) -> None:
    many = "&".join(["a=1"] * (MOST_FIELDS + 1))
    assert stranger.post("/login", content=many, headers=FORM).status_code == 400


@pytest.mark.parametrize("path", ["/logout", "/models/stats/rollback"])
def test_so_are_those_behind_the_login(client: TestClient, path: str) -> None:
    long = "&".join(["a=1"] * MOST_FORM_BYTES)
    token = client.headers.pop("X-CSRF-Token")
    assert client.post(path, content=long, headers=FORM).status_code == 413
    assert client.post(path, content=f"csrf_token={token}&" + long, headers=FORM).status_code == 413
