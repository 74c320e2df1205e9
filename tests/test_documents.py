"""The documents name everything that there is."""

from pathlib import Path

import pytest
import typer

import tagger
from core.settings import DEFAULTS, PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent


def commands(app: typer.Typer, prefix: str = "tagger") -> list[tuple[str, str]]:
    """(what one types, its help) of every command."""
    group = typer.main.get_command(app)
    found: list[tuple[str, str]] = []

    def walk(node: object, words: str) -> None:
        for name, child in getattr(node, "commands", {}).items():
            if hasattr(child, "commands"):
                walk(child, f"{words} {name}")
            else:
                found.append((f"{words} {name}", child.help or ""))

    walk(group, prefix)
    return found


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


@pytest.mark.parametrize(("name", "text"), commands(tagger.make_app()))
def test_every_command_has_an_example_and_stands_in_the_readme(name: str, text: str) -> None:
    assert "Example: " in text
    *group, last = name.split()
    readme = (ROOT / "README.md").read_text()
    assert f"`{name}" in readme or (f"`{' '.join(group)} " in readme and f"`{last}`" in readme)


def test_links_between_documents_lead_somewhere() -> None:
    import re

    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_images_install_the_versions_of_the_one_lock() -> None:
    def pinned(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line}

    everything = pinned("requirements.lock")
    base, trainer = pinned("requirements.base.lock"), pinned("requirements.trainer.lock")
    assert base < everything
    assert trainer < everything
    assert not any(line.startswith(("tensorflow", "ray==")) for line in base)
    assert not any(line.startswith("ray==") for line in trainer)


def test_no_lock_names_an_address() -> None:
    for lock in ROOT.glob("*.lock"):
        assert "://" not in lock.read_text()
