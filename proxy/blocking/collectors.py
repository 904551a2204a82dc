"""Telemetry collectors whose clients insist: the success answer that each expects.

Such a client keeps its batch and tries again, faster or for ever, on a reset, a 4xx, a 5xx
or a body it cannot parse; on its own success it drops the batch and is quiet. One row a
collector: host suffix, path prefix, status, content type, body. First row that fits wins.
"""

from __future__ import annotations

from typing import NamedTuple

_JSON = b"application/json"
_TEXT = b"text/plain; charset=utf-8"


class Collector(NamedTuple):
    """Where a telemetry client sends to, and the answer that satisfies it."""

    host: str
    """A host or its parent; empty for any host (self-hosted and proxied collectors)."""
    path: str
    status: int
    content_type: bytes
    body: bytes


COLLECTORS: tuple[Collector, ...] = (
    # Microsoft OneCollector: counts the accepted events; one is enough for its client.
    Collector("events.data.microsoft.com", "/OneCollector/", 200, _JSON, b'{"acc":1}'),
    Collector("", "/OneCollector/1.0", 200, _JSON, b'{"acc":1}'),
    # Application Insights: drops the batch when received equals accepted.
    Collector(
        "applicationinsights.azure.com",
        "/v2/track",
        200,
        _JSON,
        b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}',
    ),
    Collector(
        "dc.services.visualstudio.com",
        "/v2/track",
        200,
        _JSON,
        b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}',
    ),
    # Google's log endpoint (play.google.com/log and clones): a JSON array, next wait in ms.
    Collector("play.google.com", "/log", 200, _JSON, b'["900000",null,[],[]]'),
    # Statsig: no gates, no experiments (its client starts with that); then events accepted.
    Collector(
        "",
        "/v1/initialize",
        200,
        _JSON,
        b'{"has_updates":true,"time":1,"feature_gates":{},"dynamic_configs":{},"layer_configs":{}}',
    ),
    Collector("", "/v1/rgstr", 202, _JSON, b'{"success":true}'),
    # Segment and clones (also behind a first-party name such as chatgpt.com/ces).
    Collector("api.segment.io", "/v1/", 200, _JSON, b'{"success":true}'),
    Collector("", "/ces/v1/", 200, _JSON, b'{"success":true}'),
    # Amplitude: the old client wants the word, the new one the code.
    Collector("amplitude.com", "/2/httpapi", 200, _JSON, b'{"code":200,"events_ingested":1}'),
    Collector("amplitude.com", "/", 200, _TEXT, b"success"),
    # Mixpanel: 1 is success; 0 and an empty body are failures.
    Collector("mixpanel.com", "/decide", 200, _JSON, b'{"notifications":[],"config":{}}'),
    Collector("mixpanel.com", "/", 200, _TEXT, b"1"),
    # Sentry: an envelope is acknowledged with the event's id; an empty object passes.
    Collector("sentry.io", "/api/", 200, _JSON, b"{}"),
    # PostHog: both for events and for feature flags.
    Collector("posthog.com", "/", 200, _JSON, b'{"status":1,"featureFlags":{}}'),
    # New Relic browser agent: the empty object means "nothing to change".
    Collector("nr-data.net", "/", 200, _JSON, b"{}"),
    # Datadog browser intake: 202 and an empty object.
    Collector("browser-intake-datadoghq.com", "/", 202, _JSON, b"{}"),
    Collector("browser-intake-datadoghq.eu", "/", 202, _JSON, b"{}"),
    # Braze: without a config its client asks again at each event.
    Collector("braze.com", "/api/v3/data", 201, _JSON, b'{"message":"success"}'),
    Collector("braze.eu", "/api/v3/data", 201, _JSON, b'{"message":"success"}'),
)


def collector_for(host: str, path: str) -> Collector | None:
    """The collector that ``https://host/path`` belongs to, or ``None``."""
    for row in COLLECTORS:
        if path.startswith(row.path) and (
            not row.host or host == row.host or host.endswith("." + row.host)
        ):
            return row
    return None
