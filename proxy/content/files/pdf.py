"""PDF (ISO 32000-2): strings of its objects, embedded files, XMP, and text where it can be.

Every string of the document is read: title, author, bookmarks, form values, notes, alternative
texts. Text on a page is rewritten where its font is a plain one, whose codes are letters.
Elsewhere (subset fonts, the rule with word processors) codes stand for glyphs, a new name has
none, and a page with an identifier is refused. What was rewritten is read again: nothing is
sent that still names somebody.

Pictures on pages are noted: the service's policy decides.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from proxy.content.edits import splice
from proxy.content.files.pdf_text import rewrite_page
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

# What the library says of a broken file quotes it: nothing of a file belongs in a log.
logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)

_LARGEST = 16 << 20
_MOST_PAGES = 500
_DEEPEST = 60


def is_pdf(data: bytes) -> bool:
    """Whether any reader would open this as a PDF: they look for its marks far and wide."""
    if data.startswith(b"%PDF-"):
        return True
    return b"startxref" in data[-2048:] and b" obj" in data


def rewrite(data: bytes, walk: Walk) -> bytes | None:
    """The document rewritten; the same object when nothing changed; ``None`` if unreadable."""
    if len(data) > _LARGEST:
        return None
    try:
        return _rewritten(data, walk)
    except Refused:
        raise
    except Exception:
        # Whatever the library makes of a broken or hostile file: it was not read.
        return None


def _opened(data: bytes) -> tuple[PdfWriter, bool]:
    """The document, and whether all of it was read as the standard has it.

    Of a document that was not, what the library could make sense of is sent and nothing else.
    """
    try:
        return PdfWriter(clone_from=PdfReader(BytesIO(data), strict=True)), True
    except PyPdfError:
        return PdfWriter(clone_from=PdfReader(BytesIO(data), strict=False)), False


def _rewritten(data: bytes, walk: Walk) -> bytes | None:
    writer, regular = _opened(data)
    if writer.is_encrypted or len(writer.pages) > _MOST_PAGES:
        return None
    document = _Document(walk)
    for number in range(1, len(writer._objects) + 1):
        document.visit(writer.get_object(number), 0)
    for page in writer.pages:
        document.changed |= rewrite_page(page, walk)
    if not document.changed and (regular or walk.answer):
        return data
    if document.signed:
        if walk.answer or walk.limits.signed_allowed:
            return data
        raise Refused(Reason.SIGNED_CONTENT, "a signed PDF")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


class _Document:
    """Reads every object of a document and replaces the strings that name somebody."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.changed = False
        self.signed = False

    def visit(self, item: Any, depth: int) -> None:
        """An object and what stands in it; what it refers to is an object of its own."""
        if depth > _DEEPEST:
            raise Refused(Reason.UNDECODABLE, "nested too deeply")
        if isinstance(item, DictionaryObject):
            self.signed |= "/ByteRange" in item
            if isinstance(item, StreamObject):
                self._stream(item)
            for key in list(item):
                self._slot(item, NameObject(key), item.raw_get(key), depth)
        elif isinstance(item, ArrayObject):
            for index, value in enumerate(list(item)):
                self._slot(item, index, value, depth)

    def _slot(self, holder: Any, key: Any, value: Any, depth: int) -> None:
        if isinstance(value, TextStringObject):
            edits = self._walk.text(str(value))
            if edits:
                holder[key] = TextStringObject(splice(str(value), edits))
                self.changed = True
        elif isinstance(value, ByteStringObject):
            text = bytes(value).decode("latin-1")
            edits = self._walk.text(text)
            if edits:
                holder[key] = TextStringObject(splice(text, edits))
                self.changed = True
        elif isinstance(value, DictionaryObject | ArrayObject):
            self.visit(value, depth + 1)

    def _stream(self, stream: StreamObject) -> None:
        kind, subtype = stream.get("/Type"), stream.get("/Subtype")
        if subtype == "/Image":
            self._walk.picture = True
        elif kind in ("/Metadata", "/EmbeddedFile"):
            plain = stream.get_data()
            new = self._walk.data(plain, "application/xml" if kind == "/Metadata" else "")
            if new is not plain:
                stream.set_data(new)
                self.changed = True
