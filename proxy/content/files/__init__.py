"""Files that are not text: archives, office documents, pictures, PDF.

What comes in: the bytes of an upload or a download, recognised by how they begin.
What goes out: the same file with its identifiers replaced and, in requests, without the
metadata that cameras and programs leave in pictures; or ``None`` for a file that cannot be
read: the caller treats it as opaque, and the service's policy decides.
What must never happen here: a member, a property or a comment passed on unread; a file that
its own program can no longer open; a hostile file that costs more than its size.

``archive`` cuts ZIP files into members and puts them together again; ``office`` knows which
members of a document are text; ``images`` and ``pdf`` are one format each.
"""

from __future__ import annotations

from collections.abc import Callable

from proxy.content.files import images, office, pdf
from proxy.content.walk import Walk

type FileCodec = Callable[[bytes, Walk], bytes | None]
"""Gives the file rewritten, the same object when nothing changed, ``None`` if unreadable."""

_BY_SIGN: tuple[tuple[bytes, FileCodec], ...] = (
    (b"PK\x03\x04", office.rewrite),
    (b"PK\x05\x06", office.rewrite),
    *((sign, images.rewrite) for sign in images.SIGNS),
)


def codec_of(data: bytes) -> FileCodec | None:
    """Who reads a file of this kind; ``None`` if it is no file of this room."""
    for sign, codec in _BY_SIGN:
        if data.startswith(sign):
            return codec
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return images.rewrite
    return pdf.rewrite if pdf.is_pdf(data) else None
