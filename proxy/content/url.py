"""URLs: path segments and queries, percent-decoded piece by piece.

The number of segments and parameters never changes: what is put in is encoded, and ``/``,
``?``, ``&``, ``=`` and ``;`` in it too. Pieces without an edit keep their bytes.
"""

from __future__ import annotations

from proxy.content import form
from proxy.content.coding import PERCENT, url_escape
from proxy.content.guesses import is_mistaken
from proxy.content.url_spots import either_plus
from proxy.content.visitor import Drop, Edit
from proxy.content.walk import Walk
from proxy.policy.model import Endpoint, FieldRule
from proxy.policy.parts import Part, Several
from proxy.policy.telling import PEOPLE, settle

_NAMES_A_LOGIN = "userId"
_DROPPED = "-"
"""A dropped path segment cannot be empty: the path would have another shape."""


def url_edits(target: str, endpoint: Endpoint, walk: Walk) -> list[Edit]:
    """Edits for a URL, absolute or relative: path, query, fragment."""
    path_at = _path_start(target)
    fragment_at = _find(target, "#", path_at, len(target))
    query_at = _find(target, "?", path_at, fragment_at)
    edits = _path(target, path_at, query_at, endpoint, walk)
    if query_at < fragment_at:
        query = target[query_at + 1 : fragment_at]
        found = form.edits(query, walk, endpoint.query_fields, semicolon=True)
        edits += [Edit(a + query_at + 1, b + query_at + 1, text) for a, b, text in found]
    if fragment_at < len(target):
        edits += _piece(target, fragment_at + 1, len(target), walk)
    return edits


def _find(text: str, sign: str, begin: int, end: int) -> int:
    place = text.find(sign, begin, end)
    return end if place < 0 else place


def _path_start(target: str) -> int:
    """Where the path begins: behind scheme and authority, if there are any."""
    head = target[:2000]
    mark = head.find("://")
    if mark < 0 and target.startswith("//"):
        mark = -1
    elif mark < 0 or any(sign in head[:mark] for sign in "/?#"):
        return 0
    return min(_find(target, sign, mark + 3, len(target)) for sign in "/?#")


def _path(target: str, begin: int, end: int, endpoint: Endpoint, walk: Walk) -> list[Edit]:
    edits: list[Edit] = []
    at = begin + 1 if target.startswith("/", begin) else begin
    index = 0
    before = ""
    while at <= end:
        stop = _find(target, "/", at, end)
        rule = endpoint.path_fields.get(index)
        if rule is None and at < stop and before in PEOPLE:
            rule = _login(PERCENT.decode(target[at:stop]), walk)
        before = target[at:stop].lower()
        edits += _segment(target, at, stop, rule, walk, endpoint.path_parts.get(index))
        at = stop + 1
        index += 1
    return edits


def _login(value: str, walk: Walk) -> FieldRule | None:
    """The rule for a login that the directory has, where a service names people in its paths."""
    told = walk.inside.step(_NAMES_A_LOGIN).told
    rule = settle((), [told])[0] if told is not None else None
    return None if rule is None or is_mistaken(rule, value, walk.visitor) else rule


def _segment(
    target: str,
    at: int,
    stop: int,
    rule: FieldRule | None,
    walk: Walk,
    part: Part | Several | None,
) -> list[Edit]:
    """One segment: its value, then its matrix parameters (``;name=value``)."""
    value_end = _find(target, ";", at, stop)
    if isinstance(part, Several):
        edits = _several(target, at, value_end, part, walk)
    else:
        edits = _value(target, at, value_end, rule, walk, part)
    while value_end < stop:
        begin = value_end + 1
        value_end = _find(target, ";", begin, stop)
        equals = _find(target, "=", begin, value_end)
        edits += _piece(target, begin, equals, walk)
        edits += _piece(target, min(equals + 1, value_end), value_end, walk)
    return edits


def _value(
    target: str, at: int, end: int, rule: FieldRule | None, walk: Walk, part: Part | None
) -> list[Edit]:
    span = part.span(target[at:end]) if part else (0, end - at)
    if end <= at or rule is None or span is None:
        return _piece(target, at, end, walk)
    begin, stop = at + span[0], at + span[1]
    raw = target[begin:stop]
    value = PERCENT.decode(raw)
    answer = walk.visitor.field(rule, part.read(value) if part else value)
    if answer is None:
        return _piece(target, at, end, walk) if walk.answer else []
    answer = _DROPPED if isinstance(answer, Drop) else answer
    return [Edit(begin, stop, _encode(part.write(answer) if part else answer, raw))]


def _several(target: str, at: int, end: int, part: Several, walk: Walk) -> list[Edit]:
    """Each of several values by its own rule; without one, as any text."""
    spans = part.spans(target[at:end])
    if spans is None or walk.answer or not any(part.rules):
        return _piece(target, at, end, walk)
    edits: list[Edit] = []
    for index, (first, last) in enumerate(spans):
        begin, stop = at + first, at + last
        rule, raw = part.rules[index], target[begin:stop]
        if rule is None:
            edits += _piece(target, begin, stop, walk)
            continue
        answer = walk.visitor.field(rule, part.read(PERCENT.decode(raw), index))
        if answer is not None:
            written = _DROPPED if isinstance(answer, Drop) else part.write(answer, index)
            edits.append(Edit(begin, stop, _encode(written, raw)))
    return edits


def _piece(target: str, begin: int, end: int, walk: Walk) -> list[Edit]:
    raw = target[begin:end]
    if not raw:
        return []
    found = either_plus(raw, walk)
    return [Edit(begin + first, begin + last, text) for first, last, text in found]


def _encode(replacement: str, raw: str) -> str:
    """Encoded for a segment. ``.`` and ``..`` alone would climb in the path."""
    written = url_escape(replacement, raw, raw)
    return written.replace(".", "%2E") if written in (".", "..") else written
