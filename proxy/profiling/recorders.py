"""Session recorders: a film of the screen, as changes of the page and moves of the mouse."""

from __future__ import annotations

import re

from proxy.profiling.members import Object, is_number, is_text

_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[.-][\w.-]+)?")
_EPOCH_MS = 1_000_000_000_000


def rrweb(found: Object) -> bool:
    """An event of rrweb: a page's whole tree, a change of it, or its address and size."""
    kind, data, at = found.get("type"), found.get("data"), found.get("timestamp")
    if not (is_number(kind) and isinstance(data, dict) and is_number(at) and at > _EPOCH_MS):
        return False
    if kind == 2:
        return isinstance(data.get("node"), dict) and "initialOffset" in data
    if kind == 3:
        source = data.get("source")
        return is_number(source) and 0 <= source <= 17
    return kind == 4 and is_text(data.get("href")) and "width" in data and "height" in data


def snapshot(found: Object) -> bool:
    """PostHog's wrapping of rrweb, also when the events inside are compressed."""
    facts = found.get("properties")
    return isinstance(facts, dict) and ("$snapshot_data" in facts or "$snapshot_bytes" in facts)


def clarity(found: Object) -> bool:
    """Clarity's payload: an envelope that begins with a version, and lists of moves and pages."""
    envelope = found.get("e")
    return (
        isinstance(envelope, list)
        and len(envelope) >= 8
        and isinstance(envelope[0], str)
        and _VERSION.fullmatch(envelope[0]) is not None
        and is_number(envelope[1])
        and (
            isinstance(found.get("a"), list) or isinstance(found.get("p"), list) or len(found) == 1
        )
    )


def fullstory(found: Object) -> bool:
    """A bundle of events, or the page on which a recording begins."""
    events = found.get("Evts")
    if isinstance(events, list):
        return "Seq" in found or "When" in found
    return is_text(found.get("OrgId")) and is_text(found.get("Url"))


def datadog_replay(found: Object) -> bool:
    """What goes with a segment of a recording."""
    return "has_full_snapshot" in found and ("records_count" in found or "session" in found)
