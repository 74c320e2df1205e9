"""A Redis behind TLS, and one that does not speak it."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError

from core.broker.queue import broker_error, make_celery
from core.errors import BrokerUnreachable
from core.settings import Settings


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed one of 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl on this machine")
    file = tmp_path / "certificate.pem"
    made = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=localhost"
    alone = [*made.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", "-"]
    file.write_bytes(subprocess.run([openssl, *alone], check=True, capture_output=True).stdout)
    return file


@pytest.fixture
def over_tls(certificate: Path, redis_url: str) -> Iterator[str]:
    """The address of a Redis behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    port = int(redis_url.rpartition(":")[2].partition("/")[0])

    def serve(client: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", port)) as outside,
        ):
            threading.Thread(target=pump, args=(outside, inside), daemon=True).start()
            pump(inside, outside)

    def accept() -> None:
        with suppress(OSError):  # it is closed
            while True:
                client, _ = listening.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"rediss://127.0.0.1:{listening.getsockname()[1]}/0"


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


def connect(address: str, *, patience: float = 5) -> None:
    """Connect as Celery does, without its second try after two seconds."""
    app = make_celery(Settings(broker_url=SecretStr(address)))
    app.conf.broker_transport_options["socket_connect_timeout"] = patience
    try:
        with app.connection_for_write() as connection:
            connection.transport.establish_connection()
    except RedisError as error:
        raise broker_error(app, error) from error


def test_a_certificate_is_verified_unless_the_address_says_otherwise(
    over_tls: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BrokerUnreachable, match=r"CERTIFICATE_VERIFY_FAILED.*ssl_ca_certs=FILE"):
        connect(over_tls)
    connect(f"{over_tls}?ssl_ca_certs={certificate}")
    connect(f"{over_tls}?ssl_cert_reqs=none")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    connect(over_tls)


def test_a_redis_without_tls_is_told_soon(redis_url: str) -> None:
    begun = time.monotonic()
    with pytest.raises(BrokerUnreachable, match=r"no TLS handshake with 127\.0\.0\.1:.* redis://"):
        connect(redis_url.replace("redis", "rediss"), patience=0.2)
    assert time.monotonic() - begun < 20  # an answer may take 30
