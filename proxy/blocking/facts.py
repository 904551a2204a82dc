"""What a request says about itself that filter rules ask for: its type and its source.

Filter lists were written for browsers, where the engine *knows* that a request is for a
script on a given page. On the wire we derive it, best evidence first:

1. Fetch Metadata (``Sec-Fetch-Dest``, ``-Mode``, ``-Site``): set by the browser, out of
   reach of a page's script;
2. ``Upgrade: websocket`` and the content types that only beacons and reports have;
3. ``Accept``, which browsers fill in by destination;
4. the extension of the path; then ``other``, which matches every rule without types.

A wrong "document" is the costly mistake (rules without types would hit navigations), so it
needs positive evidence.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from proxy.decisions import Headers


class RequestType(StrEnum):
    """The types of the Adblock Plus syntax, by their names in filter lists."""

    DOCUMENT = "document"
    SUBDOCUMENT = "subdocument"
    SCRIPT = "script"
    IMAGE = "image"
    STYLESHEET = "stylesheet"
    FONT = "font"
    MEDIA = "media"
    XMLHTTPREQUEST = "xmlhttprequest"
    PING = "ping"
    WEBSOCKET = "websocket"
    CSP_REPORT = "csp_report"
    OBJECT = "object"
    OTHER = "other"


_T = RequestType

_BY_DEST: dict[bytes, RequestType] = {
    b"document": _T.DOCUMENT,
    b"iframe": _T.SUBDOCUMENT,
    b"frame": _T.SUBDOCUMENT,
    b"fencedframe": _T.SUBDOCUMENT,
    b"script": _T.SCRIPT,
    b"worker": _T.SCRIPT,
    b"sharedworker": _T.SCRIPT,
    b"serviceworker": _T.SCRIPT,
    b"audioworklet": _T.SCRIPT,
    b"paintworklet": _T.SCRIPT,
    b"style": _T.STYLESHEET,
    b"image": _T.IMAGE,
    b"font": _T.FONT,
    b"audio": _T.MEDIA,
    b"video": _T.MEDIA,
    b"track": _T.MEDIA,
    b"embed": _T.OBJECT,
    b"object": _T.OBJECT,
    b"report": _T.CSP_REPORT,
    b"websocket": _T.WEBSOCKET,
    b"empty": _T.XMLHTTPREQUEST,
    b"json": _T.XMLHTTPREQUEST,
    b"manifest": _T.OTHER,
    b"xslt": _T.OTHER,
    b"webidentity": _T.OTHER,
}

_BY_CONTENT_TYPE: dict[bytes, RequestType] = {
    b"text/ping": _T.PING,
    b"application/csp-report": _T.CSP_REPORT,
    b"application/reports+json": _T.CSP_REPORT,
}

# The first media range of Accept, as browsers that lack Fetch Metadata send it.
_BY_ACCEPT: dict[bytes, RequestType] = {
    b"text/html": _T.DOCUMENT,
    b"application/xhtml+xml": _T.DOCUMENT,
    b"text/css": _T.STYLESHEET,
    b"text/javascript": _T.SCRIPT,
    b"application/javascript": _T.SCRIPT,
    b"application/json": _T.XMLHTTPREQUEST,
    b"text/event-stream": _T.XMLHTTPREQUEST,
}
_BY_ACCEPT_FAMILY: dict[bytes, RequestType] = {
    b"image": _T.IMAGE,
    b"audio": _T.MEDIA,
    b"video": _T.MEDIA,
    b"font": _T.FONT,
}

_BY_EXTENSION: dict[str, RequestType] = {
    **dict.fromkeys(("js", "mjs", "cjs"), _T.SCRIPT),
    "css": _T.STYLESHEET,
    **dict.fromkeys(
        ("gif", "png", "jpg", "jpeg", "webp", "avif", "svg", "ico", "bmp", "jxl"), _T.IMAGE
    ),
    **dict.fromkeys(("woff", "woff2", "ttf", "otf", "eot"), _T.FONT),
    **dict.fromkeys(
        ("mp3", "mp4", "m4a", "m4s", "webm", "ogg", "oga", "ogv", "wav", "flac", "vtt", "ts"),
        _T.MEDIA,
    ),
    "swf": _T.OBJECT,
    "json": _T.XMLHTTPREQUEST,
    "html": _T.DOCUMENT,
    "htm": _T.DOCUMENT,
}

_PLAIN_HOST = re.compile(r"(?:https?://)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?:/|$)")

_WANTED = frozenset(
    (
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"upgrade",
        b"content-type",
        b"accept",
        b"x-requested-with",
        b"ping-to",
        b"referer",
        b"origin",
    )
)


_SPELLED: dict[bytes, bytes] = {}
"""Names of fields as they were spelt so far: the wanted ones in lower case, empty for others.
Clients spell few names: looking one up is a third of the time of folding it."""
_MOST_SPELLED = 1024
_LONGEST_NAME = 64


class RequestFacts(NamedTuple):
    """What ``Blocker.check`` wants to know, gathered in one pass over the headers."""

    type: RequestType
    top_level: bool
    """A navigation of the main frame: only explicit rules may block it."""
    source: str
    """Host of the page that asks, or empty when nothing says."""
    dns: bool = False
    """A name look-up inside HTTP (RFC 8484, RFC 9230 or the JSON form)."""


def facts_of(method: str, host: str, path: str, headers: Headers) -> RequestFacts:
    """Type, place and source of a request for ``https://host/path``."""
    known = _relevant(headers)
    source = _source(known)
    if not source and known.get(b"sec-fetch-site") in (b"same-origin", b"same-site"):
        source = host  # Referrer-Policy hid the page, but the browser vouches for the party
    kind, dns = _said(method, known)
    if kind is None:
        kind = _by_path(method, path)
    return RequestFacts(kind, kind is _T.DOCUMENT, source, dns)


_SAYING = (
    b"sec-fetch-dest",
    b"sec-fetch-mode",
    b"accept",
    b"content-type",
    b"upgrade",
    b"x-requested-with",
)
"""Fields that say the type (``ping-to`` beside them, which holds an address and is not kept);
browsers send the same few sets of them all day."""
_SAID: dict[tuple[str | bytes | None, ...], tuple[RequestType | None, bool]] = {}
"""What such a set comes to: the type, and whether it is a name look-up."""
_MOST_SAID = 1024
_LONGEST_SAID = 512


def _said(method: str, known: dict[bytes, bytes]) -> tuple[RequestType | None, bool]:
    said = (method, *map(known.get, _SAYING))
    found = _SAID.get(said)
    if found is None or b"ping-to" in known:
        found = _by_fields(method, known), _is_dns(known)
        length = len(method) + sum(len(known.get(name, b"")) for name in _SAYING)
        if length <= _LONGEST_SAID and b"ping-to" not in known:
            if len(_SAID) >= _MOST_SAID:  # fields are the client's
                _SAID.clear()
            _SAID[said] = found
    return found


_DNS = re.compile(rb"application/(?:oblivious-)?dns-(?:message|json)", re.I)


def is_dns(content_type: bytes) -> bool:
    """Whether a type, or a list of them, is that of name look-ups."""
    return b"dns-" in content_type.lower() and _DNS.search(content_type) is not None


def _is_dns(known: dict[bytes, bytes]) -> bool:
    """By the type of what is sent, or of what is wanted back."""
    return is_dns(known.get(b"content-type", b"")) or is_dns(known.get(b"accept", b""))


def host_of(url: str) -> str:
    """Lower-case host of an absolute URL, without credentials, port or trailing dot.

    Anything else comes back as it is when it looks like a bare host, and empty when not.
    """
    plain = _PLAIN_HOST.match(url)  # nearly every URL: a fifth of the time of what follows
    if plain is not None:
        return plain.group(1)
    start = url.find("://")
    start = 0 if start < 0 else start + 3
    end = len(url)
    for delimiter in "/?#":
        found = url.find(delimiter, start, end)
        if found >= 0:
            end = found
    host = url[url.rfind("@", start, end) + 1 or start : end]
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.partition(":")[0].rstrip(".").lower()


def _relevant(headers: Headers) -> dict[bytes, bytes]:
    known: dict[bytes, bytes] = {}
    spelled = _SPELLED
    for name, value in headers:
        try:
            lower = spelled[name]
        except KeyError:
            lower = _fold(name)
        if lower:
            known[lower] = value
    return known


def _fold(name: bytes) -> bytes:
    lower = name.lower()
    if lower not in _WANTED:
        lower = b""
    if len(name) <= _LONGEST_NAME:
        if len(_SPELLED) >= _MOST_SPELLED:  # names are the client's
            _SPELLED.clear()
        _SPELLED[name] = lower
    return lower


def _source(known: dict[bytes, bytes]) -> str:
    for name in (b"referer", b"origin"):
        value = known.get(name)
        if value and b"://" in value:
            return host_of(value.decode("latin-1"))
    return ""


def _by_fields(method: str, known: dict[bytes, bytes]) -> RequestType | None:
    """What the fields say alone; ``None`` where the path has to."""
    if known.get(b"upgrade", b"").lower() == b"websocket":
        return _T.WEBSOCKET
    content = known.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if content in _BY_CONTENT_TYPE or b"ping-to" in known:
        return _BY_CONTENT_TYPE.get(content, _T.PING)
    dest = _BY_DEST.get(known.get(b"sec-fetch-dest", b"").lower())
    if dest is not None:
        mode = known.get(b"sec-fetch-mode", b"").lower()
        if mode == b"websocket":
            return _T.WEBSOCKET
        # navigator.sendBeacon: the only common POST whose answer nobody can read
        if dest is _T.XMLHTTPREQUEST and method == "POST" and mode == b"no-cors":
            return _T.PING
        return dest
    return _by_accept(known)


def _by_accept(known: dict[bytes, bytes]) -> RequestType | None:
    if known.get(b"x-requested-with", b"").lower() == b"xmlhttprequest":
        return _T.XMLHTTPREQUEST
    first = known.get(b"accept", b"").partition(b",")[0].partition(b";")[0].strip().lower()
    return _BY_ACCEPT.get(first) or _BY_ACCEPT_FAMILY.get(first.partition(b"/")[0])


def _by_path(method: str, path: str) -> RequestType:
    name = path.partition("?")[0].rpartition("/")[2]
    kind = _BY_EXTENSION.get(name.rpartition(".")[2].lower()) if "." in name else None
    if kind is _T.DOCUMENT:
        return _T.OTHER  # no browser asks for a page without saying so; an app's fetch does
    if kind is None and method not in ("GET", "HEAD"):
        return _T.XMLHTTPREQUEST
    return kind or _T.OTHER
