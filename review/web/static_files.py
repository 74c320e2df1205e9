"""The files of `review/static`, by addresses that change with their bytes."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

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
        self._files = dict(sorted(_read_files()))

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


def _read_files() -> list[tuple[str, StaticFile]]:
    found = []
    for file in files("review").joinpath("static").iterdir():
        media_type = TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:16]
            found.append((file.name, StaticFile(content, media_type, digest)))
    return found
