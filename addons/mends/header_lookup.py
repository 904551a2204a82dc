"""Looking a header up is one pass over the fields.

Defect: each of the twenty-odd lookups of a request goes through five calls a lookup and two a
field, and ``get`` and ``in`` find out by an exception that a header is absent.

Mend: the same answers from one comprehension.

Tested on 12.2.3. Delete when a profile no longer shows ``Headers.get_all``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mitmproxy import http

from addons.mends.patching import replace


def _wanted(name: object) -> bytes | None:
    """The name as fields hold it in lower case; ``None`` for what mitmproxy itself must judge."""
    if isinstance(name, str):
        return name.encode("utf-8", "surrogateescape").lower()
    return name.lower() if isinstance(name, bytes) else None


_get_all: Any = http.Headers.get_all


def _all(self: Any, name: Any) -> Any:
    wanted = _wanted(name)
    if wanted is None:
        return _get_all(self, name)
    return [v.decode("utf-8", "surrogateescape") for k, v in self.fields if k.lower() == wanted]


def _get(self: Any, name: Any, default: Any = None) -> Any:
    values = _all(self, name)
    return ", ".join(values) if values else default


def _contains(self: Any, name: object) -> bool:
    wanted = _wanted(name)
    if wanted is None:
        return bool(_get_all(self, name))
    return any(k.lower() == wanted for k, _ in self.fields)


@cache
def apply() -> None:
    """Mend it."""
    replace(http.Headers, "get_all", _all)
    replace(http.Headers, "get", _get)
    replace(http.Headers, "__contains__", _contains)
