"""Where fetched lists stand: the last good ones, each with a slip that says where it is from.

``STATE/subscribed/NAME.txt`` is a list, ``SUBSCRIPTION.json`` the slip of a subscription.
Files appear by rename after they are on disk, so a kill or a power cut leaves the old one or
the new one. A slip that does not fit its lists is not believed: the list stays in force, and
the next update asks for it whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from proxy.blocking.lists import BLOCK_LISTS, ListFile, discover
from proxy.blocking.subscriptions.schema import Subscription, Subscriptions, read_subscriptions
from proxy.errors import InputError

FOLDER = "subscribed"


@dataclass(frozen=True, slots=True)
class Slip:
    """Where a subscription's lists came from, and how the last try went."""

    source: str = ""
    etag: str = ""
    last_modified: str = ""
    taken: float = 0.0
    """When its content was last taken or confirmed as current (Unix time)."""
    tried: float = 0.0
    hours: int = 0
    """What the list says it holds for; 0: nothing said."""
    licence: str = ""
    problem: str = ""
    """Why the last try gave nothing, or empty."""
    rules: dict[str, int] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)


class Shelf:
    """The fetched lists of one site."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER

    def path(self, name: str) -> Path:
        """The file of a list."""
        return self.folder / f"{name}.txt"

    def lists(self, subscriptions: Subscriptions) -> list[ListFile]:
        """The lists that are wanted and there, in the order of the file."""
        return [
            ListFile(
                name,
                self.path(name),
                f"{FOLDER}/{name}.txt",
                one.category,
                one.format.syntax,
                one.top_level,
            )
            for one in subscriptions.active()
            for name in one.list_names()
            if self.path(name).is_file()
        ]

    def slip(self, subscription: Subscription) -> Slip:
        """The slip, or an empty one if there is none that can be read."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            data = json.loads((self.folder / f"{subscription.name}.json").read_bytes())
            return Slip(**data)
        return Slip()

    def is_whole(self, subscription: Subscription, slip: Slip) -> bool:
        """Whether every list stands there as the slip says."""
        return all(
            slip.sha256.get(name) == _digest(self.path(name)) for name in subscription.list_names()
        )

    def put(self, subscription: Subscription, contents: dict[str, bytes], slip: Slip) -> None:
        """Take new content, lists first, their slip last."""
        for name, content in contents.items():
            self._write(self.path(name), content)
        self.note(subscription, slip)

    def note(self, subscription: Subscription, slip: Slip) -> None:
        """Write the slip alone."""
        text = json.dumps(asdict(slip), indent=1).encode()
        self._write(self.folder / f"{subscription.name}.json", text)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One update at a time; what an update that was killed left half done is removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError("another update of the lists is running, wait for it") from error
            for left in self.folder.glob("*.part"):
                left.unlink(missing_ok=True)
            yield

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def site_lists(root: Path, state_dir: Path) -> list[ListFile]:
    """All lists of a site: its own in ``lists/block``, then those it subscribes to."""
    fetched = Shelf(state_dir).lists(read_subscriptions(root))
    return [*discover(root / BLOCK_LISTS, root), *fetched]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "absent"
