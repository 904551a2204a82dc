"""The answer to a blocked request: what the page can live with, by the type it asked for.

A reset connection or a 403 makes pages retry, hang or show errors. So a blocked script gets
an empty script, an image a transparent pixel, ``fetch`` an empty object, a beacon 204. A
blocked page is the caller's: a person reads it, and should be told why.
"""

from __future__ import annotations

import re

from proxy.blocking.blocker import Block
from proxy.blocking.collectors import collector_for
from proxy.blocking.facts import RequestType
from proxy.blocking.resources import (
    CLIP,
    EMPTY_FONT,
    EMPTY_JSON,
    EMPTY_PAGE,
    EMPTY_SCRIPT,
    EMPTY_STYLE,
    EMPTY_TEXT,
    GIF,
    PNG,
    RESOURCES,
    SILENCE,
    SVG,
    WEBP,
    Resource,
)
from proxy.decisions import Headers, Reply

_BY_TYPE: dict[RequestType, Resource] = {
    RequestType.SCRIPT: EMPTY_SCRIPT,
    RequestType.STYLESHEET: EMPTY_STYLE,
    RequestType.SUBDOCUMENT: EMPTY_PAGE,
    RequestType.OBJECT: EMPTY_PAGE,
    RequestType.FONT: EMPTY_FONT,
    RequestType.XMLHTTPREQUEST: EMPTY_JSON,
    RequestType.OTHER: EMPTY_TEXT,
}
_SILENT = (RequestType.PING, RequestType.CSP_REPORT)
_IMAGE_BY_EXTENSION = {"png": PNG, "svg": SVG, "webp": WEBP}
_AUDIO_EXTENSIONS = frozenset(("mp3", "m4a", "ogg", "oga", "wav", "flac", "aac"))
_SAFE_ECHO = re.compile(rb"[!-~ ]{1,2048}")


def answer(
    block: Block, kind: RequestType, method: str, headers: Headers, path: str, host: str = ""
) -> Reply | None:
    """The reply that fits, or ``None`` for a page: the caller tells the person why.

    ``host`` lets a telemetry client that retries get the success it expects; without it the
    ``Host`` header is used.
    """
    fields = {name.lower(): value for name, value in headers}
    if kind is RequestType.DOCUMENT:
        return None
    if kind is RequestType.WEBSOCKET:
        return _reply(403, EMPTY_TEXT, fields, method)
    if method == "OPTIONS" and b"access-control-request-method" in fields:
        return _preflight(fields)
    where = host or fields.get(b"host", b"").decode("latin-1").partition(":")[0].lower()
    collector = None if kind is RequestType.SCRIPT else collector_for(where, path)
    if collector is not None:
        return _reply(
            collector.status, Resource(collector.content_type, collector.body), fields, method
        )
    if block.redirect in RESOURCES:
        return _reply(200, RESOURCES[block.redirect], fields, method)
    if kind in _SILENT:
        return _reply(204, None, fields, method)
    return _reply(200, _resource(kind, path, fields), fields, method)


def _resource(kind: RequestType, path: str, fields: dict[bytes, bytes]) -> Resource:
    name = path.partition("?")[0].rpartition("/")[2]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if kind is RequestType.IMAGE:
        return _IMAGE_BY_EXTENSION.get(extension) or _image_accepted(fields)
    if kind is RequestType.MEDIA:
        audio = extension in _AUDIO_EXTENSIONS or fields.get(b"sec-fetch-dest") == b"audio"
        return SILENCE if audio else CLIP
    return _BY_TYPE[kind]


def _image_accepted(fields: dict[bytes, bytes]) -> Resource:
    """GIF, unless the client takes a single other format."""
    accept = fields.get(b"accept", b"")
    if b"," in accept or b"*" in accept:
        return GIF
    return next((r for r in (PNG, SVG, WEBP) if accept.startswith(r.content_type)), GIF)


def _preflight(fields: dict[bytes, bytes]) -> Reply:
    """Yes to what was asked, so that the request itself comes and gets its quiet answer."""
    extra = [
        (name, fields[asked])
        for name, asked in (
            (b"Access-Control-Allow-Methods", b"access-control-request-method"),
            (b"Access-Control-Allow-Headers", b"access-control-request-headers"),
        )
        if _SAFE_ECHO.fullmatch(fields.get(asked, b""))
    ]
    return Reply(204, (*_cors(fields), *extra, *_ALWAYS), b"")


_ALWAYS: Headers = ((b"Cache-Control", b"no-store"), (b"X-Content-Type-Options", b"nosniff"))


def _reply(
    status: int, resource: Resource | None, fields: dict[bytes, bytes], method: str
) -> Reply:
    if resource is None:
        return Reply(status, (*_cors(fields), *_ALWAYS), b"")
    headers = (
        (b"Content-Type", resource.content_type),
        (b"Content-Length", b"%d" % len(resource.body)),
        *_cors(fields),
        *_ALWAYS,
    )
    return Reply(status, headers, b"" if method == "HEAD" else resource.body)


def _cors(fields: dict[bytes, bytes]) -> Headers:
    """What makes the answer readable across sites, with credentials: it holds no secret."""
    shared = ((b"Cross-Origin-Resource-Policy", b"cross-origin"), (b"Vary", b"Origin"))
    origin = fields.get(b"origin", b"")
    if not _SAFE_ECHO.fullmatch(origin):
        return shared
    return (
        (b"Access-Control-Allow-Origin", origin),
        (b"Access-Control-Allow-Credentials", b"true"),
        *shared,
    )
