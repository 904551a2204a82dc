"""Hosts: which service a host belongs to, and which hosts are never inspected."""

from __future__ import annotations

import re

from proxy.policy.host_names import parse_host
from proxy.policy.model import RuleRef
from proxy.policy.problems import Problem

_SECTION = re.compile(r"\[([a-z0-9]+(?:-[a-z0-9]+)*)\]")


def normal_host(host: str) -> str:
    """Lower case, no final dot, and an accented name as certificates, SNI and the tables write it.

    mitmproxy decodes ``xn--`` labels; compared like that, no accented name would be itself.
    """
    host = host.rstrip(".").lower()
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


class HostTable[Value]:
    """Exact hosts first, then the longest ``*.suffix``: one dictionary look a label."""

    __slots__ = ("_below", "_exact")

    def __init__(self) -> None:
        self._exact: dict[str, Value] = {}
        self._below: dict[str, Value] = {}

    def add(self, pattern: str, value: Value) -> Value | None:
        """Add a host or ``*.suffix``; the value already there, if any (and it stays)."""
        wild = pattern.startswith("*.")
        table = self._below if wild else self._exact
        name = pattern[2:] if wild else pattern
        there = table.setdefault(name, value)
        return None if there is value else there

    def find(self, host: str) -> Value | None:
        """The value for a normal host."""
        if (found := self._exact.get(host)) is not None:
            return found
        below = self._below
        dot = host.find(".")
        while dot >= 0:
            if (found := below.get(host[dot + 1 :])) is not None:
                return found
            dot = host.find(".", dot + 1)
        return None


def parse_never_inspect(raw: bytes, file: str) -> tuple[list[tuple[str, RuleRef]], list[Problem]]:
    """The hosts of a list: one a line, ``#`` comments, ``[category]`` opens a section."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [Problem(file, 1, 1, "not UTF-8 text, save the file as UTF-8")]
    hosts: list[tuple[str, RuleRef]] = []
    problems: list[Problem] = []
    category = ""
    for number, whole in enumerate(text.split("\n"), 1):
        line = whole.partition("#")[0].strip()
        if not line:
            continue
        if (section := _SECTION.fullmatch(line)) is not None:
            category = section[1]
            continue
        try:
            host = parse_host(line)
        except ValueError as error:
            problems.append(Problem(file, number, 1, f"{error}, or a section such as [banking]"))
            continue
        words = f"{category}: {host}" if category else host
        hosts.append((host, RuleRef(file, number, words)))
    return hosts, problems
