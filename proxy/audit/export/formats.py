"""An event as a line of CEF, of OCSF, or as it was signed.

A format says the same event in other words. What has no place in those words stays as it is
(``unmapped`` in OCSF, ``preau…`` keys in CEF), so nothing of an event is ever dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from proxy import __version__
from proxy.audit.export.meaning import HTTP_METHODS, MEANINGS, UNKNOWN, Class, Meaning

OCSF_VERSION = "1.4.0"
_CONTROLLED = (Class.HTTP_ACTIVITY, Class.NETWORK_ACTIVITY, Class.DATA_SECURITY_FINDING)
"""Classes that say what a control did: OCSF's ``security_control`` profile."""

_NOT_EXTRA = frozenset(("type", "version", "time"))


class Format(StrEnum):
    """How a line is written."""

    OCSF = "ocsf"
    CEF = "cef"
    JSON = "json"
    """The line as it was signed, with its index before it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which log an event comes from."""

    log: str
    host: str
    """What syslog's HOSTNAME and CEF's ``dvchost`` say: the gateway's own name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the log, read."""

    index: int
    line: bytes
    event: Mapping[str, Any]
    meaning: Meaning

    @classmethod
    def read(cls, index: int, line: bytes) -> Entry:
        """The event in ``line``."""
        event = orjson.loads(line)
        return cls(index, line, event, MEANINGS.get(str(event.get("type")), UNKNOWN))

    @property
    def milliseconds(self) -> int:
        """The event's time, Unix milliseconds."""
        return round(datetime.fromisoformat(str(self.event["time"])).timestamp() * 1000)


type Formatter = Callable[[Entry, Origin], bytes]


def as_json(entry: Entry, origin: Origin) -> bytes:
    """``{"index":…,"log":…,"event":<the signed line>}``: verifiable against the log."""
    head = orjson.dumps({"index": entry.index, "log": origin.log})
    return head[:-1] + b',"event":' + entry.line + b"}"


def as_ocsf(entry: Entry, origin: Origin) -> bytes:
    """OCSF, with the ``security_control`` profile on traffic."""
    event, meaning = entry.event, entry.meaning
    kind = int(meaning.kind)
    activity = _activity(event, meaning)
    document: dict[str, Any] = {
        "activity_id": activity,
        "category_uid": kind // 1000,
        "class_uid": kind,
        "type_uid": kind * 100 + activity,
        "severity_id": int(meaning.severity),
        "status_id": 1,
        "time": entry.milliseconds,
        "message": meaning.title,
        "metadata": {
            "version": OCSF_VERSION,
            "uid": f"{origin.log}/{entry.index}",
            "sequence": entry.index,
            "log_name": origin.log,
            "event_code": event.get("type"),
            "product": {"name": "Préau", "vendor_name": "Préau", "version": __version__},
        },
        "device": {"hostname": origin.host, "type_id": 0},
        "unmapped": {name: value for name, value in event.items() if name not in _NOT_EXTRA},
    }
    if meaning.kind in _CONTROLLED:
        document["metadata"]["profiles"] = ["security_control"]
        document["action_id"] = int(meaning.verdict)
        document["disposition_id"] = int(meaning.disposition)
    if "policy" in event or "rule" in event:
        document["policy"] = {"uid": event.get("rule", ""), "version": event.get("policy", "")}
    if "reason" in event:
        document["status_detail"] = event["reason"]
    _by_class(document, event, meaning.kind)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _activity(event: Mapping[str, Any], meaning: Meaning) -> int:
    if meaning.kind is Class.HTTP_ACTIVITY:
        return HTTP_METHODS.get(str(event.get("method")), 99)
    return meaning.activity


def _by_class(document: dict[str, Any], event: Mapping[str, Any], kind: Class) -> None:
    """What a class demands besides. Fields we do not record stay out: an address, a user's name."""
    if kind is Class.HTTP_ACTIVITY:
        url = {"hostname": event.get("host", ""), "path": event.get("endpoint", "")}
        document["http_request"] = {"http_method": event.get("method", "OTHER"), "url": url}
    if kind in (Class.HTTP_ACTIVITY, Class.NETWORK_ACTIVITY):
        document["src_endpoint"] = {"uid": event.get("client", "")}
        document["dst_endpoint"] = {
            "hostname": event.get("host", ""),
            "svc_name": event.get("service", ""),
        }
    elif kind is Class.API_ACTIVITY:
        document["actor"] = {"user": _operator(event)}
        operation = event.get("act", event.get("type"))
        document["api"] = {"operation": operation, "service": {"name": "preau"}}
        document["src_endpoint"] = {"uid": event.get("client", "")}
    elif kind is Class.AUTHENTICATION:
        document["user"] = _operator(event)
    elif kind is Class.APPLICATION_LIFECYCLE:
        document["app"] = {"name": "Préau", "vendor_name": "Préau", "version": __version__}
    elif kind is Class.DATA_SECURITY_FINDING:
        uid = document["metadata"]["uid"]
        document["finding_info"] = {"uid": uid, "title": document["message"]}
        document["data_security"] = {"category_id": 1}


def _operator(event: Mapping[str, Any]) -> dict[str, Any]:
    """An account as its hash of that day, as far as the event says whose."""
    known = {"uid": event["operator"]} if "operator" in event else {}
    return {"type": "operator", "type_id": 99, **known}


CEF_KEYS = {
    "host": "dhost",
    "method": "requestMethod",
    "reason": "reason",
    "action": "act",
    "count": "cnt",
    "sent": "out",
    "received": "in",
    "operator": "suid",
}
"""Fields of ours that CEF has a key for; the others become ``preau…`` keys."""


def as_cef(entry: Entry, origin: Origin) -> bytes:
    """ArcSight's Common Event Format, version 0."""
    event, meaning = entry.event, entry.meaning
    header = (
        "CEF:0",
        "Preau",
        "Preau",
        __version__,
        str(event.get("type", "")),
        meaning.title,
        str(2 * meaning.severity),
    )
    fields: dict[str, str] = {
        "rt": str(entry.milliseconds),
        "externalId": str(entry.index),
        "dvchost": origin.host,
        "preauLog": origin.log,
        "preauDisposition": meaning.disposition.name.lower(),
    }
    for name, value in event.items():
        if name not in _NOT_EXTRA:
            fields[CEF_KEYS.get(name) or _cef_key(name)] = _cef_text(value)
    extension = " ".join(f"{name}={cef_value(value)}" for name, value in fields.items())
    return "|".join((header[0], *map(cef_header, header[1:]), extension)).encode()


def _cef_key(name: str) -> str:
    return "preau" + "".join(part.capitalize() for part in name.split("_"))


def _cef_text(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}:{count}" for name, count in value.items())
    return str(value)


def cef_header(text: str) -> str:
    """A header field: ``\\`` and ``|`` escaped, no line ends."""
    plain = text.replace("\\", "\\\\").replace("|", "\\|")
    return plain.replace("\r", " ").replace("\n", " ")


def cef_value(text: str) -> str:
    """An extension's value: ``\\``, ``=`` and line ends escaped."""
    plain = text.replace("\\", "\\\\").replace("=", "\\=")
    return plain.replace("\r", "\\r").replace("\n", "\\n")


FORMATS: dict[Format, Formatter] = {
    Format.OCSF: as_ocsf,
    Format.CEF: as_cef,
    Format.JSON: as_json,
}
