"""Which class of retention each type of event belongs to, and what has expired."""

from __future__ import annotations

from proxy.audit.events import TYPES, rfc3339
from proxy.retention import EventClass, Retention

_CLASSES: dict[str, EventClass] = {
    **dict.fromkeys(
        (
            "request-pseudonymised",
            "answer-restored",
            "field-minimised",
            "request-refused",
            "answer-refused",
            "opaque-allowed",
            "objection-enforced",
            "photo-refused",
            "canary-seen",
        ),
        EventClass.TRAFFIC,
    ),
    **dict.fromkeys(
        (
            "tracker-blocked",
            "profiling-blocked",
            "profiling-observed",
            "request-spared",
            "exception-used",
            "parameters-stripped",
            "privacy-filtered",
            "connection-tunnelled",
            "connection-denied",
        ),
        EventClass.BLOCKING,
    ),
    **dict.fromkeys(("traffic-counted", "events-counted"), EventClass.FIGURES),
}


def class_of(type: str) -> EventClass:
    """The class of a type; one that is not named above is administration."""
    return _CLASSES.get(type, EventClass.ADMINISTRATION)


def cutoffs(retention: Retention, now: float | None = None) -> dict[str, str]:
    """By type of event: expired are those stamped before this time."""
    before = {kind: rfc3339(retention.before(kind, now).timestamp()) for kind in EventClass}
    return {type: before[class_of(type)] for type in TYPES}
