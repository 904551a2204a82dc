"""Which format a request is in: the rows of all families, and the order they are asked in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from proxy.decisions import Headers
from proxy.profiling import beginning, behaviour, diagnostics, documents, heads, learning, recorders
from proxy.profiling import formats as f
from proxy.profiling.members import Object, objects
from proxy.profiling.words import expression

type _Check = Callable[[Object], bool]
type _PathCheck = Callable[[Object, str], bool]

_WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH"))
_WANTED: Final = frozenset(
    (
        b"accept", b"content-type", b"content-encoding", b"x-experience-api-version", b"x-apikey",
        b"apikey", b"client-version", b"x-sentry-auth", b"x-braze-api-key", b"statsig-api-key",
    )
)  # fmt: skip


class _Row(NamedTuple):
    """An object that has ``key`` may be of ``format``; the text then holds one of ``words``."""

    key: str
    format: f.Format
    check: _Check
    words: tuple[str, ...] = ()
    """Names that stand in the text; without any: ``key``."""
    pattern: str = ""
    """An expression in place of names."""


_ROWS: Final = (
    _Row("sensor", f.CALIPER, learning.caliper),
    _Row("@context", f.CALIPER, learning.caliper, pattern=r"ctx\\?/caliper"),
    _Row("verb", f.XAPI, learning.xapi),
    _Row("timestamp", f.RRWEB, recorders.rrweb, pattern=r'"initialOffset"|"source"\s*:\s*\d'),
    _Row("properties", f.RRWEB, recorders.snapshot, ("$snapshot_data", "$snapshot_bytes")),
    _Row("e", f.CLARITY, recorders.clarity, pattern=r'"e"\s*:\s*\[\s*"\d+\.\d+\.\d'),
    _Row("Evts", f.FULLSTORY, recorders.fullstory),
    _Row("OrgId", f.FULLSTORY, recorders.fullstory),
    _Row("has_full_snapshot", f.DATADOG_REPLAY, recorders.datadog_replay),
    _Row("batch", f.SEGMENT, behaviour.segment),
    _Row("messageId", f.SEGMENT, behaviour.segment),
    _Row("type", f.SEGMENT, behaviour.segment, pattern=r'"(?:track|identify|alias)"|"groupId"'),
    _Row("event_type", f.AMPLITUDE, behaviour.amplitude),
    _Row("api_key", f.AMPLITUDE, behaviour.amplitude),
    _Row("$distinct_id", f.MIXPANEL, behaviour.mixpanel),
    _Row("$group_id", f.MIXPANEL, behaviour.mixpanel),
    _Row("properties", f.MIXPANEL, behaviour.mixpanel, ("distinct_id", "$device_id", "mp_lib")),
    _Row("properties", f.MIXPANEL, behaviour.mixpanel, behaviour.MIXPANEL_MERGES),
    _Row("event", f.POSTHOG, behaviour.posthog, ("distinct_id", "$lib", "$session_id")),
    _Row("batch", f.POSTHOG, behaviour.posthog),
    _Row("requests", f.MATOMO, behaviour.matomo, pattern="idsite="),
    _Row("schema", f.SNOWPLOW, behaviour.snowplow, pattern=r"com\.snowplowanalytics\.snowplow"),
    _Row("tealium_account", f.TEALIUM, behaviour.tealium),
    _Row("xdm", f.ADOBE_ANALYTICS, behaviour.adobe_edge),
    _Row("api_key", f.BRAZE, behaviour.braze),
    _Row("statsigMetadata", f.STATSIG, behaviour.statsig),
    _Row("kind", f.LAUNCHDARKLY, behaviour.launchdarkly, ("creationDate", "startDate")),
    _Row("visitors", f.OPTIMIZELY, behaviour.optimizely),
    _Row("payload", f.UMAMI, behaviour.umami, ("website",)),
    _Row("iKey", f.ONECOLLECTOR, diagnostics.onecollector),
    _Row("iKey", f.APPLICATION_INSIGHTS, diagnostics.application_insights),
    _Row("sdk", f.SENTRY, diagnostics.sentry, pattern=r'"sentry\.'),
    _Row("_dd", f.DATADOG, diagnostics.datadog),
    _Row("resourceSpans", f.OPENTELEMETRY, diagnostics.opentelemetry),
    _Row("resourceMetrics", f.OPENTELEMETRY, diagnostics.opentelemetry),
    _Row("resourceLogs", f.OPENTELEMETRY, diagnostics.opentelemetry),
    _Row("notifier", f.BUGSNAG, lambda found: diagnostics.notifier(found) == "bugsnag"),
    _Row("notifier", f.ROLLBAR, lambda found: diagnostics.notifier(found) == "rollbar"),
)  # fmt: skip

_BY_PATH: Final[tuple[tuple[f.Format, _PathCheck], ...]] = (
    (f.SEGMENT, behaviour.segment_call),
    (f.GOOGLE_ANALYTICS, behaviour.google_analytics),
    (f.PLAUSIBLE, behaviour.plausible),
    (f.PIANO, behaviour.piano),
)
_TELLING_PATH: Final = re.compile(
    r"/v1/(?:track|identify|page|screen|group|alias|batch|import|[tipsgab])/?$|/mp/collect$|/event$"
)

_ENVELOPE: Final = ("sent_at", "event_id", "dsn")
_PERHAPS: Final = expression(
    [word for row in _ROWS for word in row.words or (() if row.pattern else (row.key,))]
    + list(_ENVELOPE),
    [row.pattern for row in _ROWS if row.pattern],
)
_FORM_PERHAPS: Final = expression(
    [], [r"=(?:\{|\[|%7[bB]|%5[bB]|eyJ|W3s|ew|Ww)", r"(?:\A|&)(?:idsite|tid)="]
)
_AS_QUERY: Final = 4 << 10
"""How much of a form is read as the parameters of a collector's address."""
_QUERY_DOCUMENT: Final = re.compile(r"[?&]data=(?:\{|\[|%7[bB]|%5[bB]|eyJ|W3s|ew|Ww)")


def in_head(method: str, target: str) -> f.Format | None:
    """What the URL alone is sure about: asked of every request, before its body is read."""
    found = heads.of_target(target)
    if found is None and "data=" in target and _QUERY_DOCUMENT.search(target):
        query = target.partition("?")[2].encode("latin-1", "replace")
        found = _of_documents(documents.in_form(query, True, _worth), "")
    return found


def in_body(method: str, target: str, headers: Headers, body: bytes) -> f.Format | None:
    """What header fields and the beginning of the body are sure about."""
    if method not in _WITH_BODY:
        return None
    fields = {lower: value for name, value in headers if (lower := name.lower()) in _WANTED}
    found = heads.of_fields(method, target, fields)
    if found is not None or not body:
        return found
    data, whole = beginning.of_body(body, fields.get(b"content-encoding", b""))
    path = target.partition("?")[0]
    return _of_text(data, whole, path)


def in_message(text: bytes) -> f.Format | None:
    """What a WebSocket message says it is."""
    if _PERHAPS.search(text[: beginning.LENGTH]) is None:
        return None
    return _of_documents(
        documents.in_message(text[: beginning.LENGTH], len(text) <= beginning.LENGTH), ""
    )


def _of_text(data: bytes, whole: bool, path: str) -> f.Format | None:
    path = path if _TELLING_PATH.search(path) else ""
    start = data[:64].lstrip()[:1]
    if start in (b"{", b"[", b"-", b"\xef"):
        if not path and _PERHAPS.search(data) is None:
            return None
    elif not documents.is_form(data) or _FORM_PERHAPS.search(data) is None:
        return None
    else:
        text = data[:_AS_QUERY].decode("latin-1")
        if behaviour.matomo_query(text):
            return f.MATOMO_RECORDING if "hsr_" in text else f.MATOMO
        found = heads.of_target(f"?{text.partition(chr(10))[0].strip()}")
        if found is not None:
            return found
    return _of_documents(documents.in_body(data, whole, _worth), path)


def _worth(text: bytes) -> bool:
    return _PERHAPS.search(text) is not None


def _of_documents(found: Iterable[object], path: str) -> f.Format | None:
    for document in found:
        lines = documents.lines_of(document)
        if len(lines) > 1:
            kind = diagnostics.sentry_header(lines[0], lines[1])
            if kind:
                return f.SENTRY_REPLAY if kind == "replay" else f.SENTRY
        for each in objects(document):
            if (format := _of_object(each, path)) is not None:
                return format
    return None


def _of_object(found: Object, path: str) -> f.Format | None:
    for row in _ROWS:
        if row.key in found and row.check(found):
            return row.format
    if path:
        for format, check in _BY_PATH:
            if check(found, path):
                return format
    return None
