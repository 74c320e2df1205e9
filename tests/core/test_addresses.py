import time
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from core.addresses import (
    check_broker_address,
    read_database_address,
    shown_address,
    sqlite_address,
)


def test_a_plain_postgres_address_gets_the_driver_that_is_installed() -> None:
    assert read_database_address("postgresql://u:p%40ss@h/d") == "postgresql+psycopg://u:p%40ss@h/d"
    assert read_database_address("sqlite:///a.sqlite3") == "sqlite:///a.sqlite3"
    assert read_database_address("sqlite:////a:@/b@c") == "sqlite:////a%3A%40/b%40c"
    assert read_database_address("postgresql://u@x:p@h/d%40").endswith("://u%40x:p@h/d%40")
    named = "postgresql+psycopg://u:p@h:1/d?application_name=a@b"
    assert make_url(read_database_address(named)).query == {"application_name": "a@b"}
    for taken in ("sqlite:///a?timeout=3", "postgresql+psycopg://u:p@h/d?sslmode=require"):
        assert read_database_address(taken) == taken


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    secret = "sslpassword=hush&oauth_client_secret=hush&scram_client_key=hush"
    address = make_url(f"postgresql://u:hush@h/d?sslmode=require&{secret}&sslkey=a.key")
    assert shown_address(address) == "postgresql://u:***@h/d?sslkey=a.key&sslmode=require"


@pytest.mark.parametrize(
    "address",
    [
        "mysql://u:hush@h/d",
        "hush hush",
        "postgresql://u:p@hush@h/d",
        "postgresql://u:p@hush/hush@h/d",
        "postgresql://u:p@hush?hush@h/d",
        "postgresql://u:p@hush/d?hush@h/d",
        "postgresql://u:hush@h/d?hush=1",
        "postgresql://u:hush@h/d?port=x",
        "postgresql://u:hush@h/d?prepare_threshold=0",
        "sqlite:///a.sqlite3?timeout=x",
        "sqlite:///%00",
    ],
)
def test_what_is_no_address_of_a_database_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(ValueError, match=r"^(names|is|holds) ") as refused:
        read_database_address(address)
    assert "hush" not in str(refused.value)


def test_an_address_that_can_be_read_in_two_ways_is_refused_with_how_to_write_it() -> None:
    with pytest.raises(ValueError, match="behind its host: write %40"):
        read_database_address("postgresql://u:p@h/d@e")
    with pytest.raises(ValueError, match=r"path stands behind sqlite:///$"):
        read_database_address("sqlite://data/tagger.sqlite3")
    with pytest.raises(ValueError, match="behind its host"):
        check_broker_address("amqp://u:p@h/v@w")


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("sslmode=x", "sslmode"),
        ("application_name=x&channel_binding=maybe", "channel_binding"),
        ("sslrootcert=system&sslmode=require", "sslmode"),
        ("connect_timeout=x", "connect_timeout"),
        ("connect_timeout=99999999999", "connect_timeout"),
        ("keepalives_idle=1.5", "keepalives_idle"),
        ("tcp_user_timeout=9999999999", "tcp_user_timeout"),
        ("keepalives_idle=0", "keepalives_idle"),
        ("keepalives_interval=40000", "keepalives_interval"),
        ("keepalives_count=200", "keepalives_count"),
        ("host=a:1&host=b:70000", "port"),
        (
            "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
            "one of its parameters, .* PG… variables,",
        ),
    ],
)
def test_a_value_that_postgres_does_not_take_is_refused_at_once(parameters: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"^holds a value that {name} does not take$"):
        read_database_address(f"postgresql://u:hush@/d?{parameters}")


@pytest.mark.parametrize("parameters", ["client_encoding=latin1", "client_encoding=utf8&" * 2])
def test_an_encoding_that_lacks_characters_is_refused(parameters: str) -> None:
    with pytest.raises(ValueError, match=r"leave it out, since questions need utf8$"):
        read_database_address(f"postgresql://u:hush@/d?{parameters}")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "sqlite:///a?journal_mode=wal",
            "holds 'journal_mode', which .* takes cached_statements, ",
        ),
        (
            "sqlite:///a?timeout=3&mode=ro",
            r"'mode', .* only as sqlite:///file:PATH\?uri=true&mode=",
        ),
        ("sqlite:///a?uri=true&mode=ro", "'mode', .* only as sqlite:///file:PATH"),
        ("sqlite:///file:a?mode=ro", "'mode', .* only as sqlite:///file:PATH"),
        ("sqlite:///file:a?uri=true&modes=ro", "holds 'modes', which .* mode, "),
        ("sqlite:///file:a?uri=true&mode=x", "a value .*: no such access mode: x$"),
        ("sqlite:///file:a?uri=true&mode=ro&mode=rw", "a parameter twice"),
        ("sqlite:///a?timeout=1&timeout=2", "a parameter twice"),
        ("sqlite:///a?isolation_level=IMMEDIATE", "holds 'isolation_level', which"),
        ("sqlite:///a?cached_statements=9999999999", "a value .*: Python int too large"),
        ("sqlite:///a?timeout=nan", "a timeout that is not between 0 "),
        ("sqlite:///a?timeout=-1", "a timeout that is not between 0 "),
        ("sqlite:///a?timeout=1000001", "a timeout that is not between 0 "),
        ("sqlite:///a?timeout=1e300", "a timeout that is not between 0 "),
    ],
)
def test_a_parameter_that_sqlite_would_ignore_is_refused(address: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_database_address(address)


@pytest.mark.parametrize(
    "parameters",
    [
        "a?timeout=3&check_same_thread=false&detect_types=1&cached_statements=9",
        "a?uri=true&timeout=1000000",
        "file:a?uri=true&mode=ro&cache=private&immutable=1&nolock=1&psow=0&timeout=3",
        "file:a?uri=on&mode=memory&vfs=unix-none&modeof=b",
    ],
)
def test_what_sqlite_takes_is_taken(parameters: str) -> None:
    address = f"sqlite:///{parameters}"
    assert make_url(read_database_address(address)) == make_url(address)


@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=verify-full&sslrootcert=system",
        "client_encoding=UTF-8&connect_timeout=2.5&keepalives=1&keepalives_idle=%2030",
        "client_encoding=unicode&keepalives_count=127&tcp_user_timeout=2147483647",
        "host=a:1&host=b&target_session_attrs=any&load_balance_hosts=random",
        "hostaddr=192.0.2.1&options=-c%20statement_timeout%3D1s",
        "gssencmode=require",
    ],
)
def test_what_postgres_takes_is_not_connected_to(parameters: str) -> None:
    begun = time.monotonic()
    address = f"postgresql+psycopg://u:p@/d?{parameters}"
    assert make_url(read_database_address(address)) == make_url(address)
    assert time.monotonic() - begun < 5  # nobody answers at these


@pytest.mark.parametrize(
    "address",
    [
        "redis://:p%23@h:1/0",
        "redis+socket:///a@b/c.sock",
        "redis+socket:///c.sock?virtual_host=3",
        "redis+socket://:p@/c.sock?virtual_host=3",
        "amqp://u:p@h/v",
        "amqp://u:p%40%2F@h/v%40",
        "rediss://:p@h:1/0?ssl_ca_certs=a@b",
        "amqp://u:p@h/v?heartbeat=30&login_method=PLAIN",
        "amqp://h?heartbeat=2.5",
        "redis+socket:///c.sock?virtual_host=/3&client_name=x",
        "rediss://h",
        "rediss://h?ssl_cert_reqs=none&ssl_check_hostname=False",
        "rediss://h?ssl_certfile=a&ssl_keyfile=b&ssl_password=&ssl_check_hostname=1",
        "rediss://h?ssl_cert_reqs=CERT_REQUIRED&ssl_certfile=a&ssl_keyfile=b&ssl_password=c",
    ],
)
def test_an_address_of_a_broker_is_taken(address: str) -> None:
    check_broker_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "kafka://h",
        "redis://:hu/sh#@h:1/0",
        "redis://h:0/0",
        "redis://h:1/\u00b2",
        "redis://:p@hush?@h:1/0",
        "amqp://u:p@hush/hush@h/v",
        "amqp://u:1/hush@h/v",
        "redis://h:1/0?hush=a@b",
        "redis://h:1/0?password=hush",
        "redis://h:1?db=3",
        "redis://h:1?virtual_host=3",
        "redis://h:1?heartbeat=3",
        "redis+socket:///c.sock?virtual_host=3&password=hush",
        "redis+socket:///c.sock?db=3",
        "redis+socket:///c.sock?virtual_host=x",
        "redis+socket:///c.sock?ssl_ca_certs=a",
        "rediss://h?ssl=true",
        "rediss://h?ssl_ca_cert=a",
        "rediss://h?ssl_ca_certs=hush%00",
        "amqp://h?heartbeat=x",
        "amqp://h?login_method=plain",
        "amqps://h?ssl_ca_certs=a",
        "amqp://h?heartbeats=3",
        "amqp://h?login_methods=PLAIN",
    ],
)
def test_what_is_no_address_of_a_broker_is_refused(address: str) -> None:
    told = r"begins with none|cannot be read|does not take"
    with pytest.raises(ValueError, match=told) as refused:
        check_broker_address(address)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("redis://h?db=3", "behind it only ssl_ca_certs, "),
        ("redis+socket:///c.sock?db=3", r"as redis\+socket://:PASSWORD@/path\?virtual_host=N"),
        ("amqps://h?heartbeat=x", "heartbeat does not take; it takes seconds$"),
        ("amqp://h?heartbeats=3", "behind it only heartbeat, login_method$"),
        ("redis://h?ssl_cert_reqs=x", "ssl_cert_reqs does not take; it takes required, optional"),
        ("rediss://h?ssl_cert_reqs=", "ssl_cert_reqs does not take"),
        ("rediss://h?ssl_check_hostname=no", "takes true or false$"),
        ("rediss://h?ssl_check_hostname=0", "takes true or false$"),
        ("rediss://h?ssl_keyfile=a", "add ssl_certfile"),
    ],
)
def test_who_gives_a_broker_a_wrong_parameter_is_told_how(address: str, how: str) -> None:
    with pytest.raises(ValueError, match=how):
        check_broker_address(address)


def test_the_address_of_a_file_may_hold_any_character(tmp_path: Path) -> None:
    assert "%" not in sqlite_address(tmp_path / "a b.sqlite3")
    assert sqlite_address(tmp_path / "a?b").startswith("sqlite:///")
