from pathlib import Path

import pytest

from backfill.folder import InputFile, Plan, Split, open_folder, renamed
from core.errors import BackfillRefused
from core.questions.files import BrokenRow
from tests.backfill.made_up import plan


def test_shards_without_predictions_are_missing(tmp_path: Path) -> None:
    with open_folder(tmp_path / "out", plan()) as folder:
        folder.write(folder.prediction_shard(1), b"predictions")
        assert folder.missing(3) == [0, 2]
        assert folder.prediction_shard(1).read_bytes() == b"predictions"


def test_what_is_written_half_is_not_there(tmp_path: Path) -> None:
    with open_folder(tmp_path, plan()) as folder:
        path = folder.prediction_shard(0)
        with pytest.raises(ZeroDivisionError), renamed(path) as aside:
            aside.write_bytes(b"half" * (1 // 0))
        path.with_name(f"{path.name}.part").write_bytes(b"of a run that was killed")
        assert folder.missing(1) == [0]
        folder.write(path, b"whole")
        assert [one.name for one in path.parent.iterdir()] == ["00000.parquet"]


def test_a_disk_without_room_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BackfillRefused, match=r"shard cannot be written: No space left"):
        write_without_room(tmp_path / "shard")


def write_without_room(path: Path) -> None:
    with renamed(path), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"much")


def test_the_split_is_known_again_with_what_was_broken(tmp_path: Path) -> None:
    split = Split(shards=2, questions=3, broken=1, repeated=0, newest=None)
    with open_folder(tmp_path, plan()) as folder:
        assert folder.find_split() is None
        folder.write_split(split, [BrokenRow("a.jsonl", 7, "not JSON")])
    with open_folder(tmp_path, plan()) as folder:
        assert folder.find_split() == split
        assert folder.broken_rows.read_text().splitlines()[1:] == ["a.jsonl,7,not JSON"]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (plan(model_sha256="1" * 64), r"another model \(SHA-256 000000000000…\)"),
        (plan(site="cooking"), "another site, stats"),
        (plan(files=(InputFile(name="b", sha256="2" * 64),)), r"other files \(a\.jsonl\)"),
        (plan(shard_questions=3), "another version of this program"),
        (
            plan(program="2.0"),
            "holds a backfill by version 1.0 of this program, which is 2.0 now: ",
        ),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path: Path, other: Plan, told: str) -> None:
    files = (InputFile(name="a.jsonl", sha256="1" * 64),)
    other = other if other.files else other.model_copy(update={"files": files})
    with open_folder(tmp_path, plan(files=files)):
        pass
    with pytest.raises(BackfillRefused, match=told), open_folder(tmp_path, other):
        pass


def test_equal_files_of_other_names_are_the_same_input(tmp_path: Path) -> None:
    for name in ("a.jsonl", "moved.jsonl"):
        files = (InputFile(name=name, sha256="1" * 64),)
        with open_folder(tmp_path, plan(files=files)) as folder:
            assert folder.path == tmp_path


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with (
        pytest.raises(BackfillRefused, match=r"holds thesis\.tex, which is no backfill's"),
        open_folder(tmp_path, plan()),
    ):
        pass


def test_two_backfills_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        open_folder(tmp_path, plan()),
        pytest.raises(BackfillRefused, match="Another backfill is at work in the folder"),
        open_folder(tmp_path, plan()),
    ):
        pass


def test_a_damaged_description_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backfill.json").write_text("{")
    with pytest.raises(BackfillRefused, match="cannot be read"), open_folder(tmp_path, plan()):
        pass


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(BackfillRefused, match="cannot be used"),
        open_folder(tmp_path / "file", plan()),
    ):
        pass


def test_a_folder_of_before_the_version_was_noted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backfill.json").write_text(plan().model_dump_json(exclude={"program"}))
    with (
        pytest.raises(BackfillRefused, match="by an earlier version of this program"),
        open_folder(tmp_path, plan()),
    ):
        pass
