"""Which files a teacher's name leads to."""

import re
from pathlib import Path

import pytest

from core.errors import TeacherUnusable
from core.model.sentences.files import find_encoder
from tests.core.model.sentences.tiny_encoder import write_encoder


def test_a_folder_has_both_files_or_the_network_in_onnx(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "one", ["fig"])
    plain = find_encoder(str(folder))
    digest = plain.digest
    assert (plain.model, plain.tokenizer) == (folder / "model.onnx", folder / "tokenizer.json")
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx/model.onnx")
    assert find_encoder(str(folder)).model == folder / "onnx/model.onnx"
    assert find_encoder(str(folder)).digest == digest


def test_what_changes_vectors_changes_the_digest(tmp_path: Path) -> None:
    folders = [write_encoder(tmp_path / name, ["fig"]) for name in "abcde"]
    (folders[1] / "model.onnx_data").write_bytes(b"weights")
    (folders[4] / "model.onnx.data").write_bytes(b"others")
    (folders[2] / "1_Pooling").mkdir()
    (folders[2] / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    write_encoder(folders[3], ["lime"])
    found = [find_encoder(str(folder)) for folder in folders]
    assert len({files.digest for files in found}) == 5
    assert [files.pools_first_token for files in found] == [False, False, True, False, False]


def test_what_changes_no_vector_leaves_the_digest(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "one", ["fig"])
    (folder / "model.onnx_data").write_bytes(b"weights")
    digest = find_encoder(str(folder)).digest
    for end in (".sha256", ".bak", ".part", "_data.part", "_data.sha256", "_notes"):
        (folder / f"model.onnx{end}").write_bytes(b"beside")
    assert find_encoder(str(folder)).digest == digest
    (folder / "model.onnx_data_1").write_bytes(b"more weights")
    assert find_encoder(str(folder)).digest != digest


def test_a_package_is_found_by_its_name_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_encoder(tmp_path / "tiny_encoder/model", ["fig"])
    (tmp_path / "tiny_encoder/__init__.py").write_text("raise RuntimeError")
    info = tmp_path / "tiny_encoder-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-encoder\nVersion: 1.0\n")
    files = ["__init__.py", "model/model.onnx", "model/tokenizer.json"]
    (info / "RECORD").write_text("".join(f"tiny_encoder/{file},,\n" for file in files))
    monkeypatch.syspath_prepend(tmp_path)
    assert find_encoder("tiny-encoder").model == tmp_path / "tiny_encoder/model/model.onnx"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("/not/there", "TAGGER_TEACHER: there is no folder /not/there."),
        ("~nobody-of-that-name/x", "TAGGER_TEACHER: ~nobody-of-that-name/x cannot be read: "),
        ("x" * 5000, "cannot be read: "),
        ("not-there", "TAGGER_TEACHER: not-there is neither a folder here nor the name of an"),
        ("numpy", "TAGGER_TEACHER: the package numpy has no tokenizer.json. A teacher is"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_in_one_line(named: str, message: str) -> None:
    with pytest.raises(TeacherUnusable, match=re.escape(message)) as raised:
        find_encoder(named)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("file", "missing"),
    [
        ("model.onnx", "has no model.onnx or onnx/model.onnx"),
        ("tokenizer.json", "has no tokenizer"),
    ],
)
def test_a_folder_that_lacks_a_file_is_told_which(tmp_path: Path, file: str, missing: str) -> None:
    folder = write_encoder(tmp_path, ["fig"])
    (folder / file).unlink()
    with pytest.raises(TeacherUnusable, match=missing):
        find_encoder(str(folder))


@pytest.mark.parametrize(
    "told",
    [
        '{"pooling_mode_max_tokens": true}',
        '{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}',
    ],
)
def test_a_pooling_that_is_not_known_is_refused(tmp_path: Path, told: str) -> None:
    folder = write_encoder(tmp_path, ["fig"])
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(told)
    with pytest.raises(TeacherUnusable, match="a teacher's vector is"):
        _ = find_encoder(str(folder)).pools_first_token


def test_a_pooling_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path, ["fig"])
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text("{")
    with pytest.raises(TeacherUnusable, match=r"1_Pooling/config\.json cannot be read"):
        _ = find_encoder(str(folder)).pools_first_token
