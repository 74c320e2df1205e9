from pathlib import Path

import pytest
import redis

from core.broker.embedded_redis import (
    answers,
    embedded_url,
    running,
    server_command,
    shut_down,
    socket_path,
)
from core.broker.names import TAGGING_QUEUE
from core.broker.queue import make_celery, queue_length
from core.errors import ServiceFailed
from core.settings import Settings
from tests.conftest import ManualClock


def test_it_runs_while_the_block_lasts_and_keeps_its_data(tmp_path: Path) -> None:
    for expected in (1, 2):
        with running(tmp_path) as url:
            assert url == embedded_url(tmp_path)
            client = redis.Redis(unix_socket_path=str(socket_path(tmp_path)))
            assert client.incr("starts") == expected
            client.close()
    assert not answers(tmp_path)


def test_what_it_cannot_read_keeps_no_service_from_its_start(tmp_path: Path) -> None:
    """As of a machine that lost its power: zeros stand where the last messages were written."""
    with running(tmp_path):
        pass
    kept = tmp_path / "redis" / "appendonly.aof"
    damaged = kept.read_bytes() + bytes(4096)
    kept.write_bytes(damaged)
    with running(tmp_path):
        assert answers(tmp_path)
    assert (tmp_path / "redis" / "appendonly.aof.damaged").read_bytes() == damaged


def test_a_second_user_shares_the_running_server(tmp_path: Path) -> None:
    with running(tmp_path):
        with running(tmp_path):
            assert answers(tmp_path)
        assert answers(tmp_path)


def test_a_server_whose_starter_was_killed_can_be_ended(tmp_path: Path) -> None:
    with running(tmp_path):
        shut_down(tmp_path)
        assert not answers(tmp_path)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "c#; 50%20 \u00fc?a=b@c:d"
    with running(folder):
        assert queue_length(make_celery(Settings(data_dir=folder)), TAGGING_QUEUE) == 0


def test_a_folder_with_a_long_name_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    assert len(str(socket_path(deep))) < 108
    with running(deep):
        assert answers(deep)


def test_a_server_that_does_not_start_is_told_with_its_log(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a broker that is away, which other commands can bring."""
    monkeypatch.setattr("core.broker.embedded_redis.server_command", lambda _: ["false"])
    with pytest.raises(ServiceFailed, match=r"redis\.log says why"), running(tmp_path, clock):
        pass


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_a_strangers_folder_for_the_socket_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Its name can be foretold: whoever made it would read and write every message."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 120)
    folder = socket_path(deep).parent
    if kind == "open":
        folder.mkdir()
        folder.chmod(0o777)
    elif kind == "link":
        folder.symlink_to(tmp_path)
    else:
        folder.touch()
    for use in (embedded_url, answers, shut_down, server_command):
        with pytest.raises(ServiceFailed, match="not this user's alone"):
            use(deep)


def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 120)
    socket_path(deep).parent.mkdir(mode=0o700)
    assert embedded_url(deep)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    with pytest.raises(ServiceFailed, match="not this user's alone"):
        embedded_url(deep)


def test_its_folders_are_their_owners_alone(tmp_path: Path) -> None:
    server_command(tmp_path / "data")
    folders = (tmp_path / "data", tmp_path / "data" / "redis")
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]
