import os

import pytest

from core.silence import silent_stderr


def test_what_is_written_to_the_descriptor_is_dropped_until_the_block_ends(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(2, b"before ")
    with silent_stderr():
        os.write(2, b"meanwhile ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"
