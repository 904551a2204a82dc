"""Do the gateways that share a store run the same policy, lists and directory?

Each announces what it runs under an opaque name, with the time since when, in a note that
expires by itself. Who reads the notes sees whether they agree, which differ, and since when:
since the first of them took the newest value. Nothing here is about people or traffic.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

EVERY_SECONDS: Final = 10
EXPIRES_SECONDS: Final = 35
"""Three announcements may be missed."""
GRACE_SECONDS: Final = 180
"""A change takes its time to reach everybody: until then a split is no fault."""
_FILE: Final = "gateway-id"


class Part(StrEnum):
    """What gateways must agree on."""

    POLICY = "policy"
    LISTS = "lists"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Standing:
    """What one worker of one gateway runs: value and since when (Unix time), by part."""

    name: str
    values: Mapping[Part, tuple[str, float]]

    @property
    def gateway(self) -> str:
        """The machine, without the worker."""
        return self.name.partition(".")[0]

    def note(self) -> bytes:
        """As it is announced."""
        return orjson.dumps({part.value: value for part, value in self.values.items()})

    def taking(self, values: Mapping[Part, str], now: float) -> Standing:
        """With today's values; what is as before keeps its time."""
        old = self.values
        return Standing(
            self.name,
            {
                part: old[part] if part in old and old[part][0] == value else (value, now)
                for part, value in values.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Split:
    """Gateways do not agree on a part."""

    part: Part
    since: float
    apart: tuple[str, ...]
    """Who does not run what most run (on a tie: what was taken last)."""


def read(notes: Mapping[str, bytes]) -> list[Standing]:
    """The notes that can be read, by name: those of another release may say other things."""
    found = []
    for name, note in sorted(notes.items()):
        try:
            document = orjson.loads(note)
            values = {Part(p): (str(v), float(t)) for p, (v, t) in document.items()}
        except (ValueError, TypeError, AttributeError):
            continue
        found.append(Standing(name, values))
    return found


def splits(standings: Iterable[Standing]) -> list[Split]:
    """What they do not agree on."""
    standings = list(standings)
    return [split for part in Part if (split := _split(part, standings))]


def _split(part: Part, standings: list[Standing]) -> Split | None:
    held = [(s.name, *s.values[part]) for s in standings if part in s.values]
    first: dict[str, float] = {}
    for _, value, since in held:
        first[value] = min(since, first.get(value, since))
    if len(first) < 2:
        return None
    newest = max(first, key=lambda value: (first[value], value))
    count = Counter(value for _, value, _ in held)
    common = max(count, key=lambda value: (count[value], first[value], value))
    apart = tuple(name for name, value, _ in held if value != common)
    return Split(part, first[newest], apart)


def known_id(state: Path) -> str:
    """This machine's name among the gateways; empty before one has run."""
    try:
        return (state / _FILE).read_text("ascii").strip()
    except OSError:
        return ""


def gateway_id(state: Path) -> str:
    """The same, made when there is none: random, and says nothing of the machine."""
    if found := known_id(state):
        return found
    path, made = state / _FILE, secrets.token_hex(4)
    draft = path.with_name(f".{_FILE}.{secrets.token_hex(4)}")
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(f"{made}\n", "ascii")
        try:
            os.link(draft, path)  # the first worker wins, and nobody reads half a name
        except FileExistsError:
            made = path.read_text("ascii").strip()
        finally:
            draft.unlink()
    except OSError:
        pass  # a state folder that cannot be written is told of elsewhere: a name for today
    return made


def worker_name(state: Path) -> str:
    """One worker of this machine."""
    return f"{gateway_id(state)}.{secrets.token_hex(2)}"


def lasted(split: Split, now: float | None = None) -> float:
    """Seconds since it began."""
    return max(0.0, (time.time() if now is None else now) - split.since)
