"""The surrogates' bodies, and which of them an address asks for: made once, on import."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from proxy.blocking.patterns import any_of, with_parents
from proxy.blocking.surrogates.table import SURROGATES, Surrogate

_BEGIN = b"""'use strict';
if (typeof document === 'undefined') { return; } // a worker has no page to serve
"""
_FOLDER = Path(__file__).parent
_LONGEST_PATH = 2048


def script(row: Surrogate) -> bytes:
    """The script to serve: kit and file in one function, so that no name meets the page's."""
    head = f"/* Préau: stands in for {row.title}. Sends nothing, stores nothing. */\n"
    if row.module:
        return head.encode() + _text(row.file)
    blocks = b"".join(b"{\n%b}\n" % _text(name) for name in (*row.before, row.file))
    return b"%b(() => {\n%b%b%b})();\n" % (head.encode(), _BEGIN, _text("kit.js"), blocks)


def for_address(host: str, path: str) -> str:
    """The file that stands in for the script at ``https://host/path``, or empty."""
    path = path.partition("?")[0][:_LONGEST_PATH]
    for parent in (*with_parents(host), _ANY_HOST):
        group = _BY_HOST.get(parent)
        found = group.pattern.fullmatch(path) if group else None
        if group and found and found.lastindex:
            return group.files[found.lastindex - 1]
    return ""


def _text(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


_ANY_HOST = ""


class _Group(NamedTuple):
    """The addresses of one host: one expression whose group that matched is the file's."""

    pattern: re.Pattern[str]
    files: tuple[str, ...]


def _index() -> dict[str, _Group]:
    paths: dict[str, list[tuple[str, str]]] = {}
    for row in SURROGATES:
        for address in row.addresses:
            host, _, path = address.partition("/")
            whole = f"/{path}" if host else f"*/{path}"
            paths.setdefault(host, []).append((whole, row.file))
    return {
        host: _Group(any_of(path for path, _ in own), tuple(file for _, file in own))
        for host, own in paths.items()
    }


_BY_HOST = _index()
