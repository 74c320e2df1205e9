"""The file that shows that a service gets on."""

import os
from pathlib import Path

from core.heartbeat import Heartbeat


def test_every_beat_makes_the_file_as_new(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    heartbeat = Heartbeat(file)
    heartbeat.beat()
    os.utime(file, (0, 0))
    heartbeat.beat()
    assert file.stat().st_mtime > 0


def test_without_a_file_a_beat_leaves_no_trace(tmp_path: Path) -> None:
    Heartbeat(None).beat()
    assert list(tmp_path.iterdir()) == []
