"""Usage and errors sent to who made a program: with the person, the page and the last clicks."""

from __future__ import annotations

import re

from proxy.profiling.members import Object, is_object, is_objects, is_one_of, is_text

_COMMON_SCHEMA = re.compile(r"[2-5]\.\d+")
_NOTIFIERS = re.compile(r"bugsnag|rollbar", re.IGNORECASE)
_SENTRY_ITEMS = frozenset(
    (
        "event", "transaction", "session", "sessions", "attachment", "user_report", "feedback",
        "client_report", "profile", "profile_chunk", "check_in", "span", "log", "statsd",
        "metric_buckets", "trace_metric", "raw_security",
    )
)  # fmt: skip
_SENTRY_REPLAY_ITEMS = frozenset(("replay_event", "replay_recording", "replay_video"))
_SENTRY_HEADER = ("event_id", "sent_at", "dsn", "sdk", "trace")


def onecollector(found: Object) -> bool:
    """An event in Microsoft's Common Schema."""
    version, key = found.get("ver"), found.get("iKey")
    if not (is_text(key) and is_text(found.get("name")) and is_text(found.get("time"))):
        return False
    return is_text(version) and _COMMON_SCHEMA.fullmatch(version) is not None


def application_insights(found: Object) -> bool:
    """An envelope of Application Insights."""
    data = found.get("data")
    return is_text(found.get("iKey")) and isinstance(data, dict) and "baseType" in data


def sentry_header(first: object, second: object) -> str:
    """``replay``, ``event`` or nothing: the first two lines of an envelope."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return ""
    if not any(name in first for name in _SENTRY_HEADER):
        return ""
    kind = second.get("type")
    if is_one_of(kind, _SENTRY_REPLAY_ITEMS):
        return "replay"
    return "event" if is_one_of(kind, _SENTRY_ITEMS) else ""


def sentry(found: Object) -> bool:
    """An event on its own: it names the program that wrote it."""
    sdk = found.get("sdk")
    return isinstance(sdk, dict) and str(sdk.get("name", "")).startswith("sentry.")


def datadog(found: Object) -> bool:
    """A measurement, or a log, with Datadog's own part."""
    return is_object(found.get("_dd")) and (
        is_object(found.get("session")) or is_object(found.get("application"))
    )


def opentelemetry(found: Object) -> bool:
    """OTLP in JSON."""
    names = ("resourceSpans", "resourceMetrics", "resourceLogs")
    return any(is_objects(found.get(name)) for name in names)


def notifier(found: Object) -> str:
    """``bugsnag``, ``rollbar`` or nothing: both name themselves."""
    told = found.get("notifier")
    if not isinstance(told, dict):
        return ""
    match = _NOTIFIERS.search(str(told.get("name", "")))
    return match[0].lower() if match else ""
