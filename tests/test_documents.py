"""The documents name everything that there is."""

import inspect
import re
from functools import cache
from pathlib import Path

import pytest

from core.settings import DEFAULTS, PREFIX, Settings
from demo.cli import demo
from demo.run import SITE
from tests.commands import Command, all_commands, check_arguments, commands_of_document
from tools.imports import files

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_documents(name: str) -> None:
    assert f"| `{PREFIX}{name.upper()}` |" in (ROOT / "docs/settings.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_documents_name_the_default_of_every_setting(name: str) -> None:
    default = getattr(DEFAULTS, name)
    shown = ",".join(default) if isinstance(default, tuple) else str(default).lower()
    if isinstance(default, float):
        shown = f"{default:g}"
    if default is not None:
        row = f"| `{PREFIX}{name.upper()}` | `{shown}` |"
        assert row in (ROOT / "docs/settings.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_composition_hands_every_setting_on(name: str) -> None:
    assert f"  {PREFIX}{name.upper()}: " in (ROOT / "docker-compose.yml").read_text()


def test_what_the_composition_reads_besides_stands_in_the_documents() -> None:
    named = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    text = (ROOT / "docs/settings.md").read_text()
    assert [name for name in sorted(named) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("command", all_commands(), ids=str)
def test_every_command_has_an_example_that_parses_and_a_section(command: Command) -> None:
    assert command.example[: len(command.words)] == list(command.words)
    check_arguments(command.example)
    page = (ROOT / "docs/commands.md").read_text()
    assert f"# `tagger {command}`\n" in page
    assert f"| [`tagger {command}`](#tagger-{'-'.join(command.words)}) | " in page


DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
WRITTEN = [path for path in DOCUMENTS if path.name != "commands.md"]  # which the examples make
COMMANDS = [arguments for document in WRITTEN for arguments in commands_of_document(document)]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_of_the_documents_parses(arguments: list[str]) -> None:
    check_arguments(arguments)


def test_a_terminal_that_follows_the_readme_finds_the_program_and_the_demo() -> None:
    """What a line needs stands in a line above it."""
    readme = (ROOT / "README.md").read_text()
    assert readme.index(". .venv/bin/activate\n") < readme.index("\ntagger ")
    folder, site = inspect.signature(demo).parameters["folder"].default, SITE
    assert f"\nexport TAGGER_DATA_DIR={folder} TAGGER_SITES={site}\n" in readme
    assert ".venv/bin/tagger" not in readme


def anchors(document: Path) -> set[str]:
    """What a link may name of a document: its headings, as GitHub and MyST make anchors of them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", document.read_text()):
        found = document.parent / target if target else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_functions_that_a_document_names_are_there(document: Path) -> None:
    for function in set(re.findall(r"`([a-z]\w+)\(\)`", document.read_text())):
        assert f"def {function}(" in all_code(), function


@cache
def all_code() -> str:
    return "\n".join((ROOT / file).read_text() for file in files())


def test_every_document_stands_in_the_contents_of_the_site() -> None:
    contents = (ROOT / "docs/index.md").read_text().splitlines()
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"} <= set(contents)


@pytest.mark.parametrize(
    "start", [ROOT / "README.md", ROOT / "docs/index.md"], ids=lambda p: p.name
)
def test_every_document_is_linked_where_a_reader_starts(start: Path) -> None:
    linked = set(re.findall(r"\]\((?:docs/)?([\w-]+\.md)[)#]", start.read_text()))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"} <= linked


def test_both_images_say_which_version_they_are() -> None:
    images = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    labelled = [one for one in images if "org.opencontainers.image.version=$VERSION" in one]
    assert [one.split("\n")[0].split(" AS ")[1] for one in labelled] == ["tagger", "tagger-trainer"]
    assert all("org.opencontainers.image.revision=$REVISION" in one for one in labelled)


def test_the_images_install_the_versions_of_the_one_lock() -> None:
    def pinned(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line}

    everything = pinned("requirements.lock")
    base, trainer = pinned("requirements.base.lock"), pinned("requirements.trainer.lock")
    assert base < everything
    assert trainer < everything
    assert trainer < pinned("requirements.teacher.lock") < everything
    assert base < pinned("requirements.encoder.lock") < everything
    assert pinned("requirements.uv.lock") < everything
    assert not any(line.startswith(("tensorflow", "ray==")) for line in base)
    assert not any(line.startswith("ray==") for line in trainer)


def test_no_lock_names_an_address() -> None:
    for lock in (*ROOT.glob("*.lock"), *ROOT.glob("deploy/*.lock")):
        assert "://" not in lock.read_text()
