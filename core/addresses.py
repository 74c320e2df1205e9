"""Addresses of databases, brokers and the API, as settings name them.

No error shows one, since there are passwords in them.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_BROKERS: Final = ("redis", "rediss", "redis+socket", "amqp", "amqps")
_AMQP: Final = ("amqp", "amqps")
_OF_REDIS: Final = {  # parameters, whose values redis-py and OpenSSL read
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_ciphers",
    "ssl_keyfile",
    "ssl_password",
}
_LOGIN_METHODS: Final = ("AMQPLAIN", "EXTERNAL", "PLAIN")
_SECONDS: Final = re.compile(r"\d+(\.\d+)?")
# User, host, port and a database's name, with a parameter behind them: no password looks like that.
_BEFORE_QUERY: Final = re.compile(r"[\w+]+://[^@/?#]*@[\w.-]+(:\d+)?/[\w.-]*(?=\?[A-Za-z_]+=)")


def read_database_address(address: str) -> str:
    """Return a database's address with the driver that the program uses.

    Raises:
        ValueError: it cannot be read, or is of another kind of database.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database address") from None
    if url.drivername not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ValueError("names neither sqlite nor postgresql (with psycopg)")
    if _has_second_at(address) or "@" in (url.host or "") or "password" in url.query:
        raise ValueError(
            "holds a password that is not percent-encoded before its one @, or an @ behind its "
            "host: write %40"
        )
    if url.get_backend_name() == "postgresql" and url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def check_broker_address(address: str) -> None:
    """Refuse an address of no broker that the program knows.

    Raises:
        ValueError: it is none, or cannot be read.
    """
    if address.split("://", 1)[0] not in _BROKERS:
        known = ", ".join(f"{scheme}://" for scheme in _BROKERS)
        raise ValueError(f"begins with none of {known}")
    if not _is_readable_broker(address):
        raise ValueError("cannot be read; percent-encode its password, and an @ behind its host")
    parts = urlsplit(address)
    given = parse_qsl(parts.query, keep_blank_values=True)
    if not all(_is_taken(parts.scheme, name, value) for name, value in given):
        raise ValueError(f"holds a parameter that Celery does not take; {_how(parts.scheme)}")


def check_api_address(address: str, *, key: str) -> None:
    """Refuse an address of no API.

    Args:
        address: its base URL.
        key: the setting that takes an application key, which is no part of the address.

    Raises:
        ValueError: it is no http address, or holds more than a base URL.
    """
    wrong = "is not an address that begins with https:// or http://"
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # in Python's words: of brackets, or of a port
        raise ValueError(wrong) from None
    if not is_one:
        raise ValueError(wrong)
    if parts.username or parts.query:
        raise ValueError(f"holds a user or a query; a key goes into {key}")


def shown_address(url: URL) -> str:
    """A database's address as people may see it: without its password, and other secrets."""
    hidden = [name for name in url.query if _is_secret(name)]
    return url.difference_update_query(hidden).render_as_string()


def secrets_of_query(url: URL) -> set[str]:
    """What an address holds of secrets besides its password, as that of a certificate's key."""
    given = (value for name, value in url.query.items() if _is_secret(name))
    return {one for value in given for one in ([value] if isinstance(value, str) else value)}


def _is_secret(name: str) -> bool:
    """Whether a parameter of a connection is one: `sslpassword`, `oauth_client_secret`.

    Who has a `scram_client_key` logs in by it.
    """
    return name.lower().endswith(("password", "secret", "scram_client_key", "scram_server_key"))


def sqlite_address(file: Path) -> str:
    """The address of a database in a file, whose path may hold any character."""
    return URL.create("sqlite", database=str(file.resolve())).render_as_string()


def _has_second_at(address: str) -> bool:
    """Whether what stands behind the user's name has an @ too many: the host would be a guess."""
    behind = _without_query(address).partition("://")[2].partition(":")[2]
    return not address.startswith("sqlite") and behind.count("@") > 1


def _without_query(address: str) -> str:
    """Leave out what is a query for certain: no @ in it ends a password."""
    before = _BEFORE_QUERY.match(address)
    return before.group() if before else address


def _is_taken(scheme: str, name: str, value: str) -> bool:
    """Whether Kombu takes a parameter of a broker's address, and does what it says.

    Of a socket's it overwrites password and database by what stands before the ?; of RabbitMQ's it
    hands `ssl_…` to who does not know it, and a certificate would not be verified.
    """
    if scheme == "redis+socket":
        return name == "client_name" or (
            name == "virtual_host" and value.removeprefix("/").isdecimal()
        )
    if scheme in _AMQP:
        return (name == "heartbeat" and _SECONDS.fullmatch(value) is not None) or (
            name == "login_method" and value in _LOGIN_METHODS
        )
    return name in _OF_REDIS


def _how(scheme: str) -> str:
    """How to write what an address of a broker is to hold."""
    if scheme == "redis+socket":
        return (
            "the password goes as redis+socket://:PASSWORD@/path?virtual_host=N, "
            "where N is the database's number"
        )
    taken = "heartbeat and login_method" if scheme in _AMQP else ", ".join(sorted(_OF_REDIS))
    return f"password, host and database go before the ?, and behind it only {taken}"


def _is_readable_broker(address: str) -> bool:
    """Whether host, port and database number can be told apart."""
    try:
        parts = urlsplit(_without_query(address))
        number = parts.path.strip("/")
        port = parts.port
    except ValueError:
        return False
    if "#" in address or parts.netloc.count("@") > 1:
        return False
    if parts.scheme != "redis+socket" and "@" in parts.path + parts.query:  # it ends a password
        return False
    if parts.scheme in ("redis+socket", *_AMQP):  # whose path is no number
        return port != 0
    return port != 0 and (not number or number.isdecimal())
