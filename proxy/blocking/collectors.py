"""Telemetry collectors whose clients insist: the success answer that each expects.

Such a client keeps its batch and tries again, faster or for ever, on a reset, a 4xx, a 5xx
or a body it cannot parse; on its own success it drops the batch and is quiet. One row a
collector and answer; the first row that fits wins, a row on a host before one on any host.
Only calls of scripts and applications are answered so: a pixel gets its image.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from proxy.blocking.patterns import any_of, with_parents

_JSON = b"application/json"
_TEXT = b"text/plain; charset=utf-8"


class Collector(NamedTuple):
    """Where a telemetry client sends to, and the answer that satisfies it."""

    host: str
    """A host or its parent; empty for any host (self-hosted and proxied collectors)."""
    path: str
    """How path and query begin; ``*`` stands for any characters."""
    status: int
    content_type: bytes = b""
    body: bytes = b""


_ACCEPTED = b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}'
_AMPLITUDE = b'{"code":200,"events_ingested":1,"payload_size_bytes":0,"server_upload_time":0}'
_POSTHOG_FLAGS = (
    b'{"flags":{},"featureFlags":{},"featureFlagPayloads":{},"errorsWhileComputingFlags":false,'
    b'"sessionRecording":false,"supportedCompression":[],"surveys":false,"toolbarParams":{},'
    b'"isAuthenticated":false,"siteApps":[],"status":1}'
)
_STATSIG_VALUES = (
    b'{"has_updates":true,"time":1,"feature_gates":{},"dynamic_configs":{},"layer_configs":{}}'
)
_SENTRY = b'{"id":"00000000000000000000000000000000"}'
_ROLLBAR = b'{"err":0,"result":{"id":null,"uuid":""}}'
_LATER = b'{"nextRequestWaitMillis":"86400000"}'

COLLECTORS: tuple[Collector, ...] = (
    # --- Google ---
    # Measurement Protocol of GA4 and of Universal Analytics: nothing, or any body.
    Collector("google-analytics.com", "/", 204),
    Collector("analytics.google.com", "/", 204),
    Collector("", "/g/collect?v=2*", 204),
    Collector("app-measurement.com", "/", 204),
    Collector("google.com", "/gen_204", 204),
    Collector("google.com", "/client_204", 204),
    Collector("csp.withgoogle.com", "/", 204),
    # Google's log endpoint (play.google.com/log and clones): a JSON array, next wait in ms.
    Collector("play.google.com", "/log", 200, _JSON, b'["900000",null,[],[]]'),
    # Firebase's transport: when to come again, in ms.
    Collector("firebaselogging-pa.googleapis.com", "/", 200, _JSON, _LATER),
    Collector("crashlyticsreports-pa.googleapis.com", "/", 200, _JSON, _LATER),
    # --- Microsoft ---
    # OneCollector: counts the accepted events; one is enough for its client.
    Collector("events.data.microsoft.com", "/OneCollector/", 200, _JSON, b'{"acc":1}'),
    Collector("", "/OneCollector/1.0", 200, _JSON, b'{"acc":1}'),
    Collector("pipe.aria.microsoft.com", "/Collector/", 200, _JSON, b"{}"),
    # Application Insights: drops the batch when received equals accepted.
    Collector("applicationinsights.azure.com", "/v2/track", 200, _JSON, _ACCEPTED),
    Collector("dc.services.visualstudio.com", "/v2/track", 200, _JSON, _ACCEPTED),
    Collector("", "/v2/track?*instrumentation*", 200, _JSON, _ACCEPTED),
    Collector("clarity.ms", "/collect", 204),
    Collector("bat.bing.com", "/action", 204),
    # --- Audience measurement ---
    # Matomo, Piwik PRO: 204 is their own answer to send_image=0 and to beacons.
    Collector("", "*/matomo.php", 204),
    Collector("", "*/piwik.php", 204),
    Collector("", "*/ppms.php", 204),
    # Segment and clones (also behind a first-party name such as chatgpt.com/ces).
    Collector("api.segment.io", "/v1/", 200, _JSON, b'{"success":true}'),
    Collector("api.segment.com", "/v1/", 200, _JSON, b'{"success":true}'),
    Collector("segmentapis.com", "/v1/", 200, _JSON, b'{"success":true}'),
    Collector("cdn.segment.com", "/v1/projects/", 200, _JSON, b'{"integrations":{},"plan":{}}'),
    Collector("", "/ces/v1/", 200, _JSON, b'{"success":true}'),
    Collector("rudderlabs.com", "/sourceConfig", 200, _JSON, b'{"source":{"destinations":[]}}'),
    Collector("rudderstack.com", "/v1/", 200, _TEXT, b"OK"),
    Collector("rudderlabs.com", "/v1/", 200, _TEXT, b"OK"),
    # Amplitude: the old client wants the word, the new one the code.
    Collector("lab.amplitude.com", "/", 200, _JSON, b"{}"),
    Collector("amplitude.com", "/2/httpapi", 200, _JSON, _AMPLITUDE),
    Collector("amplitude.com", "/batch", 200, _JSON, _AMPLITUDE),
    Collector("amplitude.com", "/config", 200, _JSON, b"{}"),
    Collector("amplitude.com", "/sessions/", 200, _JSON, b'{"code":200}'),
    Collector("amplitude.com", "/", 200, _TEXT, b"success"),
    # Mixpanel: 1 is success; 0 and an empty body are failures; verbose=1 asks for an object.
    Collector("mixpanel.com", "/decide", 200, _JSON, b'{"notifications":[],"config":{}}'),
    Collector("mixpanel.com", "/flags", 200, _JSON, b'{"flags":{}}'),
    Collector("mixpanel.com", "/record", 200, _JSON, b'{"code":200,"status":"OK"}'),
    Collector("mixpanel.com", "/import", 200, _JSON, b'{"code":200,"status":"OK"}'),
    Collector("mixpanel.com", "*verbose=1", 200, _JSON, b'{"status":1,"error":null}'),
    Collector("mixpanel.com", "/", 200, _TEXT, b"1"),
    # PostHog: flags (all off), the settings its script asks for, and the batch.
    Collector("posthog.com", "/flags", 200, _JSON, _POSTHOG_FLAGS),
    Collector("posthog.com", "/decide", 200, _JSON, _POSTHOG_FLAGS),
    Collector("posthog.com", "/array/*/config", 200, _JSON, _POSTHOG_FLAGS),
    Collector("posthog.com", "/api/surveys", 200, _JSON, b'{"surveys":[]}'),
    Collector("posthog.com", "/", 200, _JSON, b'{"status":1,"featureFlags":{}}'),
    Collector("heapanalytics.com", "/", 200, _JSON, b"{}"),
    Collector("plausible.io", "/api/event", 202, _TEXT, b"ok"),
    Collector("", "/com.snowplowanalytics.snowplow/tp2", 200, _TEXT, b"ok"),
    # Adobe's edge: an answer without anything to do.
    Collector("adobedc.net", "/ee*/interact", 200, _JSON, b'{"requestId":"","handle":[]}'),
    Collector("adobedc.net", "/ee*/collect", 204),
    Collector("demdex.net", "/ee*/interact", 200, _JSON, b'{"requestId":"","handle":[]}'),
    Collector("demdex.net", "/ee*/collect", 204),
    # --- Switches and experiments ---
    # Statsig: no gates, no experiments (its client starts with that); then events accepted.
    Collector("", "/v1/initialize", 200, _JSON, _STATSIG_VALUES),
    Collector("", "/v1/rgstr", 202, _JSON, b'{"success":true}'),
    Collector("", "/v1/log_event", 202, _JSON, b'{"success":true}'),
    Collector("events.launchdarkly.com", "/", 202),
    Collector("logx.optimizely.com", "/v1/events", 204),
    # --- Errors and performance ---
    # Sentry: an envelope is acknowledged with the event's id; also on a host of one's own.
    Collector("sentry.io", "/api/", 200, _JSON, _SENTRY),
    Collector("", "/api/*/envelope/?*sentry_", 200, _JSON, _SENTRY),
    Collector("", "/api/*/store/?*sentry_", 200, _JSON, _SENTRY),
    # New Relic browser agent: no part of it is asked for; then "nothing to change".
    Collector(
        "nr-data.net",
        "/1/",
        200,
        _JSON,
        b'{"stn":0,"err":0,"ins":0,"spa":0,"sr":0,"sts":0,"srs":0,"st":0,"log":0,"loaded":1}',
    ),
    Collector("nr-data.net", "/", 200, _JSON, b"{}"),
    # Datadog browser intake: 202 and an empty object, in every region.
    Collector("browser-intake-datadoghq.com", "/", 202, _JSON, b"{}"),
    Collector("browser-intake-datadoghq.eu", "/", 202, _JSON, b"{}"),
    Collector("browser-intake-us3-datadoghq.com", "/", 202, _JSON, b"{}"),
    Collector("browser-intake-us5-datadoghq.com", "/", 202, _JSON, b"{}"),
    Collector("browser-intake-ap1-datadoghq.com", "/", 202, _JSON, b"{}"),
    Collector("browser-intake-ddog-gov.com", "/", 202, _JSON, b"{}"),
    Collector("", "/api/v2/rum?*ddsource=", 202, _JSON, b"{}"),
    Collector("", "/api/v2/logs?*ddsource=", 202, _JSON, b"{}"),
    Collector("", "/api/v2/replay?*ddsource=", 202, _JSON, b"{}"),
    Collector("notify.bugsnag.com", "/", 200, _TEXT, b"OK"),
    Collector("sessions.bugsnag.com", "/", 202, _JSON, b'{"status":"accepted"}'),
    Collector("rollbar.com", "/api/1/item", 200, _JSON, _ROLLBAR),
    # --- Social networks and advertising ---
    Collector("analytics.tiktok.com", "/api/", 200, _JSON, b'{"code":0,"message":"OK","data":{}}'),
    Collector("px.ads.linkedin.com", "/wa", 204),
    Collector("tr.snapchat.com", "/", 200, _JSON, b"{}"),
    # --- Attribution and engagement ---
    # Braze: without a config its client asks again at each event.
    Collector("braze.com", "/api/v3/data", 201, _JSON, b'{"message":"success"}'),
    Collector("braze.eu", "/api/v3/data", 201, _JSON, b'{"message":"success"}'),
    Collector("appsflyer.com", "/", 200, _TEXT, b"ok"),
    Collector("appsflyersdk.com", "/", 200, _TEXT, b"ok"),
    Collector("adjust.com", "/", 200, _JSON, b'{"message":"","timestamp":"","adid":""}'),
    Collector(
        "branch.io", "/v1/", 200, _JSON, b'{"session_id":"","randomized_bundle_token":"","link":""}'
    ),
    Collector("kochava.com", "/", 200, _JSON, b'{"success":"1"}'),
)


class _Group(NamedTuple):
    """The rows of one host: one expression whose group that matched is the row's."""

    pattern: re.Pattern[str]
    rows: tuple[Collector, ...]


def _index() -> dict[str, _Group]:
    rows: dict[str, list[Collector]] = {}
    for row in COLLECTORS:
        rows.setdefault(row.host, []).append(row)
    return {host: _Group(any_of(row.path for row in own), tuple(own)) for host, own in rows.items()}


_BY_HOST = _index()
_LONGEST_TARGET = 2048


def collector_for(host: str, path: str) -> Collector | None:
    """The collector that ``https://host/path`` (with its query) belongs to, or ``None``."""
    target = path[:_LONGEST_TARGET]
    for parent in (*with_parents(host), ""):
        group = _BY_HOST.get(parent)
        found = group.pattern.match(target) if group else None
        if group and found and found.lastindex:
            return group.rows[found.lastindex - 1]
    return None
