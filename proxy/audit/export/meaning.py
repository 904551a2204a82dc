"""What an event means in the words of others: OCSF classes, severities, outcomes.

One table for every format, so that CEF and OCSF never disagree. ``docs/audit-export.md``
shows it; a test holds that each type of the catalogue stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Class(IntEnum):
    """The OCSF classes that we use."""

    DATA_SECURITY_FINDING = 2006
    AUTHENTICATION = 3002
    NETWORK_ACTIVITY = 4001
    HTTP_ACTIVITY = 4002
    APPLICATION_LIFECYCLE = 6002
    API_ACTIVITY = 6003


class Severity(IntEnum):
    """OCSF's severities."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


class Disposition(IntEnum):
    """OCSF's dispositions: what a control did with what it saw."""

    ALLOWED = 1
    BLOCKED = 2
    CORRECTED = 11
    PARTIALLY_CORRECTED = 12
    DETECTED = 15
    LOGGED = 17
    ALERT = 19


class Verdict(IntEnum):
    """OCSF's actions."""

    ALLOWED = 1
    DENIED = 2


@dataclass(frozen=True, slots=True)
class Meaning:
    """One type of event, for a collector."""

    title: str
    kind: Class
    severity: Severity
    disposition: Disposition
    activity: int = 99

    @property
    def verdict(self) -> Verdict:
        """Whether what was asked went on."""
        return Verdict.DENIED if self.disposition is Disposition.BLOCKED else Verdict.ALLOWED


_HTTP, _NET, _APP, _API = (
    Class.HTTP_ACTIVITY,
    Class.NETWORK_ACTIVITY,
    Class.APPLICATION_LIFECYCLE,
    Class.API_ACTIVITY,
)
_INFO, _LOW, _MEDIUM, _HIGH = (
    Severity.INFORMATIONAL,
    Severity.LOW,
    Severity.MEDIUM,
    Severity.HIGH,
)
_OK, _NO, _LOGGED = Disposition.ALLOWED, Disposition.BLOCKED, Disposition.LOGGED
_PART = Disposition.PARTIALLY_CORRECTED
_START, _STOP = 3, 4  # Application Lifecycle
_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4  # API Activity

MEANINGS: dict[str, Meaning] = {
    "request-pseudonymised": Meaning("Request pseudonymised", _HTTP, _INFO, _PART),
    "answer-restored": Meaning("Answer restored", _HTTP, _INFO, _PART),
    "field-minimised": Meaning(
        "Fields dropped or generalised", _HTTP, _INFO, Disposition.CORRECTED
    ),
    "request-refused": Meaning("Request refused", _HTTP, _MEDIUM, _NO),
    "answer-refused": Meaning("Answer refused", _HTTP, _MEDIUM, _NO),
    "tracker-blocked": Meaning("Tracker blocked", _HTTP, _LOW, _NO),
    "profiling-blocked": Meaning("Report on behaviour blocked", _HTTP, _LOW, _NO),
    "profiling-observed": Meaning(
        "Report on behaviour observed", _HTTP, _MEDIUM, Disposition.DETECTED
    ),
    "request-spared": Meaning("Listed request let pass by a rule", _HTTP, _INFO, _OK),
    "exception-used": Meaning("Temporary exception used", _HTTP, _LOW, _OK),
    "exception-added": Meaning("Temporary exception added", _API, _LOW, _LOGGED, _CREATE),
    "exception-revoked": Meaning("Temporary exception revoked", _API, _LOW, _LOGGED, _DELETE),
    "exception-expired": Meaning("Temporary exception expired", _API, _INFO, _LOGGED, _UPDATE),
    "parameters-stripped": Meaning(
        "Tracking parameters stripped", _HTTP, _LOW, Disposition.CORRECTED
    ),
    "privacy-filtered": Meaning(
        "Cookies, headers or hints removed", _HTTP, _INFO, Disposition.CORRECTED
    ),
    "connection-tunnelled": Meaning("Connection passed unread", _NET, _INFO, _OK, 6),
    "connection-denied": Meaning("Connection denied", _NET, _LOW, _NO, 5),
    "opaque-allowed": Meaning("Unreadable content allowed", _HTTP, _MEDIUM, _OK),
    "objection-enforced": Meaning("Objection enforced", _HTTP, _LOW, _NO),
    "photo-refused": Meaning("Photo refused", _HTTP, _LOW, _NO),
    "canary-seen": Meaning("Canary seen", Class.DATA_SECURITY_FINDING, _HIGH, Disposition.ALERT, 1),
    "policy-loaded": Meaning("Policy loaded", _API, _INFO, _LOGGED, _UPDATE),
    "policy-rejected": Meaning("Policy rejected", _API, _MEDIUM, _LOGGED, _UPDATE),
    "list-updated": Meaning("Blocking list updated", _API, _INFO, _LOGGED, _UPDATE),
    "list-rejected": Meaning("Blocking list rejected", _API, _MEDIUM, _LOGGED, _UPDATE),
    "key-rotated": Meaning("Key rotated", _API, _LOW, _LOGGED, _CREATE),
    "directory-imported": Meaning("Roster imported", _API, _INFO, _LOGGED, _UPDATE),
    "roster-exported": Meaning("Roster exported", _API, _LOW, _LOGGED, _READ),
    "subject-erased": Meaning("Person erased", _API, _LOW, _LOGGED, _DELETE),
    "subject-reported": Meaning("Person informed", _API, _INFO, _LOGGED, _READ),
    "objection-recorded": Meaning("Objection recorded", _API, _INFO, _LOGGED, _CREATE),
    "objection-withdrawn": Meaning("Objection withdrawn", _API, _INFO, _LOGGED, _DELETE),
    "consent-recorded": Meaning("Consent to pictures recorded", _API, _INFO, _LOGGED, _UPDATE),
    "canary-planted": Meaning("Canaries planted or removed", _API, _INFO, _LOGGED, _UPDATE),
    "gateway-started": Meaning("Gateway started", _APP, _INFO, _LOGGED, _START),
    "gateway-stopped": Meaning("Gateway stopped", _APP, _INFO, _LOGGED, _STOP),
    "log-opened": Meaning("Audit log opened", _APP, _INFO, _LOGGED, _START),
    "log-sealed": Meaning("Audit log sealed", _APP, _INFO, _LOGGED, _STOP),
    "log-repaired": Meaning("Audit log repaired after a crash", _APP, _MEDIUM, _LOGGED),
    "log-pruned": Meaning("Old events deleted", _API, _LOW, _LOGGED, _DELETE),
    "checkpoint-published": Meaning("Checkpoint published", _API, _INFO, _LOGGED, _CREATE),
    "checkpoint-witnessed": Meaning("Checkpoint witnessed", _API, _INFO, _LOGGED, _CREATE),
    "witness-refused": Meaning(
        "Witness found two histories", _API, _HIGH, Disposition.ALERT, _UPDATE
    ),
    "clock-jump": Meaning("Clock moved", _APP, _MEDIUM, Disposition.DETECTED),
    "traffic-counted": Meaning("Traffic of a service counted", _APP, _INFO, _LOGGED),
    "events-counted": Meaning("Deleted events counted", _APP, _INFO, _LOGGED),
    "pruning-held": Meaning(
        "Deletion held because of the clock", _APP, _MEDIUM, Disposition.DETECTED
    ),
    "console-login": Meaning("Console log-in", Class.AUTHENTICATION, _INFO, _LOGGED, 1),
    "keys-destroyed": Meaning(
        "Keys destroyed at the end of retention", _API, _INFO, _LOGGED, _DELETE
    ),
    "evidence-made": Meaning("Evidence file made", _API, _LOW, _LOGGED),
    "admin-act": Meaning("Administrative act", _API, _LOW, _LOGGED),
}

UNKNOWN = Meaning("Event of a newer version", _API, _LOW, _LOGGED)
"""For a type that a newer gateway wrote and this program does not know: never dropped."""

HTTP_METHODS = {
    "CONNECT": 1,
    "DELETE": 2,
    "GET": 3,
    "HEAD": 4,
    "OPTIONS": 5,
    "POST": 6,
    "PUT": 7,
    "TRACE": 8,
    "PATCH": 9,
}
"""OCSF's HTTP activities."""
