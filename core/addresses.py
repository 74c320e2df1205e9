"""Addresses of databases, brokers and the API, as settings name them.

No error shows one, since there are passwords in them.
"""

import os
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import asbool

_BROKERS: Final = ("redis", "rediss", "redis+socket", "amqp", "amqps")
_AMQP: Final = ("amqp", "amqps")
_TEXT: Final = (r"[^\0\r\n]+", "a text or a path")

# What Postgres' library reads as a number once it connects.
_KEEPALIVES: Final = ("keepalives", *(f"keepalives_{of}" for of in ("idle", "interval", "count")))
_WHOLE: Final = r"\s*[+-]?[0-9]+\s*"
_NUMBERS: Final = {
    "connect_timeout": r"[+-]?[0-9]+(\.[0-9]*)?",  # by psycopg
    **dict.fromkeys((*_KEEPALIVES, "tcp_user_timeout"), _WHOLE),
}
_LARGEST: Final = 2**31 - 1
_RANGES: Final = {  # of Linux, which is asked at each connection
    "keepalives_idle": (1, 32_767),
    "keepalives_interval": (1, 32_767),
    "keepalives_count": (1, 127),
}
_UTF8: Final = re.compile("(?i:utf[-_]?8|unicode)")  # Postgres' spellings of it
# Of Python's module; SQLAlchemy drops its isolation_level, and the engine has its own.
_OF_SQLITE: Final = ("cached_statements", "check_same_thread", "detect_types", "timeout", "uri")
_LONGEST_WAIT: Final = 1_000_000  # seconds; SQLite counts milliseconds in 32 bits
_OF_SQLITE_URI: Final = ("cache", "immutable", "mode", "modeof", "nolock", "psow", "vfs")
_UNNAMED: Final = "one of its parameters, or of the environment's PG… variables,"
_NO_FOLDER: Final = "/dev/null/none"  # as no folder stands in a device

# Parameters of brokers' addresses that do what they say, the values that they take, and in words.
_OF_REDIS: Final = {
    "ssl_ca_certs": _TEXT,
    "ssl_ca_path": _TEXT,
    "ssl_cert_reqs": (
        "required|optional|none|CERT_(REQUIRED|OPTIONAL|NONE)",
        "required, optional or none",
    ),
    "ssl_certfile": _TEXT,
    # Kombu takes all but false for true: also 0 and no, which mean the opposite.
    "ssl_check_hostname": ("(?i:true|yes|on|1|false)", "true or false"),
    "ssl_ciphers": _TEXT,
    "ssl_keyfile": _TEXT,
    "ssl_password": (r"[^\0\r\n]*", "a text"),  # none where it is empty
}
_OF_AMQP: Final = {
    "heartbeat": (r"\d+(\.\d+)?", "seconds"),
    "login_method": ("AMQPLAIN|EXTERNAL|PLAIN", "AMQPLAIN, EXTERNAL or PLAIN"),
}
# Kombu overwrites its password and database by what stands before the ?.
_OF_SOCKET: Final = {
    "client_name": _TEXT,
    "virtual_host": (r"/?\d+", "a database's number"),
}
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
    if "%00" in address:
        raise ValueError("holds a %00, which nobody takes")
    if url.drivername not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ValueError("names neither sqlite nor postgresql (with psycopg)")
    if url.get_backend_name() == "sqlite" and (url.host or url.username):
        raise ValueError("names a host or a user; a file's path stands behind sqlite:///")
    if _has_second_at(address) or "@" in (url.host or "") or "password" in url.query:
        raise ValueError(
            "holds a password that is not percent-encoded before its one @, or an @ behind its "
            "host: write %40"
        )
    if url.get_backend_name() == "postgresql" and url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    _check_parameters(url)
    return url.render_as_string(hide_password=False)


def _check_parameters(url: URL) -> None:
    """Refuse parameters of a database that SQLAlchemy or the driver does not take."""
    if url.get_backend_name() == "sqlite":
        _check_sqlite(url)
        return
    wrong = ValueError(
        "holds behind its ? a parameter, or a value of one, that its driver does not take"
    )
    try:
        _, options = url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):
        raise wrong from None
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 (slow; SQLite goes without)

    try:
        conninfo.make_conninfo(**options)
    except ProgrammingError:
        raise wrong from None
    if not _UTF8.fullmatch(str(options.get("client_encoding", "utf8"))):
        raise ValueError("holds a client_encoding; leave it out, since questions need utf8")
    name = _find_wrong_value(options)
    if name is not None:
        raise ValueError(f"holds a value that {name} does not take")


def _check_sqlite(url: URL) -> None:
    """Refuse what SQLAlchemy or SQLite would ignore, or would stumble over with each connection."""
    if any(not isinstance(value, str) for value in url.query.values()):
        raise ValueError("holds a parameter twice")
    try:
        is_uri = asbool(url.query.get("uri", False)) and str(url.database).startswith("file:")
    except ValueError:
        raise ValueError("holds a value that uri does not take") from None
    for name in url.query:
        if name in _OF_SQLITE_URI and not is_uri:
            raise ValueError(
                f"holds {name!r}, which is taken only as sqlite:///file:PATH?uri=true&{name}=…"
            )
        if name not in _OF_SQLITE + _OF_SQLITE_URI:
            taken = ", ".join(_OF_SQLITE + _OF_SQLITE_URI * is_uri)
            raise ValueError(f"holds {name!r}, which SQLite does not take; it takes {taken}")
    try:
        (file,), options = url.get_dialect()().create_connect_args(url)
        tried = f"file::memory:?{file.partition('?')[2]}" if is_uri else ":memory:"
        sqlite3.connect(tried, **options).close()
    except (ValueError, OverflowError, sqlite3.Error) as error:
        raise ValueError(f"holds a value that SQLite does not take: {error}") from None
    if not 0 <= options.get("timeout", 0) <= _LONGEST_WAIT:  # NaN fails this, too
        raise ValueError(f"holds a timeout that is not between 0 and {_LONGEST_WAIT:,} seconds")


def _find_wrong_value(options: Mapping[str, Any]) -> str | None:
    """A parameter whose value Postgres' library refuses whenever it connects, if there is one.

    Asked for a socket that nobody can listen at, it looks at all values but some numbers.
    """
    from psycopg import conninfo, pq  # noqa: PLC0415

    for name in _NUMBERS:
        if name in options and not _is_number_of(name, str(options[name])):
            return name
    ports = str(options.get("port", "")).split(",")
    if any(port and not 0 < int(port) < 1 << 16 for port in ports):
        return "port"
    elsewhere = {"host": _NO_FOLDER, "hostaddr": "", "port": ""}
    if options.get("gssencmode", os.environ.get("PGGSSENCMODE")) == "require":
        elsewhere["gssencmode"] = "disable"  # which a socket cannot have
    tried = pq.PGconn.connect_start(conninfo.make_conninfo(**{**options, **elsewhere}).encode())
    told = tried.get_error_message()
    tried.finish()
    if _NO_FOLDER in told:
        return None
    return min((name for name in options if name in told), key=told.index, default=_UNNAMED)


def _is_number_of(name: str, value: str) -> bool:
    """Whether a parameter takes this for its number."""
    if not re.fullmatch(_NUMBERS[name], value):
        return False
    least, most = _RANGES.get(name, (-_LARGEST, _LARGEST))
    return least <= float(value) <= most


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
    taken = _parameters(parts.scheme)
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in given:
        if name not in taken:
            raise ValueError(f"holds a parameter that Celery does not take; {_how(parts.scheme)}")
        values, words = taken[name]
        if not re.fullmatch(values, value):
            raise ValueError(f"holds a value that {name} does not take; it takes {words}")
    names = {name for name, _ in given}
    if "ssl_keyfile" in names and "ssl_certfile" not in names:
        raise ValueError("holds ssl_keyfile alone; add ssl_certfile, its certificate")


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


def _parameters(scheme: str) -> dict[str, tuple[str, str]]:
    """What may stand behind the ?: of RabbitMQ's Kombu hands `ssl_…` to who does not know it."""
    if scheme == "redis+socket":
        return _OF_SOCKET
    return _OF_AMQP if scheme in _AMQP else _OF_REDIS


def _how(scheme: str) -> str:
    """How to write what an address of a broker is to hold."""
    if scheme == "redis+socket":
        return (
            "the password goes as redis+socket://:PASSWORD@/path?virtual_host=N, "
            "where N is the database's number"
        )
    taken = ", ".join(_parameters(scheme))
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
