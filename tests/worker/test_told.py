import os

from worker.told import ToldOnce


def test_what_goes_on_is_told_once_until_it_ends() -> None:
    told = ToldOnce()
    assert [told.begins("stats"), told.begins("stats"), told.begins("cooking")] == [1, 0, 1]
    assert [told.ends("stats"), told.ends("stats"), told.begins("stats")] == [1, 0, 1]


def test_processes_of_a_worker_share_what_was_told() -> None:
    told = ToldOnce()
    child = os.fork()
    if child == 0:
        told.begins("stats")
        os._exit(0)
    os.waitpid(child, 0)
    assert not told.begins("stats")
