"""GraphQL in JSON: a query that travels with its own hash (automatic persisted queries).

The hash is SHA-256 of the query's text, without a key: where a literal in the text changed, the
new text gets its own. A hash of anything else names a query that the service keeps: then
only variables can change, and policy (``signed``) says whether the literals may pass.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from proxy.content import json
from proxy.content.edits import splice
from proxy.content.signed import refuse_signed
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_QUERY = re.compile(r'"query"\s*+:\s*+"(?:[^"\\]|\\.)*+"', re.S)


def with_hashes(text: str, value: Any, edits: list[Edit], walk: Walk) -> list[Edit]:
    """``edits`` of the request ``text``, and one for each hash that has to follow its query."""
    if not edits or walk.answer or '"persistedQuery"' not in text:
        return edits
    new = json.parse(splice(text, edits))
    hashes: dict[str, str] = {}
    for before, after in zip(_operations(value), _operations(new), strict=False):
        old = _hash(before)
        if not old or before["query"] == after.get("query"):
            continue
        if _sha256(before["query"]) != old:
            refuse_signed(walk)
            spans = [match.span() for match in _QUERY.finditer(text)]
            return [e for e in edits if not any(a <= e.start < b for a, b in spans)]
        hashes[old] = _sha256(after["query"])
    found = [
        Edit(*match.span(1), hashes[match[1]])
        for match in re.finditer('"([0-9a-f]{64})"', text)
        if match[1] in hashes
    ]
    return sorted(edits + found)


def _operations(value: Any) -> list[dict[str, Any]]:
    """One operation, or a batch of them."""
    operations = value if isinstance(value, list) else [value]
    return [each if isinstance(each, dict) else {} for each in operations]


def _hash(operation: dict[str, Any]) -> str:
    """The hash of an operation that also carries its query."""
    extensions = operation.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    value = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return value if isinstance(value, str) and isinstance(operation.get("query"), str) else ""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
