"""What a person clicks and reads: the messages of measurement and engagement tools.

Each function is written from the vendor's published HTTP interface and asks for what only that
vendor's messages have together; names that any application might use never suffice.
"""

from __future__ import annotations

import re

from proxy.profiling.members import Object, is_object, is_objects, is_one_of, is_text

_SEGMENT_CALLS = frozenset(("track", "identify", "page", "screen", "group", "alias"))
_SEGMENT_PATH = re.compile(
    r"/v1/(track|identify|page|screen|group|alias|batch|import|[tipsgab])/?$"
)
_SEGMENT_MARKS = (
    "writeKey",
    "originalTimestamp",
    "integrations",
    "_metadata",
    "rudderId",
    "sentAt",
)
_AMPLITUDE_MARKS = (
    "event_properties", "user_properties", "insert_id", "session_id", "library", "device_id",
    "event_id", "groups", "amplitude_id",
)  # fmt: skip
_AMPLITUDE_SURE = ("event_properties", "user_properties", "insert_id")
_MIXPANEL_CHANGES = (
    "$set",
    "$set_once",
    "$add",
    "$append",
    "$union",
    "$remove",
    "$unset",
    "$delete",
)
MIXPANEL_MERGES = ("$identify", "$merge", "$create_alias")
_MATOMO = re.compile(r"(?:^|[?&])idsite=\d+(?:&|$)")
_MATOMO_REC = re.compile(r"(?:^|[?&])rec=1(?:&|$)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SNOWPLOW = "com.snowplowanalytics.snowplow/"
_LD_KINDS = frozenset(
    ("identify", "index", "feature", "summary", "custom", "debug", "click", "pageview")
)


def segment(found: Object) -> bool:
    """One call, or a batch of them."""
    batch = found.get("batch")
    if is_objects(batch):
        called = all(is_one_of(each.get("type"), _SEGMENT_CALLS) for each in batch)
        whom = any("anonymousId" in each or "userId" in each for each in batch)
        return called and (whom or is_text(found.get("writeKey")))
    if not is_one_of(found.get("type"), _SEGMENT_CALLS):
        return False
    if "anonymousId" not in found and "userId" not in found:
        return False
    return _says_its_call(found) or ("messageId" in found and _has_segment_marks(found))


def _says_its_call(found: Object) -> bool:
    """Whether a call has what its own type must have; a page is too common a word for that."""
    match found["type"]:
        case "track":
            about = is_object(found.get("properties")) or is_object(found.get("context"))
            return is_text(found.get("event")) and about
        case "identify":
            return is_object(found.get("traits"))
        case "group":
            return is_object(found.get("traits")) and "groupId" in found
        case "alias":
            return "previousId" in found
    return False


def _has_segment_marks(found: Object) -> bool:
    context = found.get("context")
    return any(mark in found for mark in _SEGMENT_MARKS) or (
        isinstance(context, dict) and ("library" in context or "page" in context)
    )


def segment_call(found: Object, path: str) -> bool:
    """A call, or a batch of them, to an address that says what it is: its type is in the path."""
    match = _SEGMENT_PATH.search(path)
    if match is None:
        return False
    if match[1] in ("batch", "b"):
        batch = found.get("batch")
        return is_objects(batch) and all(
            is_one_of(each.get("type"), _SEGMENT_CALLS) for each in batch
        )
    about = is_object(found.get("properties"))
    if about and is_text(found.get("event")) and found.get("type", "track") == "track":
        return found.get("type") == match[1] or "anonymousId" in found or "userId" in found
    if not ("anonymousId" in found or "userId" in found):
        return False
    if match[1] in ("page", "screen", "p", "s"):
        return about and any(name in found for name in ("anonymousId", "context", "timestamp"))
    return is_object(found.get("traits")) or is_text(found.get("writeKey"))


def tealium(found: Object) -> bool:
    """An event, with the account that it goes to."""
    return is_text(found.get("tealium_account")) and "tealium_event" in found


def amplitude(found: Object) -> bool:
    """An event; or a batch with its key."""
    events = found.get("events")
    if is_text(found.get("api_key")) and is_objects(events):
        return any("event_type" in event for event in events)
    if not is_text(found.get("event_type")) or not ("device_id" in found or "user_id" in found):
        return False
    marks = sum(mark in found for mark in _AMPLITUDE_MARKS)
    return marks >= 2 and any(mark in found for mark in _AMPLITUDE_SURE)


def mixpanel(found: Object) -> bool:
    """An event, or what is to be known of a person or group."""
    if "$distinct_id" in found or "$group_id" in found:
        return is_text(found.get("$token")) or any(name in found for name in _MIXPANEL_CHANGES)
    facts, event = found.get("properties"), found.get("event")
    if not (isinstance(facts, dict) and is_text(event)) or _is_posthog(facts):
        return False
    if event in MIXPANEL_MERGES or ("distinct_id" in facts and "time" in facts):
        return True
    whose = "distinct_id" in facts or "$device_id" in facts or "mp_lib" in facts
    return whose and is_text(facts.get("token"))


def posthog(found: Object) -> bool:
    """An event, or a batch with its key."""
    facts = found.get("properties")
    if is_text(found.get("event")):
        keyed = is_text(found.get("api_key")) or is_text(found.get("token"))
        whom = "distinct_id" in found or (isinstance(facts, dict) and "distinct_id" in facts)
        if keyed and whom:
            return True
        if isinstance(facts, dict):
            known = keyed or is_text(facts.get("token")) or "distinct_id" in found
            return known and _is_posthog(facts)
    batch = found.get("batch")
    if is_text(found.get("api_key")) and is_objects(batch):
        return any(is_text(event.get("event")) for event in batch)
    return False


def _is_posthog(facts: Object) -> bool:
    return any(
        name in facts for name in ("$lib", "$session_id", "$window_id", "$current_url")
    ) and ("mp_lib" not in facts)


def matomo_query(text: str) -> bool:
    """The parameters of one Matomo request, wherever they stand."""
    return _MATOMO.search(text) is not None and _MATOMO_REC.search(text) is not None


def matomo(found: Object) -> bool:
    """Several requests in one."""
    requests = found.get("requests")
    return isinstance(requests, list) and any(
        isinstance(each, str) and matomo_query(each) for each in requests[:4]
    )


def snowplow(found: Object) -> bool:
    """A payload that says its schema."""
    schema = found.get("schema")
    return isinstance(schema, str) and schema.startswith("iglu:") and _SNOWPLOW in schema


def google_analytics(found: Object, path: str) -> bool:
    """The measurement protocol's body, sent through a server of one's own."""
    events = found.get("events")
    if not (is_objects(events) and ("client_id" in found or "app_instance_id" in found)):
        return False
    return path.endswith("/mp/collect") and any(is_text(each.get("name")) for each in events)


def adobe_edge(found: Object) -> bool:
    """An event of Experience Platform's edge network."""
    xdm = found.get("xdm")
    return isinstance(xdm, dict) and any(
        name in xdm for name in ("eventType", "implementationDetails", "_experience", "identityMap")
    )


def braze(found: Object) -> bool:
    """What a session of an application did."""
    return (
        is_text(found.get("api_key"))
        and "device_id" in found
        and ("respond_with" in found or "session_id" in found)
        and ("sdk_version" in found or is_objects(found.get("attributes")))
    )


def statsig(found: Object) -> bool:
    """Events, each with the person."""
    return is_objects(found.get("events")) and is_object(found.get("statsigMetadata"))


def launchdarkly(found: Object) -> bool:
    """Which variant whom was shown."""
    about = ("context", "contextKeys", "user", "userKey", "features")
    return (
        is_one_of(found.get("kind"), _LD_KINDS)
        and ("creationDate" in found or "startDate" in found)
        and any(name in found for name in about)
    )


def optimizely(found: Object) -> bool:
    """Visitors and what they did."""
    visitors = found.get("visitors")
    return (
        "account_id" in found
        and is_objects(visitors)
        and any("visitor_id" in each and "snapshots" in each for each in visitors)
    )


def plausible(found: Object, path: str) -> bool:
    """A page view: short names, so the address must say it too."""
    if not path.endswith("/api/event"):
        return False
    short = is_text(found.get("n")) and is_text(found.get("u")) and is_text(found.get("d"))
    return short or all(is_text(found.get(name)) for name in ("name", "url", "domain"))


def umami(found: Object) -> bool:
    """A page view or an event of a website known by its number."""
    payload = found.get("payload")
    if found.get("type") not in ("event", "identify") or not isinstance(payload, dict):
        return False
    website = payload.get("website")
    return (
        is_text(website)
        and _UUID.fullmatch(website) is not None
        and ("hostname" in payload or "screen" in payload or "url" in payload)
    )


def piano(found: Object, path: str) -> bool:
    """Events of a site, sent to a collection address."""
    events = found.get("events")
    return (
        path.endswith("/event")
        and is_objects(events)
        and all(is_text(each.get("name")) and is_object(each.get("data")) for each in events)
        and any("." in str(each.get("name")) for each in events)
    )
