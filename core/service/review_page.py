"""Where the review page is: the service, `up` and the demo must agree on it."""

import os
import socket
from typing import Final
from urllib.parse import quote

from core.errors import ServiceFailed
from core.settings import Settings

TOKEN_FILE: Final = "review-token"  # noqa: S105 (a file's name) in the data folder

_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 (to know them; nothing listens so by default)


def listen(settings: Settings) -> socket.socket:
    """Open the page's port.

    Raises:
        ServiceFailed: the address cannot be listened on, with the reason.
    """
    host, port = settings.review_host, settings.review_port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        opened = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        known = error.errno is not None and not isinstance(error, socket.gaierror)
        reason = os.strerror(error.errno or 0) if known else str(error.strerror)
        raise ServiceFailed(
            f"The review page cannot listen on {host}:{port}: {reason}.",
            "Set TAGGER_REVIEW_PORT to a port that is free, or TAGGER_REVIEW_HOST.",
        ) from None
    # Its connections take it over. asyncio sets it only for sockets that name their protocol; with
    # Nagle's algorithm the second part of each answer waits 40 ms for the first to be acknowledged.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def page_address(settings: Settings) -> str:
    """Where a browser on this machine finds the page."""
    host = settings.review_host
    if host in _EVERYWHERE:
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.review_port}"


def login_link(address: str, token: str) -> str:
    """The link that logs in.

    login_link("http://127.0.0.1:8080", token)  # http://127.0.0.1:8080/login?token=…
    """
    return f"{address.rstrip('/')}/login?token={quote(token, safe='')}"
