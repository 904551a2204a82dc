"""One message body: content codings undone, read and rewritten, codings redone if it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from proxy.content import compression
from proxy.content.data import BodyFields, rewrite, start
from proxy.content.limits import Limits
from proxy.content.visitor import Visitor
from proxy.decisions import Headers

type Direction = Literal["request", "answer"]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The body to send. ``body`` is the object that came in when ``changed`` is false.

    ``opaque`` is a short word (``archive``, ``encrypted``, ``binary`` …) when something in it
    could not be read, ``picture`` says that it shows something: the caller applies the
    service's policy.
    """

    body: bytes
    content_encoding: bytes | None
    changed: bool
    opaque: str | None
    picture: bool = False


def rewrite_body(
    body: bytes,
    headers: Headers,
    visitor: Visitor,
    fields: BodyFields,
    limits: Limits,
    direction: Direction,
) -> Rewritten:
    """Rewrite ``body`` as ``headers`` and its own bytes describe it. May raise ``Refused``."""
    content_type, content_encoding = _describe(headers)
    if not body:
        return Rewritten(body, content_encoding, False, None)
    plain, exact = body, None
    if content_encoding is not None:
        names = compression.parse(content_encoding.decode("latin-1"), limits)
        if names:
            plain, exact = compression.decode(body, names, limits)
    walk = start(visitor, limits, direction, len(plain), fields=fields)
    new = rewrite(plain, content_type, walk, fields)
    if new is plain or new == plain:
        return Rewritten(body, content_encoding, False, walk.opaque, walk.picture)
    coded = compression.encode(new, exact) if exact else new
    return Rewritten(coded, content_encoding, True, walk.opaque, walk.picture)


def _describe(headers: Headers) -> tuple[str, bytes | None]:
    """Content-Type and Content-Encoding; several encodings in several lines are one list."""
    content_type = ""
    encodings: list[bytes] = []
    for name, value in headers:
        lower = name.lower()
        if lower == b"content-type" and not content_type:
            content_type = value.decode("latin-1")
        elif lower == b"content-encoding":
            encodings.append(value)
    return content_type, b", ".join(encodings) if encodings else None
