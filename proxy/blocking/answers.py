"""The answer to a blocked request: what the page can live with, by the type it asked for.

A reset connection or a 403 makes pages retry, hang or show errors. So a blocked script gets a
surrogate or an empty script, an image a transparent pixel, ``fetch`` an empty object, a beacon
204. A blocked page is the caller's: a person reads it, and should be told why.

Who decides, first that fits: a preflight; what a telemetry client expects (``collectors``);
the resource that the rule names after ``$redirect=``; the surrogate for the script's address
(``surrogates``); the type. Every answer is made once, on import; a request adds its origin.
"""

from __future__ import annotations

from proxy.blocking.across_sites import SAFE_ECHO, readable_by
from proxy.blocking.blocker import Block
from proxy.blocking.collectors import COLLECTORS, collector_for
from proxy.blocking.facts import RequestType
from proxy.blocking.lists import Category
from proxy.blocking.resources import (
    CAPTIONS,
    CLIP,
    EMPTY_FONT,
    EMPTY_JSON,
    EMPTY_PAGE,
    EMPTY_SCRIPT,
    EMPTY_STYLE,
    EMPTY_TEXT,
    GIF,
    MP3,
    PNG,
    RESOURCES,
    SCRIPTS,
    SILENCE,
    SVG,
    VAST,
    VMAP,
    WEBM,
    WEBP,
    Resource,
    script_for,
)
from proxy.decisions import Headers, Reply

_T = RequestType

_BY_TYPE: dict[RequestType, Resource] = {
    _T.SCRIPT: EMPTY_SCRIPT,
    _T.STYLESHEET: EMPTY_STYLE,
    _T.SUBDOCUMENT: EMPTY_PAGE,
    _T.OBJECT: EMPTY_PAGE,
    _T.FONT: EMPTY_FONT,
    _T.XMLHTTPREQUEST: EMPTY_JSON,
    _T.OTHER: EMPTY_TEXT,
    _T.IMAGE: GIF,
    _T.MEDIA: CLIP,
}
_BEACONS = (_T.PING, _T.CSP_REPORT)
_BY_EXTENSION: dict[RequestType, dict[str, Resource]] = {
    _T.IMAGE: {"png": PNG, "svg": SVG, "webp": WEBP},
    _T.MEDIA: {
        "mp3": MP3,
        **dict.fromkeys(("m4a", "ogg", "oga", "wav", "flac", "aac"), SILENCE),
        "webm": WEBM,
        "vtt": CAPTIONS,
    },
}
_BY_DEST = {b"audio": SILENCE, b"track": CAPTIONS}
_MAY_BE_SCRIPT = (_T.SCRIPT, _T.XMLHTTPREQUEST, _T.OTHER)
_MAY_BE_TELEMETRY = (_T.XMLHTTPREQUEST, _T.PING, _T.OTHER)


def answer(
    block: Block, kind: RequestType, method: str, headers: Headers, path: str, host: str = ""
) -> Reply | None:
    """The reply that fits, or ``None`` for a page: the caller tells the person why.

    ``path`` is the request's target with its query; without ``host`` the ``Host`` header counts.
    """
    if kind is _T.DOCUMENT:
        return None
    fields = {name.lower(): value for name, value in headers}
    if block.category is Category.BYPASS:  # only a refusal makes it go back to the school's own
        return _for_client(_CLOSED, fields, method)
    if method == "OPTIONS" and b"access-control-request-method" in fields:
        return _preflight(fields)
    where = host or fields.get(b"host", b"").decode("latin-1").partition(":")[0].lower()
    return _for_client(_chosen(block, kind, path, where, fields), fields, method)


def stand_in(
    kind: RequestType, method: str, headers: Headers, path: str, host: str
) -> Reply | None:
    """The surrogate for a script of our table, where its host is denied and no list speaks of it.

    A page that waits for the script of a consent banner goes on living without the banner.
    """
    if kind not in _MAY_BE_SCRIPT or method != "GET":
        return None
    surrogate = script_for(host, path)
    if surrogate is None:
        return None
    return _for_client(_OF[surrogate], {name.lower(): value for name, value in headers}, method)


def _chosen(
    block: Block, kind: RequestType, path: str, host: str, fields: dict[bytes, bytes]
) -> Reply:
    if kind is _T.WEBSOCKET:
        return _CLOSED
    if kind in _MAY_BE_TELEMETRY:
        collector = collector_for(host, path)
        if collector is not None:
            return _OF_COLLECTOR[collector.accepted]
    named = _OF_NAME.get(block.redirect)
    if named is not None:
        return named
    if kind in _MAY_BE_SCRIPT:
        surrogate = script_for(host, path)
        if surrogate is not None:
            return _OF[surrogate]
    return _SILENT if kind in _BEACONS else _OF[_by_type(kind, path, fields)]


def _by_type(kind: RequestType, path: str, fields: dict[bytes, bytes]) -> Resource:
    name = path.partition("?")[0].rpartition("/")[2]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    known = _BY_EXTENSION.get(kind, {}).get(extension)
    if known is not None:
        return known
    if kind is _T.IMAGE:
        return _image_accepted(fields)
    if kind is _T.MEDIA:
        return _BY_DEST.get(fields.get(b"sec-fetch-dest", b""), CLIP)
    if kind is _T.XMLHTTPREQUEST:
        return _advertisement(path.lower())
    return _BY_TYPE[kind]


def _advertisement(path: str) -> Resource:
    """Video players ask an advertiser for XML: a schedule (VMAP) or a film (VAST)."""
    if "vmap" in path:
        return VMAP
    return VAST if "vast" in path else EMPTY_JSON


def _image_accepted(fields: dict[bytes, bytes]) -> Resource:
    """GIF, unless the client takes a single other format."""
    accept = fields.get(b"accept", b"")
    if b"," in accept or b"*" in accept:
        return GIF
    return next((r for r in (PNG, SVG, WEBP) if accept.startswith(r.content_type)), GIF)


# --- Made once -----------------------------------------------------------------------------

_ALWAYS: Headers = (
    (b"Cross-Origin-Resource-Policy", b"cross-origin"),
    (b"Vary", b"Origin"),
    (b"Cache-Control", b"no-store"),
)
_AS_TOLD: Headers = ((b"X-Content-Type-Options", b"nosniff"),)
"""Not with an empty body: a browser that does not say what it asks for may take it as that."""


def _made(status: int, resource: Resource) -> Reply:
    length = (b"Content-Length", b"%d" % len(resource.body))
    kind = (b"Content-Type", resource.content_type)
    headers = (*((kind,) if resource.content_type else ()), *((length,) if status != 204 else ()))
    return Reply(status, (*headers, *_ALWAYS, *(_AS_TOLD if resource.body else ())), resource.body)


_CLOSED = _made(403, EMPTY_TEXT)
_SILENT = _made(204, Resource(b"", b""))
_OF: dict[Resource, Reply] = {
    resource: _made(200, resource)
    for resource in (
        *_BY_TYPE.values(),
        *SCRIPTS.values(),
        *RESOURCES.values(),
        *(PNG, SVG, WEBP, MP3, SILENCE, WEBM, CAPTIONS, VAST, VMAP),
    )
}
_OF_NAME = {name: _OF[resource] for name, resource in RESOURCES.items()}
_OF_COLLECTOR = {
    told: _made(told.status, Resource(told.content_type, told.body))
    for told in (row.accepted for row in COLLECTORS)
}


# --- For this client -----------------------------------------------------------------------


def _for_client(reply: Reply, fields: dict[bytes, bytes], method: str) -> Reply:
    """The answer readable across sites, with credentials: it holds no secret."""
    origin = readable_by(fields.get(b"origin", b""))
    body = b"" if method == "HEAD" else reply.body
    if not origin and body is reply.body:
        return reply
    return Reply(reply.status, (*origin, *reply.headers), body)


_ASKED = (
    (b"Access-Control-Allow-Methods", b"access-control-request-method"),
    (b"Access-Control-Allow-Headers", b"access-control-request-headers"),
)


def _preflight(fields: dict[bytes, bytes]) -> Reply:
    """Yes to what was asked, so that the request itself comes and gets its quiet answer."""
    extra = [
        (name, fields[asked])
        for name, asked in _ASKED
        if SAFE_ECHO.fullmatch(fields.get(asked, b""))
    ]
    return Reply(204, (*readable_by(fields.get(b"origin", b"")), *extra, *_ALWAYS), b"")
