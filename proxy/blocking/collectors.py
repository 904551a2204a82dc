"""Telemetry collectors whose clients insist: the success answer that each expects.

Such a client keeps its batch and tries again, faster or for ever, on a reset, a 4xx, a 5xx
or a body it cannot parse; on its own success it drops the batch and is quiet. One row a
collector and answer; the first row that fits wins, a row on a host before one on any host.
Only calls of scripts and applications are answered so: a pixel gets its image.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from proxy.blocking import accepted as a
from proxy.blocking.accepted import Accepted
from proxy.blocking.patterns import any_of, with_parents


class Collector(NamedTuple):
    """Where a telemetry client sends to, and the answer that satisfies it."""

    host: str
    """A host or its parent; empty for any host (self-hosted and proxied collectors)."""
    path: str
    """How path and query begin; ``*`` stands for any characters."""
    accepted: Accepted


_POSTHOG_FLAGS = (
    b'{"flags":{},"featureFlags":{},"featureFlagPayloads":{},"errorsWhileComputingFlags":false,'
    b'"sessionRecording":false,"supportedCompression":[],"surveys":false,"toolbarParams":{},'
    b'"isAuthenticated":false,"siteApps":[],"status":1}'
)
_STATSIG_VALUES = (
    b'{"has_updates":true,"time":1,"feature_gates":{},"dynamic_configs":{},"layer_configs":{}}'
)
_LATER = b'{"nextRequestWaitMillis":"86400000"}'

COLLECTORS: tuple[Collector, ...] = (
    # --- Google ---
    # Measurement Protocol of GA4 and of Universal Analytics: nothing, or any body.
    Collector("google-analytics.com", "/", a.SILENT),
    Collector("analytics.google.com", "/", a.SILENT),
    Collector("", "/g/collect?v=2*", a.SILENT),
    Collector("app-measurement.com", "/", a.SILENT),
    Collector("google.com", "/gen_204", a.SILENT),
    Collector("google.com", "/client_204", a.SILENT),
    Collector("csp.withgoogle.com", "/", a.SILENT),
    # Google's log endpoint (play.google.com/log and clones): a JSON array, next wait in ms.
    Collector("play.google.com", "/log", a.CLEARCUT),
    # Firebase's transport: when to come again, in ms.
    Collector("firebaselogging-pa.googleapis.com", "/", Accepted(200, a.JSON, _LATER)),
    Collector("crashlyticsreports-pa.googleapis.com", "/", Accepted(200, a.JSON, _LATER)),
    # --- Microsoft ---
    # OneCollector: counts the accepted events; one is enough for its client.
    Collector("events.data.microsoft.com", "/OneCollector/", a.ONECOLLECTOR),
    Collector("", "/OneCollector/1.0", a.ONECOLLECTOR),
    Collector("pipe.aria.microsoft.com", "/Collector/", a.EMPTY),
    # Application Insights: drops the batch when received equals accepted.
    Collector("applicationinsights.azure.com", "/v2/track", a.APPLICATION_INSIGHTS),
    Collector("dc.services.visualstudio.com", "/v2/track", a.APPLICATION_INSIGHTS),
    Collector("", "/v2/track?*instrumentation*", a.APPLICATION_INSIGHTS),
    Collector("clarity.ms", "/collect", a.SILENT),
    Collector("bat.bing.com", "/action", a.SILENT),
    # --- Audience measurement ---
    # Matomo, Piwik PRO: 204 is their own answer to send_image=0 and to beacons.
    Collector("", "*/matomo.php", a.SILENT),
    Collector("", "*/piwik.php", a.SILENT),
    Collector("", "*/ppms.php", a.SILENT),
    # Segment and clones (also behind a first-party name such as chatgpt.com/ces).
    Collector("api.segment.io", "/v1/", a.SUCCESS),
    Collector("api.segment.com", "/v1/", a.SUCCESS),
    Collector("segmentapis.com", "/v1/", a.SUCCESS),
    Collector(
        "cdn.segment.com", "/v1/projects/", Accepted(200, a.JSON, b'{"integrations":{},"plan":{}}')
    ),
    Collector("", "/ces/v1/", a.SUCCESS),
    Collector(
        "rudderlabs.com", "/sourceConfig", Accepted(200, a.JSON, b'{"source":{"destinations":[]}}')
    ),
    Collector("rudderstack.com", "/v1/", a.OK),
    Collector("rudderlabs.com", "/v1/", a.OK),
    # Amplitude: the old client wants the word, the new one the code.
    Collector("lab.amplitude.com", "/", a.EMPTY),
    Collector("amplitude.com", "/2/httpapi", a.AMPLITUDE),
    Collector("amplitude.com", "/batch", a.AMPLITUDE),
    Collector("amplitude.com", "/config", a.EMPTY),
    Collector("amplitude.com", "/sessions/", Accepted(200, a.JSON, b'{"code":200}')),
    Collector("amplitude.com", "/", Accepted(200, a.TEXT, b"success")),
    # Mixpanel: 1 is success; 0 and an empty body are failures; verbose=1 asks for an object.
    Collector(
        "mixpanel.com", "/decide", Accepted(200, a.JSON, b'{"notifications":[],"config":{}}')
    ),
    Collector("mixpanel.com", "/flags", Accepted(200, a.JSON, b'{"flags":{}}')),
    Collector("mixpanel.com", "/record", Accepted(200, a.JSON, b'{"code":200,"status":"OK"}')),
    Collector("mixpanel.com", "/import", Accepted(200, a.JSON, b'{"code":200,"status":"OK"}')),
    Collector("mixpanel.com", "*verbose=1", a.MIXPANEL_VERBOSE),
    Collector("mixpanel.com", "/", a.MIXPANEL),
    # PostHog: flags (all off), the settings its script asks for, and the batch.
    Collector("posthog.com", "/flags", Accepted(200, a.JSON, _POSTHOG_FLAGS)),
    Collector("posthog.com", "/decide", Accepted(200, a.JSON, _POSTHOG_FLAGS)),
    Collector("posthog.com", "/array/*/config", Accepted(200, a.JSON, _POSTHOG_FLAGS)),
    Collector("posthog.com", "/api/surveys", Accepted(200, a.JSON, b'{"surveys":[]}')),
    Collector("posthog.com", "/", a.POSTHOG),
    Collector("heapanalytics.com", "/", a.EMPTY),
    Collector("plausible.io", "/api/event", a.PLAUSIBLE),
    Collector("", "/com.snowplowanalytics.snowplow/tp2", a.SNOWPLOW),
    # Adobe's edge: an answer without anything to do.
    Collector("adobedc.net", "/ee*/interact", a.ADOBE_EDGE),
    Collector("adobedc.net", "/ee*/collect", a.SILENT),
    Collector("demdex.net", "/ee*/interact", a.ADOBE_EDGE),
    Collector("demdex.net", "/ee*/collect", a.SILENT),
    # --- Switches and experiments ---
    # Statsig: no gates, no experiments (its client starts with that); then events accepted.
    Collector("", "/v1/initialize", Accepted(200, a.JSON, _STATSIG_VALUES)),
    Collector("", "/v1/rgstr", a.STATSIG),
    Collector("", "/v1/log_event", a.STATSIG),
    Collector("events.launchdarkly.com", "/", a.QUEUED),
    Collector("logx.optimizely.com", "/v1/events", a.SILENT),
    # --- Errors and performance ---
    # Sentry: an envelope is acknowledged with the event's id; also on a host of one's own.
    Collector("sentry.io", "/api/", a.SENTRY),
    Collector("", "/api/*/envelope/?*sentry_", a.SENTRY),
    Collector("", "/api/*/store/?*sentry_", a.SENTRY),
    # New Relic browser agent: no part of it is asked for; then "nothing to change".
    Collector(
        "nr-data.net",
        "/1/",
        Accepted(
            200,
            a.JSON,
            b'{"stn":0,"err":0,"ins":0,"spa":0,"sr":0,"sts":0,"srs":0,"st":0,"log":0,"loaded":1}',
        ),
    ),
    Collector("nr-data.net", "/", a.EMPTY),
    # Datadog browser intake: 202 and an empty object, in every region.
    Collector("browser-intake-datadoghq.com", "/", a.QUEUED),
    Collector("browser-intake-datadoghq.eu", "/", a.QUEUED),
    Collector("browser-intake-us3-datadoghq.com", "/", a.QUEUED),
    Collector("browser-intake-us5-datadoghq.com", "/", a.QUEUED),
    Collector("browser-intake-ap1-datadoghq.com", "/", a.QUEUED),
    Collector("browser-intake-ddog-gov.com", "/", a.QUEUED),
    Collector("", "/api/v2/rum?*ddsource=", a.QUEUED),
    Collector("", "/api/v2/logs?*ddsource=", a.QUEUED),
    Collector("", "/api/v2/replay?*ddsource=", a.QUEUED),
    Collector("notify.bugsnag.com", "/", a.OK),
    Collector("sessions.bugsnag.com", "/", a.BUGSNAG),
    Collector("rollbar.com", "/api/1/item", a.ROLLBAR),
    # --- Social networks and advertising ---
    Collector(
        "analytics.tiktok.com",
        "/api/",
        Accepted(200, a.JSON, b'{"code":0,"message":"OK","data":{}}'),
    ),
    Collector("px.ads.linkedin.com", "/wa", a.SILENT),
    Collector("tr.snapchat.com", "/", a.EMPTY),
    # --- Attribution and engagement ---
    # Braze: without a config its client asks again at each event.
    Collector("braze.com", "/api/v3/data", a.BRAZE),
    Collector("braze.eu", "/api/v3/data", a.BRAZE),
    Collector("appsflyer.com", "/", Accepted(200, a.TEXT, b"ok")),
    Collector("appsflyersdk.com", "/", Accepted(200, a.TEXT, b"ok")),
    Collector("adjust.com", "/", Accepted(200, a.JSON, b'{"message":"","timestamp":"","adid":""}')),
    Collector(
        "branch.io",
        "/v1/",
        Accepted(200, a.JSON, b'{"session_id":"","randomized_bundle_token":"","link":""}'),
    ),
    Collector("kochava.com", "/", Accepted(200, a.JSON, b'{"success":"1"}')),
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
