"""The files of `review/static`, by addresses that change with their bytes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import Request, Response

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent: its bytes, its type, and the digest that stands in its address."""

    content: bytes
    media_type: str
    digest: str


class StaticFiles:
    """Holds the package's static files in memory; they are few and small."""

    def __init__(self) -> None:
        self._files = dict(sorted(_read_files(files("review").joinpath("static"))))

    def address(self, name: str) -> str:
        """The address of a file, with its digest: browsers may keep it for good.

        Raises:
            KeyError: there is no such file.
        """
        return f"/static/{name}?v={self._files[name].digest}"

    def answer(self, name: str, request: Request) -> Response:
        """The answer for /static/{name}: the file, or that there is none."""
        file = self._files.get(name)
        if file is None:
            return Response(status_code=404)
        is_current = request.query_params.get("v") == file.digest
        etag = f'"{file.digest}"'  # for scripts that import each other, by addresses without digest
        headers = {"Cache-Control": FOR_GOOD if is_current else "no-cache", "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)


def _read_files(folder: Traversable, within: str = "") -> Iterator[tuple[str, StaticFile]]:
    """The files of a folder and of those in it, by their paths."""
    for file in folder.iterdir():
        media_type = TYPES.get(file.name.rpartition(".")[2])
        if file.is_dir():
            yield from _read_files(file, f"{within}{file.name}/")
        elif media_type is not None:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:16]
            yield f"{within}{file.name}", StaticFile(content, media_type, digest)
