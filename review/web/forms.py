"""The page's own forms: a few short fields, so that a large body costs nobody anything.

token = parse_form(await read_form(request)).get("token", "")
"""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

MOST_FORM_BYTES: Final = 4096
MOST_FIELDS: Final = 10


async def read_form(request: Request) -> bytes:
    """A form's body, read no further than a form is long: whoever sends it may be a stranger.

    Raises:
        HTTPException: it is longer (413).
    """
    body = b""
    async for piece in request.stream():
        body += piece
        _refuse_long(body)
    return body


def parse_form(body: bytes) -> dict[str, str]:
    """Each field's first value, by name.

    Args:
        body: as application/x-www-form-urlencoded.

    Raises:
        HTTPException: it is longer than a form of this page (413), or has more fields (400).
    """
    _refuse_long(body)
    try:
        fields = parse_qs(body.decode(errors="replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400, f"A form has {MOST_FIELDS} fields at most.") from None
    return {name: values[0] for name, values in fields.items()}


def fields_of(sent: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What was typed into each field, without spaces around it; empty where nothing was sent."""
    return {name: sent.get(name, "").strip() for name in names}


def _refuse_long(body: bytes) -> None:
    if len(body) > MOST_FORM_BYTES:
        raise HTTPException(413, f"A form takes {MOST_FORM_BYTES} bytes at most.")
