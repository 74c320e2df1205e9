"""Posts.xml out of the archives that the sites' dumps come in."""

import tempfile
from pathlib import Path

import py7zr
import pytest
from py7zr import archiveinfo

from core.errors import ImportFailed
from core.questions.files import BrokenRow, read_questions

POSTS = (
    '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
    + "".join(
        f'  <row Id="{i}" PostTypeId="1" Title="Title {i * 7919 % 1009}" '
        f'Body="&lt;p&gt;Body {i * 104729 % 100003}&lt;/p&gt;" Tags="|r|" />\n'
        for i in range(1, 3001)
    )
    + "</posts>"
)


def archive(path: Path, password: str | None = None, **members: str) -> Path:
    with py7zr.SevenZipFile(path, "w", password=password) as file:
        for name, content in members.items():
            file.writestr(content, name.replace("_", "."))
    return path


def test_posts_are_found_inside_an_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "dump.7z", Badges_xml="<badges/>", Posts_xml=POSTS, Tags_xml="<t/>")
    assert len(list(read_questions(path, site="stats"))) == 3000


def test_unpacking_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    rows = read_questions(archive(tmp_path / "dump.7z", Posts_xml=POSTS), site="stats")
    next(rows)
    del rows
    assert list(folder.iterdir()) == []


def test_an_archive_without_posts_or_with_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"holds no Posts\.xml"):
        list(read_questions(archive(tmp_path / "a.7z", Users_xml="<users/>"), site="stats"))
    with pytest.raises(ImportFailed, match="is encrypted"):
        list(read_questions(archive(tmp_path / "b.7z", "word", Posts_xml=POSTS), site="stats"))


def test_an_archive_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.questions.files.archive.SPARE_BYTES", 2**60)
    with pytest.raises(ImportFailed, match="TMPDIR"):
        list(read_questions(archive(tmp_path / "a.7z", Posts_xml=POSTS), site="stats"))


def test_a_volume_is_known_by_its_name(tmp_path: Path) -> None:
    whole = archive(tmp_path / "dump.7z", Posts_xml=POSTS).read_bytes()
    for number, content in enumerate([whole[:9000], whole[9000:]], start=1):
        volume = tmp_path / f"dump.7z.{number:03}"
        volume.write_bytes(content)
        with pytest.raises(
            ImportFailed, match=r"one volume of several: join them \(cat dump\.7z\.\*"
        ):
            read_questions(volume, site="stats")
    (tmp_path / "renamed.7z").write_bytes(whole[:9000])
    with pytest.raises(ImportFailed, match="or its first volume alone"):
        list(read_questions(tmp_path / "renamed.7z", site="stats"))


def test_an_archive_of_two_sites_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.7z"
    with py7zr.SevenZipFile(path, "w") as file:
        for site in ("dogs", "cooking"):
            file.writestr(POSTS[:200], f"{site}/Posts.xml")
    with pytest.raises(ImportFailed, match=r"holds several \(cooking/Posts.xml, dogs/Posts.xml\)"):
        list(read_questions(path, site="dogs"))


def test_a_damaged_archive_is_refused_or_gives_what_comes_before_the_damage(
    tmp_path: Path,
) -> None:
    whole = archive(tmp_path / "a.7z", Posts_xml=POSTS).read_bytes()
    path = tmp_path / "b.7z"
    for position in range(32, len(whole), len(whole) // 60):  # behind the header's own version
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            rows = list(read_questions(path, site="stats"))
        except ImportFailed:
            continue
        assert rows
        assert isinstance(rows[-1], BrokenRow)


def test_the_list_of_an_archives_files_is_bounded() -> None:
    """It is packed too, and the library's own bounds come to gigabytes."""
    assert archiveinfo.MAX_HEADER_SIZE <= 2**20
    assert archiveinfo.MAX_NUMFILES <= 10_000
