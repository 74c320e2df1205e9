from pathlib import Path

import redis

from core.broker.embedded_redis import answers, embedded_url, running, shut_down, socket_path


def test_it_runs_while_the_block_lasts_and_keeps_its_data(tmp_path: Path) -> None:
    for expected in (1, 2):
        with running(tmp_path) as url:
            assert url == embedded_url(tmp_path)
            client = redis.Redis(unix_socket_path=str(socket_path(tmp_path)))
            assert client.incr("starts") == expected
            client.close()
    assert not answers(tmp_path)


def test_a_second_user_shares_the_running_server(tmp_path: Path) -> None:
    with running(tmp_path):
        with running(tmp_path):
            assert answers(tmp_path)
        assert answers(tmp_path)


def test_a_server_whose_starter_was_killed_can_be_ended(tmp_path: Path) -> None:
    with running(tmp_path):
        shut_down(tmp_path)
        assert not answers(tmp_path)


def test_a_folder_with_a_long_name_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    assert len(str(socket_path(deep))) < 108
    with running(deep):
        assert answers(deep)
