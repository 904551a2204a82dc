"""Messages of every format as its vendor's documentation describes them, with generated people.

Each is what a browser or a program sends: method, target, header fields, body. None of them
names a host: detection must not need one.
"""

# ruff: noqa: E501 - rows of a table read better whole
from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

type Fields = tuple[tuple[bytes, bytes], ...]

JSON: Fields = ((b"Content-Type", b"application/json"),)
PLAIN: Fields = ((b"Content-Type", b"text/plain;charset=UTF-8"),)
FORM: Fields = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
BEACON: Fields = ()


class Payload(NamedTuple):
    """A request, and the format that it is in."""

    format: str
    what: str
    method: str
    target: str
    headers: Fields = ()
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.format}: {self.what}"


def dumps(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def lines(*documents: Any) -> bytes:
    return b"\n".join(dumps(each) for each in documents)


def b64(document: Any) -> str:
    return base64.b64encode(dumps(document)).decode()


ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
NOW = "2026-11-24T09:12:31.412Z"
MS = 1_795_511_551_412

CALIPER_EVENT = {
    "@context": "http://purl.imsglobal.org/ctx/caliper/v1p2",
    "id": f"urn:uuid:{ID}",
    "type": "AssessmentItemEvent",
    "profile": "AssessmentProfile",
    "actor": {"id": "https://lycee.example/users/554433", "type": "Person"},
    "action": "Completed",
    "object": {"id": "https://lycee.example/quiz/1/items/6", "type": "AssessmentItem"},
    "eventTime": NOW,
    "generated": {"id": "https://lycee.example/r/1", "type": "FillinBlankResponse"},
}
CALIPER = {
    "sensor": "https://lycee.example/sensors/1",
    "sendTime": NOW,
    "dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1p2",
    "data": [CALIPER_EVENT],
}
STATEMENT = {
    "id": ID,
    "actor": {"name": "Élève 7", "mbox": "mailto:eleve7@lycee.example", "objectType": "Agent"},
    "verb": {
        "id": "http://adlnet.gov/expapi/verbs/answered",
        "display": {"fr-FR": "a répondu"},
    },
    "object": {
        "id": "https://lycee.example/quiz/6",
        "definition": {"type": "http://adlnet.gov/expapi/activities/cmi.interaction"},
    },
    "result": {"score": {"scaled": 0.4}, "success": False, "duration": "PT1M12S"},
    "timestamp": NOW,
}
SEGMENT_TRACK = {
    "type": "track",
    "event": "Exercise Opened",
    "properties": {"level": "4e"},
    "messageId": f"ajs-next-{MS}-{ID}",
    "anonymousId": ID,
    "userId": "u-7",
    "timestamp": NOW,
    "context": {"page": {"path": "/x"}, "library": {"name": "analytics.js", "version": "npm-1"}},
    "integrations": {},
}
AMPLITUDE_EVENT = {
    "user_id": "u-7",
    "device_id": ID,
    "event_type": "lesson_opened",
    "event_properties": {"lesson": 12},
    "session_id": MS,
    "insert_id": ID,
    "library": "amplitude-ts/2.3",
    "time": MS,
}
MIXPANEL_EVENT = {
    "event": "Exercise Opened",
    "properties": {
        "token": "0f" * 16, "distinct_id": "u-7", "time": MS, "$insert_id": "a1b2", "mp_lib": "web",
    },
}  # fmt: skip
POSTHOG_EVENT = {
    "uuid": ID,
    "event": "$autocapture",
    "properties": {
        "token": "phc_" + "a" * 43, "distinct_id": ID, "$session_id": ID, "$window_id": ID,
        "$lib": "web", "$current_url": "https://x.example/",
    },
    "offset": 3,
}  # fmt: skip
RRWEB = [
    {"type": 4, "data": {"href": "https://x.example/", "width": 1280, "height": 720},
     "timestamp": MS},
    {"type": 2, "data": {"node": {"type": 0, "childNodes": [], "id": 1},
     "initialOffset": {"left": 0, "top": 0}}, "timestamp": MS + 1},
    {"type": 3, "data": {"source": 1, "positions": [{"x": 1, "y": 2, "id": 3, "timeOffset": 0}]},
     "timestamp": MS + 2},
]  # fmt: skip
ONECOLLECTOR_EVENT = {
    "name": "Ms.Web.PageAction",
    "time": NOW,
    "ver": "4.0",
    "iKey": "o:0c1f2e3d4b5a69788796a5b4c3d2e1f0",
    "ext": {
        "sdk": {"ver": "1DS-Web-JS-4.0.2"},
        "user": {"localId": f"t:{ID}"},
        "app": {"locale": "fr"},
    },
    "data": {"baseType": "PageActionData", "actionType": "CL"},
}
INSIGHTS = {
    "time": NOW,
    "iKey": ID,
    "name": f"Microsoft.ApplicationInsights.{ID.replace('-', '')}.Pageview",
    "tags": {"ai.user.id": "x", "ai.session.id": "y"},
    "data": {"baseType": "PageviewData", "baseData": {"ver": 2, "name": "Accueil"}},
}
SENTRY_EVENT = {
    "event_id": ID.replace("-", ""), "platform": "javascript", "timestamp": MS / 1000,
    "exception": {"values": [{"type": "TypeError", "value": "x is undefined"}]},
    "user": {"id": "7"}, "sdk": {"name": "sentry.javascript.react", "version": "8.1.0"},
}  # fmt: skip
DATADOG_VIEW = {
    "_dd": {"format_version": 2, "document_version": 4},
    "application": {"id": ID}, "session": {"id": ID, "type": "user"}, "type": "view",
    "view": {"id": ID, "url": "https://x.example/"}, "date": MS, "service": "web",
}  # fmt: skip
OTLP = {
    "resourceSpans": [
        {"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "web"}, "spans": []}]}
    ]
}
SNOWPLOW = {
    "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
    "data": [
        {"e": "pv", "url": "https://x.example/", "tv": "js-3.23.0", "p": "web", "aid": "site"}
    ],
}
CLARITY = {
    "e": ["0.7.59", 3, 2104, 1893, "kxdc4874py", "u1x", "s9y", 1, 0, 2],
    "a": [[12, 9, 44, 12], [220, 12, 45, 13]],
    "p": [],
}
FULLSTORY = {"Seq": 4, "When": 12_000, "Evts": [{"Kind": 18, "Args": [12, 40], "When": 3}]}

MATOMO = "idsite=3&rec=1&r=214&action_name=Accueil&url=https%3A%2F%2Fx.example%2F&_id=1f0a"
GA4 = "v=2&tid=G-AB12CD34EF&gtm=45je4&_p=12&cid=1.2&ul=fr-fr&sr=1x1&_s=1&en=page_view"
UA = "v=1&_v=j101&tid=UA-12345678-1&cid=12.34&t=pageview&dl=https%3A%2F%2Fx.example%2F"
ONE_QUERY = (
    "cors=true&content-type=application/x-json-stream&client-id=NO_AUTH"
    "&client-version=1DS-Web-JS-4.0.2&apikey=0c1f2e3d-1-7122&upload-time=1795511551412"
)
BOUNDARY = b"----WebKitFormBoundary7MA4YWxk"


def multipart(document: Any) -> bytes:
    head = b'Content-Disposition: form-data; name="event"; filename="blob"\r\n'
    part = head + b"Content-Type: application/json\r\n\r\n" + dumps(document) + b"\r\n"
    return b"--" + BOUNDARY + b"\r\n" + part + b"--" + BOUNDARY + b"--\r\n"


MULTIPART: Fields = ((b"Content-Type", b"multipart/form-data; boundary=" + BOUNDARY[2:]),)

PAYLOADS: tuple[Payload, ...] = (
    # learning
    Payload("caliper", "envelope", "POST", "/caliper", JSON, dumps(CALIPER)),
    Payload("caliper", "1.0, without dataVersion", "POST", "/v1/events", JSON, dumps(
        {"sensor": "s", "sendTime": NOW,
         "data": [{"@context": "http://purl.imsglobal.org/ctx/caliper/v1/Context", "@type": "x"}]})),
    Payload("caliper", "bare events", "POST", "/in", PLAIN, dumps([CALIPER_EVENT] * 3)),
    Payload("caliper", "slashes escaped", "POST", "/in", JSON,
            dumps(CALIPER_EVENT).replace(b"/", b"\\/")),
    Payload("xapi", "statement", "POST", "/xapi/statements", JSON, dumps(STATEMENT)),
    Payload("xapi", "statement by PUT", "PUT", f"/data/xAPI/statements?statementId={ID}", JSON,
            dumps(STATEMENT)),
    Payload("xapi", "batch elsewhere", "POST", "/collect", PLAIN, dumps([STATEMENT] * 4)),
    Payload("xapi", "wrapped", "POST", "/api", JSON, dumps({"statements": [STATEMENT]})),
    Payload("xapi", "by header alone", "POST", "/lrs/statements",
            (*JSON, (b"X-Experience-API-Version", b"1.0.3")), b"[]"),
    Payload("xapi", "form of old browsers", "POST", "/lrs/statements?method=PUT", FORM, urlencode(
        {"statementId": ID, "X-Experience-API-Version": "1.0.3",
         "content": json.dumps(STATEMENT)}).encode()),
    # behaviour
    Payload("segment", "batch", "POST", "/v1/batch", JSON,
            dumps({"batch": [SEGMENT_TRACK] * 3, "writeKey": "k" * 32, "sentAt": NOW})),
    Payload("segment", "one call of a browser", "POST", "/ces/v1/t", PLAIN,
            dumps(SEGMENT_TRACK | {"writeKey": "k" * 32, "sentAt": NOW, "_metadata": {}})),
    Payload("segment", "server batch", "POST", "/any", JSON, dumps(
        {"batch": [{"type": "identify", "userId": "7", "traits": {"email": "x@y.example"}},
                   {"type": "track", "userId": "7", "event": "Song", "properties": {}}]})),
    Payload("segment", "call by its address", "POST", "/v1/track", JSON, dumps(
        {"userId": "7", "event": "Opened", "properties": {"x": 1}, "timestamp": NOW})),
    Payload("segment", "call with its type, nobody named", "POST", "/v1/track", JSON,
            dumps({"type": "track", "event": "Signed Up", "properties": {"plan": "x"}})),
    Payload("segment", "page by its address", "POST", "/v1/page", JSON, dumps(
        {"userId": "7", "name": "Home", "properties": {"url": "x"}, "timestamp": NOW})),
    Payload("segment", "track of a server", "POST", "/x", JSON, dumps(
        {"messageId": "m", "timestamp": NOW, "type": "track", "event": "x", "userId": "7",
         "properties": {"a": 1}})),
    Payload("segment", "identify by its address", "POST", "/v1/identify", JSON,
            dumps({"anonymousId": ID, "traits": {"class": "4B"}})),
    Payload("amplitude", "batch", "POST", "/2/httpapi", JSON,
            dumps({"api_key": "a" * 32, "events": [AMPLITUDE_EVENT], "options": {}})),
    Payload("amplitude", "smallest documented", "POST", "/batch", JSON,
            dumps({"api_key": "a", "events": [{"user_id": "12345", "event_type": "signup"}]})),
    Payload("amplitude", "form of the old client", "POST", "/", FORM, urlencode(
        {"client": "a" * 32, "e": json.dumps([AMPLITUDE_EVENT]), "v": 2,
         "upload_time": MS}).encode()),
    Payload("mixpanel", "form, base64", "POST", "/track/?ip=1", FORM,
            b"data=" + quote(b64([MIXPANEL_EVENT])).encode()),
    Payload("mixpanel", "form, JSON", "POST", "/track/?ip=1&_=1", FORM,
            b"data=" + quote(json.dumps([MIXPANEL_EVENT])).encode()),
    Payload("mixpanel", "JSON", "POST", "/track?verbose=1", JSON, dumps([MIXPANEL_EVENT])),
    Payload("mixpanel", "import", "POST", "/import?strict=1", JSON, dumps([
        {"event": "x", "properties": {"time": MS, "distinct_id": "7", "$insert_id": "q"}}])),
    Payload("mixpanel", "pixel", "GET", "/track/?data=" + quote(b64(MIXPANEL_EVENT)) + "&img=1"),
    Payload("mixpanel", "engage", "POST", "/engage", JSON,
            dumps([{"$token": "0f", "$distinct_id": "u-7", "$set": {"level": "4e"}}])),
    Payload("posthog", "events", "POST", "/e/?ip=1&_=1&ver=1.1", PLAIN, dumps([POSTHOG_EVENT])),
    Payload("posthog", "capture as documented", "POST", "/i/v0/e/", JSON, dumps(
        {"api_key": "phc_x", "event": "opened",
         "properties": {"distinct_id": "7", "level": "4e"}, "timestamp": NOW})),
    Payload("posthog", "batch", "POST", "/batch/", JSON, dumps(
        {"api_key": "phc_x", "historical_migration": False,
         "batch": [{"event": "a", "properties": {"distinct_id": "7"}}]})),
    Payload("posthog", "gzip-js", "POST", "/ingest/e/?compression=gzip-js&ip=1&_=1&ver=1.1", PLAIN,
            gzip.compress(dumps([POSTHOG_EVENT]))),
    Payload("posthog", "gzip nobody declares", "POST", "/x", PLAIN,
            gzip.compress(dumps([POSTHOG_EVENT]))),
    Payload("posthog", "lz64", "POST", "/e/?compression=lz64&ver=1.30&_=1", FORM, b"data=NobwRAdg"),
    Payload("posthog", "base64", "POST", "/e/", FORM, b"data=" + quote(b64(POSTHOG_EVENT)).encode()),
    Payload("matomo", "pixel", "GET", f"/matomo.php?{MATOMO}"),
    Payload("matomo", "renamed", "POST", f"/js/tracker.php?{MATOMO}", FORM),
    Payload("matomo", "form", "POST", "/m.php", FORM, MATOMO.encode()),
    Payload("matomo", "bulk", "POST", "/m.php", FORM,
            dumps({"requests": [f"?{MATOMO}", f"?{MATOMO}&ping=1"], "token_auth": "anonymous"})),
    Payload("google-analytics", "GA4", "POST", f"/g/collect?{GA4}", PLAIN, b"en=scroll&epn.p=90"),
    Payload("google-analytics", "GA4, tagging of one's own", "GET", f"/metrics/9?{GA4}"),
    Payload("google-analytics", "universal", "GET", f"/j/collect?{UA}"),
    Payload("google-analytics", "universal, form", "POST", "/collect", PLAIN, UA.encode()),
    Payload("google-analytics", "measurement protocol", "POST",
            "/mp/collect?measurement_id=G-AB12CD34EF&api_secret=s", JSON,
            dumps({"client_id": "1.2", "events": [{"name": "lesson", "params": {}}]})),
    Payload("snowplow", "tp2", "POST", "/com.snowplowanalytics.snowplow/tp2", JSON, dumps(SNOWPLOW)),
    Payload("snowplow", "own address", "POST", "/com.acme/track", JSON, dumps(SNOWPLOW)),
    Payload("snowplow", "pixel", "GET", "/i?stm=1&e=pv&url=x&page=y&tv=js-3.23.0&tna=sp&aid=a&p=web"),
    Payload("adobe-analytics", "image", "GET", "/b/ss/rsid,rsid2/1/JS-2.22.0/s9?AQB=1&ndh=1&AQE=1"),
    Payload("adobe-analytics", "edge", "POST", "/ee/va6/v1/interact?configId=abc&requestId=x", PLAIN,
            dumps({"events": [{"xdm": {"eventType": "web.webpagedetails.pageViews"}}]})),
    Payload("adobe-analytics", "edge elsewhere", "POST", "/data", JSON,
            dumps({"events": [{"xdm": {"identityMap": {}, "eventType": "x"}}]})),
    Payload("piano-analytics", "events", "POST", "/event?s=123456&idclient=x-y", PLAIN,
            dumps({"events": [{"name": "page.display", "data": {"page": "x"}}]})),
    Payload("piano-analytics", "hit", "GET", "/hit.xiti?s=123456&s2=1&p=accueil"),
    Payload("heap", "pixel", "GET", "/h?a=2360354692&u=8231&v=7312&s=12&b=web&tv=4.0"),
    Payload("pendo", "pixel", "GET", f"/data/ptm.gif/{ID}?v=2.1&ct=1&jzb=eJx"),
    Payload("braze", "web", "POST", "/x/data/", JSON, dumps(
        {"respond_with": {"config": {}}, "api_key": ID, "device_id": ID, "sdk_version": "5.1",
         "events": [{"name": "ss", "data": {}, "time": 1}], "attributes": [{"user_id": "7"}]})),
    Payload("braze", "header", "POST", "/api/v3/data/", (*JSON, (b"X-Braze-Api-Key", b"k")), b"{}"),
    Payload("statsig", "events", "POST", "/v1/other", JSON, dumps(
        {"events": [{"eventName": "gate", "user": {"userID": "7"}}],
         "statsigMetadata": {"sdkType": "js-client"}})),
    Payload("launchdarkly", "events", "POST", "/events/bulk/0123456789abcdef01234567", JSON, b"[]"),
    Payload("launchdarkly", "elsewhere", "POST", "/x", JSON, dumps(
        [{"kind": "identify", "creationDate": MS, "context": {"kind": "user", "key": "7"}}])),
    Payload("optimizely", "events", "POST", "/v1/events", JSON, dumps(
        {"account_id": "1", "visitors": [{"visitor_id": "7", "snapshots": []}]})),
    Payload("plausible", "own host", "POST", "/api/event", PLAIN,
            dumps({"n": "pageview", "u": "https://x.example/", "d": "x.example", "r": None})),
    Payload("umami", "own host", "POST", "/api/send", JSON, dumps(
        {"type": "event", "payload": {"website": ID, "hostname": "x", "url": "/", "screen": "1x1"}})),
    Payload("tealium", "event", "POST", "/event", PLAIN,
            dumps({"tealium_account": "a", "tealium_profile": "m", "tealium_event": "view"})),
    Payload("mparticle", "events", "POST", "/v3/JS/eu1-ebd2cad076757c498ce604d818b0d8ae/events",
            PLAIN, b"{}"),
    # session replay
    Payload("rrweb", "events", "POST", "/replay", JSON, dumps({"events": RRWEB, "session": ID})),
    Payload("rrweb", "moves only", "POST", "/r", PLAIN, dumps([RRWEB[2]] * 9)),
    Payload("rrweb", "PostHog", "POST", "/x", JSON, dumps(
        {"event": "$snapshot", "properties":
         {"$snapshot_data": ["\u001f\u008b"], "$session_id": ID, "distinct_id": ID, "token": "p"}})),
    Payload("rrweb", "PostHog, compressed", "POST", "/s/?compression=gzip-js&ip=1&_=1&ver=1.1",
            PLAIN, gzip.compress(dumps(RRWEB))),
    Payload("clarity", "payload", "POST", "/eus2-j/collect", PLAIN, dumps(CLARITY)),
    Payload("clarity", "compressed", "POST", "/collect", ((b"Accept", b"application/x-clarity-gzip"),),
            gzip.compress(dumps(CLARITY))),
    Payload("hotjar", "socket", "GET", "/api/v2/client/ws?v=7&site_id=5212309"),
    Payload("hotjar", "page", "POST", "/?site_id=5212309&gzip=1", PLAIN, gzip.compress(b"<html>")),
    Payload("fullstory", "bundle", "POST",
            "/rec/bundle/v2?OrgId=o-22BMFZ-na1&UserId=1&SessionId=2&PageId=3&Seq=4", PLAIN,
            dumps(FULLSTORY)),
    Payload("fullstory", "bundle elsewhere", "POST", "/relay", PLAIN, dumps(FULLSTORY)),
    Payload("fullstory", "page", "POST", "/rec/page", JSON,
            dumps({"OrgId": "o-22BMFZ-na1", "Url": "https://x.example/"})),
    Payload("logrocket", "upload", "POST",
            "/i?a=vz1k2m%2Fecole&r=6-0192&t=6b1e&ir=false&is=1&rs=0%2Cu", PLAIN, b"\x08\x01"),
    Payload("smartlook", "check", "POST", "/rec/v2/write?key=" + "0a" * 20 + "&rid=1", PLAIN, b"\0"),
    Payload("contentsquare", "recording", "POST", "/v2/recording?rt=5&pid=276", PLAIN, b"x"),
    Payload("matomo-recording", "moves", "POST", f"/matomo.php?{MATOMO}&hsr_vid=a&hsr_ev=x", FORM),
    Payload("sentry-replay", "envelope", "POST", "/monitoring", PLAIN, lines(
        {"event_id": "0" * 32, "sent_at": NOW, "sdk": {"name": "sentry.javascript.browser"}},
        {"type": "replay_event"}, {"type": "replay_event", "urls": []})),
    Payload("datadog-replay", "segment", "POST", "/api/v2/replay?ddsource=browser&dd-api-key=p",
            MULTIPART, multipart({"raw_segment_size": 10})),
    Payload("datadog-replay", "segment elsewhere", "POST", "/dd", MULTIPART, multipart(
        {"application": {"id": ID}, "session": {"id": ID}, "view": {"id": ID},
         "has_full_snapshot": True, "records_count": 9, "source": "browser"})),
    Payload("datadog-replay", "through a proxy", "POST",
            "/d?ddforward=%2Fapi%2Fv2%2Freplay%3Fddsource%3Dbrowser", MULTIPART, b"--x"),
    Payload("new-relic-replay", "blob", "POST",
            "/browser/blobs?browser_monitoring_key=NRJS-1&type=SessionReplay&app_id=1", PLAIN, b"x"),
    # usage
    Payload("onecollector", "lines", "POST", f"/OneCollector/1.0/?{ONE_QUERY}", BEACON,
            lines(ONECOLLECTOR_EVENT, ONECOLLECTOR_EVENT)),
    Payload("onecollector", "own address", "POST", "/t/v1", (
        (b"Content-Type", b"application/x-json-stream"), (b"apikey", b"k"),
        (b"client-version", b"1DS-Web-JS-4.0.2")), lines(ONECOLLECTOR_EVENT)),
    Payload("onecollector", "no header says so", "POST", "/log", PLAIN,
            lines(*[ONECOLLECTOR_EVENT] * 40)),
    Payload("onecollector", "bond", "POST", "/x", (
        (b"Content-Type", b"application/bond-compact-binary"), (b"x-apikey", b"k")), b"\x09\x01"),
    Payload("onecollector", "Aria", "POST",
            "/Collector/3.0/?qsp=true&content-type=application%2Fbond-compact-binary"
            "&client-id=NO_AUTH&sdk-version=AWT-Web-JS-1.8", PLAIN, b"\x09"),
    Payload("clearcut", "log", "POST", "/log?format=json&hasfast=true&authuser=0", PLAIN,
            b'[[1,null,null,[]],241,[["1"]]]'),
    # diagnostics
    Payload("application-insights", "track", "POST", "/v2/track", JSON, dumps([INSIGHTS])),
    Payload("application-insights", "lines", "POST", "/x", PLAIN, lines(INSIGHTS, INSIGHTS)),
    Payload("sentry", "envelope", "POST", "/api/42/envelope/?sentry_key=" + "a" * 32, PLAIN, lines(
        {"event_id": "0" * 32, "sent_at": NOW}, {"type": "event"}, SENTRY_EVENT)),
    Payload("sentry", "tunnel", "POST", "/monitoring?o=1&p=2", PLAIN, lines(
        {"sent_at": NOW, "dsn": "https://a@o1.ingest.example/2"}, {"type": "session"},
        {"sid": ID, "init": True, "status": "ok"})),
    Payload("sentry", "store", "POST", "/api/42/store/", JSON, dumps(SENTRY_EVENT)),
    Payload("sentry", "header", "POST", "/api/42/envelope/",
            ((b"X-Sentry-Auth", b"Sentry sentry_version=7"),), b"{}"),
    Payload("datadog", "rum", "POST", "/api/v2/rum?ddsource=browser&ddtags=a&dd-api-key=p", PLAIN,
            lines(DATADOG_VIEW)),
    Payload("datadog", "through a proxy", "POST",
            "/telemetry/intake?ddforward=%2Fapi%2Fv2%2Frum%3Fddsource%3Dbrowser", PLAIN, b"x"),
    Payload("datadog", "elsewhere, deflate nobody declares", "POST", "/dd", PLAIN,
            zlib.compress(lines(DATADOG_VIEW, DATADOG_VIEW))),
    Payload("new-relic", "events", "POST",
            "/events/1/NRJS-0a1b2c3d4e5f6071829?a=601&sa=1&v=1.260.0&t=x&rst=43&ck=0&ref=https://x",
            PLAIN, b"bel.7;1,2"),
    Payload("opentelemetry", "traces", "POST", "/v1/traces", JSON, dumps(OTLP)),
    Payload("bugsnag", "report", "POST", "/", JSON, dumps(
        {"apiKey": "a" * 32, "notifier": {"name": "Bugsnag JavaScript"}, "events": []})),
    Payload("rollbar", "item", "POST", "/api/1/item/", JSON, dumps(
        {"access_token": "a", "data": {"notifier": {"name": "rollbar-browser-js"}, "body": {}}})),
)  # fmt: skip

MESSAGES: tuple[tuple[str, bytes], ...] = (
    ("xapi", dumps(STATEMENT)),
    ("rrweb", dumps({"op": "replay", "events": RRWEB})),
    ("rrweb", b"42" + dumps(["record", RRWEB])),
    ("rrweb", b"42/room," + dumps(["record", RRWEB])),
    ("segment", dumps([SEGMENT_TRACK])),
    ("caliper", dumps(CALIPER)),
)
"""Messages of WebSockets, some in the framing of Socket.IO."""
