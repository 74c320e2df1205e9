"""A file that a service touches while it gets on, for whoever watches over it."""

from pathlib import Path


class Heartbeat:
    """Touches a file, where there is one to touch."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def beat(self) -> None:
        """Tell that the service gets on."""
        if self._file is not None:
            self._file.touch()
