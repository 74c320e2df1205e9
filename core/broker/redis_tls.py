"""Redis over TLS, by `rediss://`."""

from collections.abc import Callable
from typing import Any, Final

from celery import Celery
from kombu.transport.redis import Channel
from redis.connection import SSLConnection
from redis.exceptions import TimeoutError as RedisTimeoutError

SCHEME: Final = "rediss://"


class TlsConnection(SSLConnection):
    """Gives the handshake as long as the connection, not as long as an answer may take."""

    # redis-py 8.1 has no public step between TCP's connection and TLS. By public ones, a shorter
    # `socket_timeout` while it connects, AUTH would get no longer either, and a handshake that
    # nobody answers would be told in the words of a host that does not answer.
    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        wrap: Callable[[Any], Any] = super()._wrap_socket_with_ssl  # which is not typed
        sock.settimeout(self.socket_connect_timeout)
        try:
            wrapped = wrap(sock)
        except TimeoutError:
            # A Redis without TLS takes the handshake for the beginning of a line, and waits.
            raise RedisTimeoutError(
                f"no TLS handshake with {self.host}:{self.port} within "
                f"{self.socket_connect_timeout:.0f} s"
            ) from None
        wrapped.settimeout(self.socket_timeout)
        return wrapped


def use_tls(app: Celery) -> None:
    """Have certificates verified, which Kombu leaves out where the address has no `ssl_…`."""
    Channel.connection_class_ssl = TlsConnection  # where Kombu's channels look it up
    if app.conf.broker_url.startswith(SCHEME):
        app.conf.broker_use_ssl = {"ssl_cert_reqs": "required"}


def hint_of(reason: str) -> str | None:
    """What to do where no TLS connection is made; None where that says nothing of it."""
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return (
            "Behind TAGGER_BROKER_URL, ?ssl_ca_certs=FILE names its authority, "
            "ssl_check_hostname=false takes one for another host, and ssl_cert_reqs=none any."
        )
    if "no TLS handshake" in reason:
        return "Set TAGGER_BROKER_URL to redis://, if it is one without TLS."
    return None
