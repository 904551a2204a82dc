"""What method, URL and header fields alone are sure about, before a body has come.

Vendors' collectors can be reached under any host (a proxy of one's own, server-side tagging),
but their addresses keep the parameters without which the collector would not know whose
message it is. A row asks for several of them together; none of them suffices alone.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import re2

from proxy.marks import Marks, mark_of
from proxy.profiling import formats as f
from proxy.profiling.behaviour import matomo_query


class _Row(NamedTuple):
    format: f.Format
    path: re.Pattern[str] | None
    query: tuple[re.Pattern[str], ...]


def _row(format: f.Format, path: str = "", *query: str) -> _Row:
    parameters = tuple(re.compile(rf"(?:^|&)(?:{each})") for each in query)
    return _Row(format, re.compile(path) if path else None, parameters)


_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"

_ROWS: Final = (
    _row(f.GOOGLE_ANALYTICS, "", r"tid=(?:G|GT|AW|DC|UA)-[A-Z0-9-]{4,}(?:&|$)", r"v=[12](?:&|$)",
         r"(?:cid|_p|gtm|en|t)="),
    _row(f.GOOGLE_ANALYTICS, r"/mp/collect$", r"api_secret=",
         r"(?:measurement_id|firebase_app_id)="),
    _row(f.SNOWPLOW, r"/com\.snowplowanalytics\.snowplow/tp\d$"),
    _row(f.SNOWPLOW, "", r"e=(?:pv|pp|se|ue|tr|ti|ad)(?:&|$)",
         r"p=(?:web|mob|pc|srv|app|tv|cnsl|iot)(?:&|$)", r"tv=\w"),
    _row(f.ADOBE_ANALYTICS, r"/b/ss/[^/]+/\d"),
    _row(f.ADOBE_ANALYTICS, r"/ee/(?:[\w-]+/)?v\d/(?:interact|collect)$",
         r"(?:config|datastream)Id="),
    _row(f.SENTRY, r"/api/\d+/(?:envelope|store|security|minidump)/?$", r"sentry_key="),
    _row(f.DATADOG_REPLAY, r"/api/v2/replay$", r"ddsource="),
    _row(f.DATADOG_REPLAY, "", r"ddforward=[^&]*(?:/|%2[fF])replay(?:\?|%3[fF])"),
    _row(f.DATADOG, r"/api/v2/(?:rum|logs|spans|profile|debugger)$", r"ddsource="),
    _row(f.DATADOG, "", r"ddforward=[^&]*ddsource"),
    _row(f.NEW_RELIC_REPLAY, r"/browser/blobs$", r"browser_monitoring_key=", r"type=SessionReplay"),
    _row(f.NEW_RELIC, r"/browser/(?:blobs|logs)$", r"browser_monitoring_key="),
    _row(f.NEW_RELIC, r"/(?:1|events/1|jserrors/1|ins/1|resources/1|rum/1)/[A-Za-z0-9-]{8,}$",
         r"a=\d+", r"v=\d", r"(?:rst|ck|sa)=\d", r"ref="),
    _row(f.ONECOLLECTOR, r"/OneCollector/\d"),
    _row(f.ONECOLLECTOR, r"/Collector/3\.0/?$", r"(?:x-apikey|client-id|content-type)="),
    _row(f.CLEARCUT, r"/log$", r"format=json", r"(?:hasfast|authuser)="),
    _row(f.RRWEB, r"/s/?$", r"compression=(?:gzip-js|lz64|base64)(?:&|$)", r"(?:ver|ip|_)=\d"),
    _row(f.POSTHOG, "", r"compression=(?:gzip-js|lz64|base64)(?:&|$)", r"(?:ver|ip|_)=\d"),
    _row(f.HOTJAR, r"/api/v\d/client/ws$", r"site_id=\d"),
    _row(f.HOTJAR, r"^/$", r"site_id=\d+(?:&|$)", r"gzip=1"),
    _row(f.FULLSTORY, r"/rec/(?:page|bundle|sync|except|settings)(?:/v\d)?$", r"OrgId=",
         r"(?:User|Session|Page)Id="),
    _row(f.LOGROCKET, r"/i$", r"a=\w+(?:%2[fF]|/)\w", r"r=\d", r"t=", r"(?:ir|is|rs|u)="),
    _row(f.SMARTLOOK, r"/rec/(?:v\d/)?(?:write|events|internals|check|setup-recording)",
         r"key=[0-9a-f]{40}"),
    _row(f.CONTENTSQUARE, r"/v\d/recording$", r"rt=\d", r"pid=\d"),
    _row(f.CONTENTSQUARE, r"/(?:pageview|events|dvar)$", r"pid=\d+", r"uu=", r"sn=\d"),
    _row(f.PIANO, r"/event$", r"s=\d{3,}", r"idclient="),
    _row(f.PIANO, r"/hit\.xiti$", r"s=\d{3,}"),
    _row(f.HEAP, r"/h$", r"a=\d{6,}", r"u=\d+", r"(?:h|v|b)="),
    _row(f.PENDO, rf"/data/(?:ptm|guide|rec|agentic)\.gif/{_UUID}", r"jzb="),
    _row(f.STATSIG, r"/v1/(?:rgstr|log_event)(?:_beacon)?$", r"k=client-"),
    _row(f.LAUNCHDARKLY, r"/events/(?:bulk|diagnostic)/[0-9a-f]{24}$"),
    _row(f.MPARTICLE, r"/v\d/JS/[\w-]{16,}/[Ee]vents$"),
)  # fmt: skip

_PERHAPS = re2.compile(
    r"tid=|measurement_id=|firebase_app_id=|idsite=|snowplow|tv=|/b/ss/|/ee/|sentry_key=|ddsource|"
    r"browser_monitoring_key=|ref=|Collector/|format=json|compression=|site_id=|OrgId=|"
    r"/i\?|key=[0-9a-f]{40}|pid=|/event\?|hit\.xiti|/h\?a=|jzb=|/v1/rgstr|/v1/log_event|"
    r"/events/(?:bulk|diagnostic)/|/JS/"
)

_plain = Marks(8192)
"""Hashes of targets that nobody's collector has: addresses come again and again."""


def of_target(target: str) -> f.Format | None:
    """The format whose collector is addressed, whatever the host."""
    mark = mark_of(target)
    if mark in _plain:
        return None
    if _PERHAPS.search(target) is None:
        _plain.remember(mark)
        return None
    path, _, query = target.partition("?")
    if matomo_query(query):
        return f.MATOMO_RECORDING if "hsr_" in query else f.MATOMO
    for row in _ROWS:
        if row.path is not None and row.path.search(path) is None:
            continue
        if all(parameter.search(query) for parameter in row.query):
            return row.format
    return None


def of_fields(method: str, target: str, fields: dict[bytes, bytes]) -> f.Format | None:
    """The format that header fields (lower-case names) name; for requests that have a body."""
    path = target.partition("?")[0].rstrip("/")
    if b"x-experience-api-version" in fields and path.endswith("/statements"):
        return f.XAPI if method in ("POST", "PUT") and b"/form" not in _type(fields) else None
    declared = _type(fields)
    if declared in (b"application/x-json-stream", b"application/bond-compact-binary"):
        keyed = b"x-apikey" in fields or b"apikey" in fields or b"client-version" in fields
        return f.ONECOLLECTOR if keyed else None
    if b"x-clarity-gzip" in fields.get(b"accept", b""):
        return f.CLARITY
    if b"x-sentry-auth" in fields and "/api/" in path:
        return f.SENTRY
    if b"x-braze-api-key" in fields and path.endswith("/data"):
        return f.BRAZE
    if b"statsig-api-key" in fields and path.endswith(("/rgstr", "/log_event")):
        return f.STATSIG
    return None


def _type(fields: dict[bytes, bytes]) -> bytes:
    return fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
