"""The owner's token: made at the first start, kept where the owner alone can read it."""

import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from core.errors import SettingsError
from core.new_file import put_in_place
from core.service.review_page import TOKEN_FILE
from core.settings import Settings
from review.web.access import make_token, set_token

OWNER: Final = "owner"  # the reviewer's name; `tagger reviewers` neither adds nor removes it


def let_owner_in(engine: Engine, settings: Settings, *, now: datetime) -> str:
    """Enter the owner's token into the database; return it.

    A token that has changed ends the owner's sessions: who replaces one wants the old one dead.

    Raises:
        SettingsError: the token cannot be kept in the data folder.
    """
    if settings.review_token is not None:
        token = settings.review_token.get_secret_value()
    else:
        token = keep_token(settings.data_dir / TOKEN_FILE)
    with engine.begin() as connection:
        set_token(connection, OWNER, token, now=now)
    return token


def keep_token(file: Path) -> str:
    """The token in a file, which is made with a new one where there is none.

    Raises:
        SettingsError: the file can be neither read nor made.
    """
    try:
        if not file.exists():
            _make(file)
        file.chmod(0o600)
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it holds no token"
        raise SettingsError(
            f"The file {file} of the owner's token cannot be used: {reason}.",
            "Set TAGGER_REVIEW_TOKEN, or TAGGER_DATA_DIR to a folder that can be written.",
        ) from None
    if len(token) < 16:
        raise SettingsError(f"The file {file} holds no token.", "Delete it, and one is made.")
    return token


def _make(file: Path) -> None:
    """Write a new token aside and give it its name; another start that was faster keeps its own."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Of a random name, and for its owner alone: a container's processes all have the same numbers,
    # and one that was killed here leaves its file.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    aside = Path(name)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{make_token()}\n")
    try:
        with suppress(FileExistsError):  # another start was first
            put_in_place(aside, file)
    finally:
        aside.unlink(missing_ok=True)
