"""How far a destination has confirmed, on disk. Small files, replaced whole and flushed."""

from __future__ import annotations

from pathlib import Path

import orjson

from proxy.audit._files import write_atomically
from proxy.audit.errors import NoteError


class Cursor:
    """The number of events that one destination has, of the log with one origin.

    Another origin is another log: the cursor begins again at its first event.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin
        self.index = self._read()

    def advance(self, index: int) -> None:
        """The destination has every event before ``index``. On disk when this returns."""
        if index == self.index:
            return
        document = orjson.dumps({"index": index, "origin": self._origin})
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        write_atomically(self._path, document + b"\n")
        self.index = index

    def _read(self) -> int:
        try:
            document = orjson.loads(self._path.read_bytes())
            index, origin = document["index"], document["origin"]
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError):
            raise NoteError(
                f"{self._path} is damaged: delete it, and everything is sent again"
            ) from None
        if not isinstance(index, int) or index < 0:
            raise NoteError(f"{self._path} is damaged: delete it, and everything is sent again")
        return index if origin == self._origin else 0
