"""What a person reads of two versions that are alike."""

import pytest
from sqlalchemy import Engine

from tests.trainer.versions.published import SITE, publish_two
from trainer.models.diff_view import print_compared, print_made
from trainer.versions.comparison import compare_versions
from trainer.versions.judged import judge


@pytest.mark.usefixtures("wide_terminal")
def test_versions_that_are_alike_differ_in_nothing(
    sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    two = publish_two(sqlite_engine, data_fingerprint="2")
    judged = judge(sqlite_engine, SITE, two)
    print_made(*judged.versions)
    print_compared(compare_versions(judged), two)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "data - 2" in lines or "data 2" in lines
    assert any(line.endswith("+0.0000 +0.0000 to +0.0000") for line in lines)
    assert any(line.startswith("F1 of 0 of 5 tags surely differs") for line in lines)
    assert "Suggestions differ for 0 questions (0%)." in lines
    assert not any(line.startswith(("Better", "Worse", "New", "Gone")) for line in lines)
