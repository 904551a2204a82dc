"""The surrogates' bodies, and which of them an address asks for: made once, on import."""

from __future__ import annotations

import re
from pathlib import Path

from proxy.blocking.patterns import with_parents
from proxy.blocking.surrogates.table import SURROGATES, Surrogate

_FOLDER = Path(__file__).parent
_LONGEST_PATH = 2048

type _Pattern = tuple[re.Pattern[str], str]


def script(row: Surrogate) -> bytes:
    """The script to serve: kit and file in one function, so that no name meets the page's."""
    head = f"/* Préau: stands in for {row.title}. Sends nothing, stores nothing. */\n"
    if row.module:
        return head.encode() + _text(row.file)
    blocks = b"".join(b"{\n%b}\n" % _text(name) for name in (*row.before, row.file))
    return b"%b(() => {\n'use strict';\n%b%b})();\n" % (head.encode(), _text("kit.js"), blocks)


def for_address(host: str, path: str) -> str:
    """The file that stands in for the script at ``https://host/path``, or empty."""
    path = path.partition("?")[0][:_LONGEST_PATH]
    for parent in (*with_parents(host), _ANY_HOST):
        for pattern, file in _BY_HOST.get(parent, ()):
            if pattern.fullmatch(path):
                return file
    return ""


def _text(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


_ANY_HOST = ""


def _index() -> dict[str, list[_Pattern]]:
    """Patterns of paths by host, in the order of the table."""
    by_host: dict[str, list[_Pattern]] = {}
    for row in SURROGATES:
        for address in row.addresses:
            host, slash, path = address.partition("/")
            expression = ".*".join(re.escape(part) for part in (slash + path).split("*"))
            if host == _ANY_HOST:
                expression = f".*{expression}"
            by_host.setdefault(host, []).append((re.compile(expression), row.file))
    return by_host


_BY_HOST = _index()
