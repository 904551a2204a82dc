"""List files: finding them, telling their syntax, and accounting for every line of them.

A list says something about itself in comments at its head or, for the category, anywhere::

    ! Title: what people call it
    ! Expires: 4 days
    ! Top-level: yes         holds for pages that a person opens, not only for what pages load
    ! category: telemetry    of the rules below, until the next such line

Hosts files and domain lists always hold for top-level navigations: naming the host is all
they do. Adblock lists do so only when they say so, because their ``||host^`` is written by
people who rely on the browser to spare navigations.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from proxy.blocking.rules import (
    COMMENT,
    Line,
    Use,
    abp_line,
    cname_line,
    domain_line,
    hosts_line,
    ignored,
)
from proxy.errors import InputError

BLOCK_LISTS = Path("lists/block")
"""Where a site keeps its block lists. (``lists/never-inspect.txt`` is the gate's, not ours.)"""

MAX_BYTES = 256 * 1024 * 1024
MAX_PROBLEMS = 200


class Category(StrEnum):
    """What a blocked request was for; the label of ``preau_blocks_total``."""

    ADVERTISING = "advertising"
    ANALYTICS = "analytics"
    SOCIAL = "social"
    SESSION_REPLAY = "session-replay"
    TELEMETRY = "telemetry"
    PROFILING = "profiling"
    BYPASS = "bypass"
    """Ways round the gateway: resolvers and relays inside HTTPS."""
    TRACKING = "tracking"
    """For lists that do not say more."""


CATEGORIES = tuple(Category)
DEMANDED = frozenset((Category.PROFILING, Category.SESSION_REPLAY, Category.TELEMETRY))
"""Reports on how people behave: "no predictive models of behaviour" is about these."""


class Syntax(StrEnum):
    """How a list file is written."""

    ABP = "adblock"
    HOSTS = "hosts"
    DOMAINS = "domains"
    CNAME = "cname"
    """Hosts that trackers hide behind other names: never blocked by their own name here."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A block list of the site. ``file`` is how people find it (``lists/block/x.txt``)."""

    name: str
    path: Path
    file: str
    category: Category = Category.TRACKING
    syntax: Syntax | None = None
    """How it is written; ``None``: told from its first lines."""
    top_level: bool = False
    """Whether it holds for pages that people open, whatever its syntax."""
    without: tuple[Category, ...] = ()
    """Categories whose rules are left out (a rule of the site switches them off)."""

    def as_dict(self) -> dict[str, object]:
        """For the job of another process, and for the digest."""
        return {
            "name": self.name,
            "path": str(self.path.absolute()),
            "file": self.file,
            "category": self.category.value,
            "syntax": self.syntax.value if self.syntax else "",
            "top_level": self.top_level,
            "without": [category.value for category in self.without],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ListFile:
        """The inverse of ``as_dict``."""
        return cls(
            data["name"],
            Path(data["path"]),
            data["file"],
            Category(data["category"]),
            Syntax(data["syntax"]) if data["syntax"] else None,
            bool(data["top_level"]),
            tuple(map(Category, data.get("without", ()))),
        )

    def read(self) -> bytes:
        """The content; an unreadable or absurdly large list is an ``InputError``."""
        try:
            if self.path.stat().st_size > MAX_BYTES:
                raise InputError(f"{self.file}: larger than {MAX_BYTES >> 20} MiB; split the list")
            return self.path.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(f"{self.file}: cannot be read ({reason}); check the file") from error


class Problem(NamedTuple):
    """A line that does nothing here."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ListReport:
    """The account of one list: every line is used, cosmetic, a comment, or ignored for a reason."""

    name: str
    file: str
    syntax: Syntax
    top_level: bool
    rules: int
    """Rules in force."""
    whole_hosts: int
    """Of these, rules on a whole host, which also hold when only the host is known."""
    cosmetic: int
    ignored: Mapping[str, int]
    problems: tuple[Problem, ...]
    """The first ignored lines, at most ``MAX_PROBLEMS``."""
    expires_days: int = 0
    licence: str = ""
    strips: int = 0
    """Of the rules, those that take parameters out of URLs."""

    def as_dict(self) -> dict[str, object]:
        """For JSON and for the cache file."""
        return {
            "name": self.name,
            "file": self.file,
            "syntax": self.syntax.value,
            "top_level": self.top_level,
            "rules": self.rules,
            "whole_hosts": self.whole_hosts,
            "cosmetic": self.cosmetic,
            "ignored": dict(self.ignored),
            "problems": [list(problem) for problem in self.problems],
            "expires_days": self.expires_days,
            "licence": self.licence,
            "strips": self.strips,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> ListReport:
        """The inverse of ``as_dict``."""
        values = dict(data)
        values["syntax"] = Syntax(str(values["syntax"]))
        values["problems"] = tuple(Problem(*row) for row in values["problems"])  # type: ignore[attr-defined] # JSON list
        return cls(**values)  # type: ignore[arg-type] # written by as_dict


@dataclass(slots=True)
class Account:
    """A ``ListReport`` in the making."""

    source: ListFile
    syntax: Syntax
    top_level: bool
    expires_days: int
    licence: str = ""
    strips: int = 0
    rules: int = 0
    whole_hosts: int = 0
    cosmetic: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def ignore(self, line: int, reason: str, text: str) -> None:
        """Count a line that does nothing, and remember the first ones."""
        self.ignored[reason] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(line, reason, text.strip()[:120]))

    def report(self) -> ListReport:
        """The final account."""
        return ListReport(
            self.source.name,
            self.source.file,
            self.syntax,
            self.top_level,
            self.rules,
            self.whole_hosts,
            self.cosmetic,
            dict(self.ignored.most_common()),
            tuple(self.problems),
            self.expires_days,
            self.licence,
            self.strips,
        )


class Rule(NamedTuple):
    """A rule that will work, and where it stands."""

    line: Line
    number: int
    category: Category


def discover(folder: Path, root: Path | None = None) -> list[ListFile]:
    """The block lists of a folder (``*.txt``), by name; ``file`` is relative to ``root``."""
    base = folder.parent.parent if root is None else root
    return [
        ListFile(path.stem, path, path.relative_to(base).as_posix())
        for path in sorted(folder.glob("*.txt"))
        if path.is_file()
    ]


def age_seconds(source: ListFile) -> float:
    """Seconds since the list's file last changed."""
    return max(0.0, time.time() - source.path.stat().st_mtime)


def parse(source: ListFile, content: bytes) -> tuple[Account, list[Rule]]:
    """Understand every line of a list. Never raises: bad lines are counted and skipped."""
    lines = content.decode("utf-8-sig", "replace").split("\n")
    account = _open(source, lines)
    understand = _UNDERSTAND[account.syntax]
    category = source.category
    rules: list[Rule] = []
    for number, raw, active in _conditions(lines):
        found = understand(raw) if active else _INACTIVE
        if found is COMMENT:
            category = _category(raw, category)
        elif found.use is Use.COSMETIC:
            account.cosmetic += 1
        elif found.use is Use.IGNORED:
            account.ignore(number, found.text, raw)
        elif category not in source.without:
            rules.append(Rule(found, number, category))
    return account, rules


_UNDERSTAND = {
    Syntax.ABP: abp_line,
    Syntax.HOSTS: hosts_line,
    Syntax.DOMAINS: domain_line,
    Syntax.CNAME: cname_line,
}
_INACTIVE = ignored("for another blocker (!#if)")

_HEAD_LINES = 60
_EXPIRES = re.compile(r"[!#]\s*expires:\s*(\d{1,3})\s*(day|hour)", re.I)
_LICENCE = re.compile(r"[!#]\s*licen[cs]e:\s*(\S[^\r\n]{0,199})", re.I)
_TOP_LEVEL = re.compile(r"!\s*top-level:\s*(yes|true)\s*$", re.I)
_CATEGORY = re.compile(r"[!#]\s*category:\s*([a-z-]+)\s*$", re.I)
_HOSTS_START = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*::\S*)\s+[a-z]", re.I)
_ABP_MARKS = re.compile(r"^\[|^!|^@@|^\|\||##|\$|\^|^/")


def _open(source: ListFile, lines: list[str]) -> Account:
    """The list's syntax and what its head says."""
    syntax = source.syntax or _syntax(lines)
    head = [line[:300].strip() for line in lines[:_HEAD_LINES]]
    explicit = source.top_level or syntax in (Syntax.HOSTS, Syntax.DOMAINS)
    explicit = explicit or any(map(_TOP_LEVEL.match, head))
    licence = next((m.group(1).strip() for m in map(_LICENCE.match, head) if m), "")
    return Account(source, syntax, explicit, expires_hours(head) // 24, licence)


def expires_hours(head: Iterable[str]) -> int:
    """What ``! Expires:`` asks for, at least a day so that no server is bothered; 0: nothing."""
    found = next((m for m in map(_EXPIRES.match, head) if m), None)
    if found is None:
        return 0
    return max(24, int(found.group(1)) * (24 if found.group(2).lower() == "day" else 1))


def _syntax(lines: list[str]) -> Syntax:
    """Told from the first lines that say something; Adblock when in doubt."""
    seen = 0
    hosts = 0
    for raw in lines:
        text = raw[:300].strip()
        if not text or (text[0] == "#" and not text.startswith(("##", "#@"))):
            continue
        if _HOSTS_START.match(text):
            hosts += 1
        elif _ABP_MARKS.search(text):
            return Syntax.ABP
        seen += 1
        if seen >= _HEAD_LINES:
            break
    if not seen:
        return Syntax.ABP
    return Syntax.HOSTS if hosts * 2 > seen else Syntax.DOMAINS


def _category(raw: str, current: Category) -> Category:
    match = _CATEGORY.match(raw[:300].strip())
    if match is None:
        return current
    word = match.group(1).lower()
    return Category(word) if word in Category else Category.TRACKING


def _conditions(lines: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Lines with their numbers and whether ``!#if`` lets them count here.

    The conditions name other blockers' environments (``env_firefox``, ``ext_ublock`` …):
    every word is false here, so only ``!word`` holds.
    """
    stack: list[bool] = []
    for number, raw in enumerate(lines, 1):
        if raw.startswith("!#"):
            text = raw.strip()
            if text.startswith("!#if "):
                stack.append(_holds(text[5:]))
            elif text.startswith("!#else") and stack:
                stack[-1] = not stack[-1]
            elif text.startswith("!#endif") and stack:
                stack.pop()
        else:
            yield number, raw, all(stack)


def _holds(condition: str) -> bool:
    return any(
        all(word.strip().startswith("!") for word in part.split("&&"))
        for part in condition.split("||")
    )
