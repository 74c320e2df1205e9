"""A fork while a thread of the same process wants to write to SQLite, and another one does."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import make_url

from tests.processes import environment

PROGRAM = """
import os, sys, threading, time
from sqlalchemy import text
from core.database.engine import make_engine, writing_once

def write(connection):
    connection.execute(text("INSERT INTO blocked_tags VALUES ('stats', 'a', 'b', '2026-01-01')"))
    connection.execute(text("DELETE FROM blocked_tags"))

def write_once():
    with writing_once(sys.argv[1]) as connection:
        write(connection)
    print("written", flush=True)

writer = threading.Thread(target=write_once)
writer.start()
time.sleep(0.3)
child = os.fork()
if child == 0:
    with make_engine(sys.argv[1]).begin() as connection:
        write(connection)
    os._exit(0)
print("forked", flush=True)
writer.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
def test_a_fork_does_not_wait_for_writers_of_other_processes(migrated_sqlite_url: str) -> None:
    file = str(make_url(migrated_sqlite_url).database)
    command = [sys.executable, "-c", PROGRAM, migrated_sqlite_url]
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as other,
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as run,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert run.stdout is not None
        assert run.stdout.readline() == "forked\n"
        other.execute("COMMIT")  # for which the thread and the child wait
        assert run.communicate(timeout=60)[0] == "written\n0\n"
