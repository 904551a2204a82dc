"""Text on the pages of a PDF: found as a reader sees it, replaced where the font allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pypdf import PageObject
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    ContentStream,
    DictionaryObject,
    NameObject,
    TextStringObject,
)

from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

_CHARSETS = {"/WinAnsiEncoding": "cp1252", "/MacRomanEncoding": "mac-roman"}
_SPACE = -180
"""Thousandths of an em that a reader takes for a space between two pieces of text."""
_MOVES = frozenset((b"Td", b"TD", b"Tm", b"T*", b"ET", b"BT", b"Tf", b"'", b'"'))


def rewrite_page(page: PageObject, walk: Walk) -> bool:
    """Replace what names somebody on ``page``; whether anything was.

    Raises ``Refused`` when a request's page names somebody and cannot be rewritten.
    """
    if not walk.visitor.text(page.extract_text()):
        return False
    changed = _rewrite_content(page, walk)
    if not walk.answer and walk.visitor.text(page.extract_text()):
        raise Refused(Reason.OPAQUE_CONTENT, "names in a PDF whose fonts cannot be rewritten")
    return changed


def _rewrite_content(page: PageObject, walk: Walk) -> bool:
    content = page.get_contents()
    if content is None:
        return False
    fonts = _plain_fonts(page)
    changed = False
    for line in _lines(content, fonts):
        edits = walk.visitor.text(line.text)
        if edits and line.write(edits):
            changed = True
    if changed:
        content.operations = list(content.operations)  # so that it is written anew
        page.replace_contents(content)
    return changed


def _plain_fonts(page: PageObject) -> dict[str, str]:
    """Charset by font name, of fonts whose codes are the letters of a charset."""
    resources = page.get("/Resources")
    fonts = resources.get_object().get("/Font") if resources is not None else None
    found: dict[str, str] = {}
    for name, font in (fonts.get_object() if fonts is not None else {}).items():
        charset = _charset(font.get_object())
        if charset is not None:
            found[name] = charset
    return found


def _charset(font: DictionaryObject) -> str | None:
    subset = "+" in str(font.get("/BaseFont", ""))[:8]
    if font.get("/Subtype") not in ("/Type1", "/TrueType") or subset or "/ToUnicode" in font:
        return None
    encoding = font.get("/Encoding", "/WinAnsiEncoding")
    return _CHARSETS.get(str(encoding)) if isinstance(encoding, NameObject | str) else None


class _Piece:
    """One string of a content stream, in the array that holds it."""

    __slots__ = ("holder", "key", "text")

    def __init__(self, holder: Any, key: int, text: str) -> None:
        self.holder, self.key, self.text = holder, key, text


class _Line:
    """Strings that a reader sees one after the other, in one font."""

    def __init__(self, charset: str) -> None:
        self._charset = charset
        self._pieces: list[_Piece | None] = []
        """``None`` is a space that nothing but a distance says."""

    @property
    def text(self) -> str:
        return "".join(piece.text if piece else " " for piece in self._pieces)

    def add(self, holder: Any, key: int, value: Any) -> None:
        raw = value.original_bytes if isinstance(value, TextStringObject) else bytes(value)
        self._pieces.append(_Piece(holder, key, raw.decode(self._charset, "replace")))

    def space(self) -> None:
        self._pieces.append(None)

    def write(self, edits: list[Edit]) -> bool:
        """Put replacements where the first piece of each stands; false if a letter is missing."""
        try:
            for edit in edits:
                edit.replacement.encode(self._charset)
        except UnicodeEncodeError:
            return False
        for edit in reversed(edits):
            self._write(edit)
        for piece in self._pieces:
            if piece is not None:
                piece.holder[piece.key] = ByteStringObject(
                    piece.text.encode(self._charset, "replace")
                )
        return True

    def _write(self, edit: Edit) -> None:
        at, replacement = 0, edit.replacement
        for piece in self._pieces:
            size = len(piece.text) if piece else 1
            begin, end = max(edit.start - at, 0), min(edit.end - at, size)
            at += size
            if piece is None or begin >= end:
                continue
            piece.text = piece.text[:begin] + replacement + piece.text[end:]
            replacement = ""


def _lines(content: ContentStream, fonts: dict[str, str]) -> Iterator[_Line]:
    line: _Line | None = None
    charset: str | None = None
    for operands, operator in content.operations:
        if operator in _MOVES and line is not None:
            yield line
            line = None
        if operator == b"Tf":
            charset = fonts.get(str(operands[0]))
        elif operator in (b"Tj", b"TJ", b"'", b'"') and charset is not None:
            line = line or _Line(charset)
            _collect(line, operands)
    if line is not None:
        yield line


def _collect(line: _Line, operands: Any) -> None:
    """The strings of one operator: an array with distances, or one string (the last operand)."""
    last = len(operands) - 1
    if not isinstance(operands[last], ArrayObject):
        line.add(operands, last, operands[last])
        return
    array = operands[last]
    for index, item in enumerate(array):
        if isinstance(item, TextStringObject | ByteStringObject):
            line.add(array, index, item)
        elif float(item) <= _SPACE:
            line.space()
