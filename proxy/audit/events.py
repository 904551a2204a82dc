"""The closed catalogue of event types: what the audit log can say, and nothing else.

An event says who (a keyed hash of the client, a group, a school, never a name), what
service, which rule of which policy, what was done and how many times. ``make_event`` is
the only door: an unknown type, an unknown field or a value that does not fit its field is
an error, so personal data cannot get in by accident. The catalogue is published as a JSON
Schema (``docs/audit-events.schema.json``, made by ``proxy.audit.schema``).

Never change what a type means: add a field, or raise the type's version.
"""

from __future__ import annotations

import re
import time as clock
import unicodedata
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import NewType

import orjson

from proxy.audit._fields import Choice, Counts, Field, Hex, Number, Word
from proxy.blocking.facts import RequestType
from proxy.errors import PreauError
from proxy.kinds import Kind
from proxy.policy.model import Action
from proxy.privacy.rules import Rule
from proxy.profiling.formats import DEMAND
from proxy.reasons import Reason

Event = NewType("Event", dict[str, object])
"""A checked event. Only ``make_event`` makes one."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "OTHER")

_SLUG = Word(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", 64)
_HEX16 = Hex(16)
_SIZE = Number()
_HOST = Word(r"(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", 253)

FIELDS: dict[str, Field] = {
    # who
    "gateway": _SLUG,
    "client": _HEX16,
    "group": _SLUG,
    "school": Word(r"[A-Za-z0-9][A-Za-z0-9._-]*", 64),
    # what, in the policy's words
    "service": _SLUG,
    "supplier": _SLUG,
    "host": _HOST,
    "endpoint": Word(r"/[A-Za-z0-9._~{}:$()',=*/…-]*", 200),
    "method": Choice(METHODS),
    "rule": Word(r"[A-Za-z0-9_./-]+:[0-9]{1,7}", 128),
    "exception": _SLUG,
    "request_type": Choice(RequestType),
    "policy": _HEX16,
    # what was done
    "reason": Choice(Reason),
    "action": Choice(
        (*Action, "restore", "minimise", "block", "tunnel", "deny", "strip", "answer", "close")
    ),
    "incident": Word(r"[A-Za-z0-9][A-Za-z0-9-]{5,31}", 32, remember=False),
    "counts": Counts(Kind),
    "removed": Counts(Rule),
    "count": _SIZE,
    # upkeep
    "list": _SLUG,
    "uncloaked": _HOST,
    "category": _SLUG,
    "canary": _SLUG,
    "origin": _SLUG,
    "entries": _SIZE,
    "digest": _HEX16,
    "key": Choice(("root", "service", "audit", "client", "ca")),
    "key_version": Number(0, 65535),
    "subjects": _SIZE,
    "values": _SIZE,
    "added": _SIZE,
    "changed": _SIZE,
    "left": _SIZE,
    "problems": _SIZE,
    "format": _SLUG,
    "demand": Choice((DEMAND,)),
    # the log about itself
    "size": _SIZE,
    "root": Hex(64),
    "expired": _SIZE,
    "expired_digest": Hex(64),
    "manifest": Hex(64),
    "public_key": Hex(64),
    "dropped_lines": _SIZE,
    "dropped_bytes": _SIZE,
    "rebuilt_tiles": _SIZE,
    "minimum_index": _SIZE,
    "destination": Choice(("file", "url", "git", "paper", "witness")),
    "witness": Word(r"[a-z0-9](?:[a-z0-9./-]*[a-z0-9])?", 128),
    "milliseconds": Number(-(2**53) + 1),
    # people who administer
    "act": _SLUG,
    "operator": _HEX16,
    # figures of everybody together
    "sent": _SIZE,
    "received": _SIZE,
    "month": Word(r"[0-9]{4}-[0-9]{2}", 7),
    "of": _SLUG,
    "events": _SIZE,
}
"""Every field that exists. ``time``, ``type`` and ``version`` are on each event besides."""

_WHO = "gateway client group school"
_WHAT = "service supplier host endpoint method rule policy incident action"


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event: its version, what it must say, what it may say, what it means."""

    meaning: str
    required: str
    optional: str = ""
    version: int = 1
    late: bool = False
    """Whether it may reach the disk a moment after what it speaks of (a power cut loses it)."""


_TRAFFIC = f"{_WHO} {_WHAT} reason counts count"

TYPES: dict[str, EventType] = {
    "request-pseudonymised": EventType(
        "Identifiers in a request were replaced by pseudonyms before it left.",
        "service policy counts",
        _TRAFFIC,
    ),
    "answer-restored": EventType(
        "Pseudonyms in an answer were turned back into identifiers.",
        "service policy counts",
        _TRAFFIC,
        late=True,
    ),
    "field-minimised": EventType(
        "Fields that the service does not need were dropped or generalised.",
        "service policy counts action",
        _TRAFFIC,
    ),
    "request-refused": EventType(
        "Nothing of the request left; the page shows the incident.",
        "reason incident",
        _TRAFFIC,
    ),
    "answer-refused": EventType(
        "An answer was not given to the client.", "reason incident", _TRAFFIC
    ),
    "tracker-blocked": EventType(
        "A request to an advertising or tracking address was answered by the gateway.",
        "rule",
        f"{_TRAFFIC} list category demand request_type uncloaked",
    ),
    "profiling-blocked": EventType(
        "A report on how a person behaves was answered by the gateway: no predictive models of "
        "behaviour (pas de modèle prédictif du comportement).",
        "rule category demand",
        f"{_TRAFFIC} list format",
    ),
    "profiling-observed": EventType(
        "A report on how a person behaves left, because the policy only observes.",
        "rule category demand",
        f"{_TRAFFIC} list format",
    ),
    "request-spared": EventType(
        "A request that a list would have blocked passed, because a rule says so.",
        "rule policy",
        f"{_TRAFFIC} list category request_type",
    ),
    "exception-used": EventType(
        "A temporary exception made this decision another than it would have been.",
        "exception rule policy",
        f"{_TRAFFIC} list category request_type",
    ),
    "parameters-stripped": EventType(
        "Tracking parameters, cookies or headers were taken out of a request.",
        "count",
        f"{_TRAFFIC} list",
    ),
    "privacy-filtered": EventType(
        "Cookies, headers or hints that tell of a person were taken out of a request or answer.",
        "service policy removed",
        _TRAFFIC,
        late=True,
    ),
    "connection-tunnelled": EventType(
        "A connection was passed unread, as its rule says.", "rule policy", _TRAFFIC
    ),
    "connection-denied": EventType("A connection was not made.", "reason", _TRAFFIC),
    "opaque-allowed": EventType(
        "Content that cannot be read was passed, as the policy allows.",
        "service policy reason",
        _TRAFFIC,
    ),
    "objection-enforced": EventType(
        "A request was refused because the person objects to this service.",
        "service policy incident",
        _TRAFFIC,
    ),
    "photo-refused": EventType(
        "A photo was refused for want of consent.", "service policy incident", _TRAFFIC
    ),
    "canary-seen": EventType(
        "A planted identifier was seen where it should not be; with an origin, as the pseudonym "
        "that this other service has.",
        "service policy",
        f"{_TRAFFIC} canary origin",
    ),
    "traffic-counted": EventType(
        "What went to a service and came back since this was last said, all clients together: "
        "requests (or, with the action tunnel, connections), and bytes in whole KiB.",
        "count sent received",
        "gateway service policy action",
    ),
    "events-counted": EventType(
        "How many events of a kind and month the pruning at this size of the log took away.",
        "month of size events",
        "gateway service group reason action list category counts count",
    ),
    "exception-added": EventType(
        "Somebody allowed or forbade something for a time.",
        "exception milliseconds",
        "gateway school group service host list category count",
    ),
    "exception-revoked": EventType(
        "A temporary exception was taken back before its end.", "exception", "gateway"
    ),
    "exception-expired": EventType(
        "A temporary exception came to its end; it has no effect any more.",
        "exception",
        "gateway rule policy",
    ),
    "policy-loaded": EventType(
        "A policy is in force from here on.", "policy", "gateway count rule"
    ),
    "policy-rejected": EventType(
        "A policy with errors was not loaded; the last good one stays.",
        "problems",
        "gateway policy rule",
    ),
    "list-updated": EventType(
        "A blocking list changed.", "list entries digest", "gateway added left"
    ),
    "list-rejected": EventType(
        "A blocking list could not be used; the last good one stays.", "list", "gateway problems"
    ),
    "key-rotated": EventType(
        "A key was made or replaced; an audit key's public half signs the log from here on.",
        "key key_version",
        "gateway service public_key",
    ),
    "keys-destroyed": EventType(
        "Keys were destroyed at the end of retention: what they hashed no longer links.",
        "key count",
        "gateway",
    ),
    "directory-imported": EventType(
        "A roster was imported.",
        "subjects values",
        "gateway format added changed left problems school",
    ),
    "roster-exported": EventType(
        "A roster was written for a service, under its pseudonyms only.",
        "service format subjects",
        "gateway policy school",
    ),
    "subject-erased": EventType(
        "A person's values were made unrecoverable.", "values", "gateway count"
    ),
    "subject-reported": EventType("A person was given what is known of them.", "count", "gateway"),
    "objection-recorded": EventType("A person objects to a service.", "service", "gateway"),
    "objection-withdrawn": EventType("An objection was withdrawn.", "service", "gateway"),
    "consent-recorded": EventType("Consent to pictures was given or withdrawn.", "act", "gateway"),
    "canary-planted": EventType("Canaries were planted or removed.", "act count", "gateway school"),
    "gateway-started": EventType("The gateway serves from here on.", "", "gateway policy count"),
    "gateway-stopped": EventType("The gateway stopped in good order.", "", "gateway count"),
    "log-opened": EventType("The log is written from here on.", "size", "gateway"),
    "log-sealed": EventType(
        "The log was closed in good order; its absence before log-opened means a crash.",
        "size",
        "gateway",
    ),
    "log-repaired": EventType(
        "Lines that were never acknowledged were dropped, or hash tiles made again.",
        "size dropped_lines dropped_bytes rebuilt_tiles",
        "gateway",
    ),
    "log-pruned": EventType(
        "Events below the minimum index, and others that had expired, were deleted at the end "
        "of their retention; proofs of those that are left still hold.",
        "minimum_index size root expired expired_digest",
        "gateway",
    ),
    "checkpoint-published": EventType(
        "A checkpoint was given to the outside.", "size destination", "gateway root"
    ),
    "checkpoint-witnessed": EventType(
        "A witness signed a checkpoint.", "size witness", "gateway root"
    ),
    "witness-refused": EventType(
        "A witness found that the log contradicts what it signed before.",
        "size witness",
        "gateway root",
    ),
    "clock-jump": EventType("The machine's clock was moved.", "milliseconds", "gateway"),
    "pruning-held": EventType(
        "Nothing was deleted, because the clock is further on than this gateway has seen time "
        "pass; days go by, or an operator says that it is right.",
        "milliseconds",
        "gateway",
    ),
    "console-login": EventType(
        "The first act of an operator in a session that the operating system let them open.",
        "operator",
        "gateway",
    ),
    "evidence-made": EventType(
        "An evidence file on a supplier was made; the SHA-256 of its manifest.",
        "supplier manifest count",
        "gateway",
    ),
    "admin-act": EventType(
        "An administrator did something.", "act", "gateway service list count policy"
    ),
}
"""The catalogue, in the order of the documentation."""

OPERATED = frozenset((
    "exception-added", "exception-revoked", "list-updated", "list-rejected", "key-rotated",
    "keys-destroyed", "directory-imported", "roster-exported", "subject-erased",
    "subject-reported", "objection-recorded", "objection-withdrawn", "consent-recorded",
    "canary-planted", "log-pruned", "checkpoint-published", "evidence-made", "admin-act",
    "gateway-started",
))  # fmt: skip
"""Types that say whose account did it (``operator``; ``proxy.audit.operators`` fills it in)."""

TYPES |= {
    name: replace(TYPES[name], optional=f"{TYPES[name].optional} operator") for name in OPERATED
}

LATE = frozenset(name for name, kind in TYPES.items() if kind.late)
"""Types that are written, but perhaps not flushed, when ``AuditLog.record`` returns."""


class EventError(PreauError):
    """An event that the catalogue does not allow. A mistake in our code, never in input."""


@dataclass(frozen=True, slots=True)
class _Spec:
    fields: dict[str, tuple[Set[str], Callable[[object], bool]]]
    required: tuple[str, ...]
    version: int


_SPECS = {
    name: _Spec(
        {
            field: (FIELDS[field].known, FIELDS[field].check)
            for field in f"{kind.required} {kind.optional}".split()
        },
        tuple(kind.required.split()),
        kind.version,
    )
    for name, kind in TYPES.items()
}


def make_event(type: str, *, at: float | None = None, **fields: object) -> Event:
    """A checked event of the catalogue, stamped with ``at`` (Unix seconds; default now)."""
    spec = _SPECS.get(type)
    if spec is None:
        raise EventError("audit event of an unknown type: add it to proxy/audit/events.py")
    known_fields = spec.fields
    for name, value in fields.items():
        try:
            known, check = known_fields[name]
        except KeyError:
            raise EventError(
                f"audit event {type}: it has no such field as one that was given"
            ) from None
        if not (value.__class__ is str and value in known) and not check(value):
            raise EventError(f"audit event {type}: the value of {name} does not fit its field")
    for name in spec.required:
        if name not in fields:
            raise EventError(f"audit event {type}: {name} must be given")
    fields["type"] = type
    fields["version"] = spec.version
    fields["time"] = rfc3339(now() if at is None else at)
    return Event(fields)


_ahead = float("-inf")


def now() -> float:
    """Unix seconds that never go back while this process lives.

    When the wall clock is put back, time goes on from where it was (the log gets a
    ``clock-jump`` that says by how much), until the wall clock has caught up.
    """
    global _ahead  # a float, replaced whole: a race between threads costs microseconds
    ticks = clock.monotonic()
    ahead = clock.time() - ticks
    if ahead > _ahead:
        _ahead = ahead
    return ticks + _ahead


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
"""Non-string keys, because ``Kind`` members are keys of ``counts``."""


def serialise(event: Event) -> bytes:
    """The line of an event: JSON with sorted keys, no newline. These bytes are the leaf."""
    return orjson.dumps(event, option=_CANONICAL)


_stamp: tuple[int, str] = (-1, "")
_MILLIS = tuple(f".{milli:03d}Z" for milli in range(1000))


def rfc3339(seconds: float) -> str:
    """Unix seconds as ``2026-11-24T06:13:00.123Z``; the second's text is kept for the next."""
    global _stamp  # one tuple, replaced whole: safe between threads
    second = int(seconds)
    kept = _stamp
    if kept[0] != second:
        kept = _stamp = (second, clock.strftime("%Y-%m-%dT%H:%M:%S", clock.gmtime(second)))
    return kept[1] + _MILLIS[int((seconds - second) * 1000)]


_UNFIT = {
    "rule": re.compile(r"[^A-Za-z0-9_./:-]"),
    "endpoint": re.compile(r"[^A-Za-z0-9._~{}:$()',=*/…-]"),
    "host": re.compile(r"[^a-z0-9.*-]"),
    "uncloaked": re.compile(r"[^a-z0-9.*-]"),
    "witness": re.compile(r"[^a-z0-9./-]"),
}


def fit(field: str, text: str) -> str:
    """Make a word of the *policy* fit an event's field, once, when the policy is loaded.

    A supplier's title becomes a slug, an accent in a file's name ``_``, a rare method
    ``OTHER``; what no cleaning can save becomes ``unnamed``. Never give it text from a
    request: it cleans form, not meaning.
    """
    kind = FIELDS[field]
    if text in kind.known or kind.check(text):
        return text
    if isinstance(kind, Choice):
        return "OTHER"
    if field in _UNFIT:
        shown = _UNFIT[field].sub("_", text[-128:] if field == "rule" else text[:200])
        return shown if kind.check(shown) else _UNNAMED[field]
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    shown = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32].strip("-")
    return shown if kind.check(shown) else "unnamed"


_UNNAMED = {
    "rule": "unnamed:0",
    "endpoint": "/unnamed",
    "host": "unnamed",
    "uncloaked": "unnamed",
    "witness": "unnamed",
}
