"""Bytes to characters and back without losing a byte.

UTF-8 is tried first whatever is declared, since real text in another charset is almost never
valid UTF-8. Bytes that are not UTF-8 read as Windows-1252, one character each, and are
written back as they were. UTF-16 and UTF-32 are recognised with and without a mark.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from proxy.content.coding import legacy
from proxy.errors import Refused
from proxy.reasons import Reason

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = frozenset({"iso8859-1", "cp1252", "iso8859-15", "ascii", "utf-8"})
_SINGLE_BYTE = frozenset(
    {f"iso8859-{part}" for part in (*range(2, 12), 13, 14, 16)}
    | {f"cp125{part}" for part in range(9)}
    | {"koi8-r", "koi8-u", "mac-roman", "cp437", "cp850"}
)
_UTF8_LIKE = frozenset({"utf-8", "ascii"})
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 12, 13, 27, 30)) + b"\x7f"
_HIGH = bytes(range(0x80, 0x100))
_PROBE = 4096


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded text. ``view`` is what is read; ``raw``, same length, is what is spliced."""

    mark: bytes
    raw: str
    view: str
    charset: str

    @property
    def is_wide(self) -> bool:
        """Whether it is UTF-16 or UTF-32."""
        return self.charset.startswith(("utf-16", "utf-32"))

    def encode(self, spliced: str, errors: str = "") -> bytes:
        """``spliced`` in the charset and with the mark that the bytes came in.

        ``errors`` says how to write what the charset lacks: by default its nearest letters.
        """
        errors = errors or NEAREST
        if self.charset == "utf-8":
            return self.mark + spliced.encode("utf-8", "surrogateescape")
        if self.charset == "legacy":
            return self.mark + _encode_legacy(spliced, errors)
        return self.mark + spliced.encode(self.charset, errors)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """For a charset that lacks a letter: the letters without their accents, or ``?``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    written = []
    for char in error.object[error.start : error.end]:
        bare = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        written.append(bare or "?")
    return "".join(written), error.end


NEAREST = "preau-nearest"
codecs.register_error(NEAREST, _nearest)


def _encode_legacy(spliced: str, errors: str) -> bytes:
    """Bytes kept as surrogates go back as they were; the rest is written in Windows-1252."""
    try:
        return spliced.encode("cp1252", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(
            char.encode("cp1252", "surrogateescape")
            if ord(char) < 0x100 or 0xDC80 <= ord(char) <= 0xDCFF
            else char.encode("cp1252", errors)
            for char in spliced
        )


_WITHIN = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([\w:.-]{2,40})"
    rb"|\A\s*<\?xml[^>]{1,100}?encoding\s*=\s*[\"']([\w:.-]{2,40})",
    re.I,
)


def within(data: bytes) -> str:
    """The charset that a document in markup names itself; empty if none that we read."""
    if not data[:64].lstrip().startswith(b"<"):
        return ""
    match = _WITHIN.search(data[:2048])
    if match is None:
        return ""
    name = (match[1] or match[2]).decode()
    try:
        canonical = _canonical(name)
    except Refused:
        return ""
    return "" if canonical in _WIDE else name


def read(data: bytes, declared: str = "") -> Text | None:
    """``data`` as text, or ``None`` if it is binary. ``declared`` is a charset parameter."""
    name = _canonical(declared)
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return _wide_or_utf8(data[len(mark) :], charset, mark)
    if b"\0" in data[:_PROBE] or name in _WIDE:
        charset = _wide_charset(data)
        if charset:
            return _wide_or_utf8(data, charset, b"")
    if b"\0" in data or data.translate(None, _CONTROLS) != data:
        return None if _is_binary(data) else _tolerant(data, name)
    return _tolerant(data, name)


def is_wide_text(data: bytes) -> bool:
    """Whether undeclared bytes are UTF-16 or UTF-32, and plausible text as such."""
    if b"\0" not in data[:_PROBE] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    text = read(data)
    return text is not None and text.is_wide


def _canonical(declared: str) -> str:
    """The codec name of a charset we read. Unknown ones, and UTF-7, are refused."""
    if not declared:
        return ""
    try:
        name = codecs.lookup(declared.strip("\"' ")).name
    except (LookupError, ValueError):
        name = "?"
    if name not in _WESTERN and name not in _SINGLE_BYTE and name not in _WIDE:
        raise Refused(Reason.UNDECODABLE, "charset that is not read")
    return name


def _wide_or_utf8(data: bytes, charset: str, mark: bytes) -> Text | None:
    if charset == "utf-8":
        return _utf8(data, mark)
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        return None
    return Text(mark, text, text, charset) if _is_wide_text(text, marked=bool(mark)) else None


def _is_wide_text(text: str, *, marked: bool) -> bool:
    """Whether what decodes as UTF-16 is text: most pairs of bytes are some character.

    Text has no control characters, hardly a code point that is none, and, where no mark says
    that it is UTF-16 and only zero bytes do, mostly ASCII among its Western letters.
    """
    counts = Counter(text)
    odd = western = ascii_ = 0
    for char, count in counts.items():
        code = ord(char)
        if code < 0x100:
            western += count
            ascii_ += count if code < 0x7F else 0
        category = unicodedata.category(char)
        if category == "Cc" and char not in "\t\n\r\f\x1b\x85":
            return False
        odd += count if category in ("Cn", "Co", "Cs") else 0
    return odd * 100 <= len(text) and (marked or ascii_ * 3 >= western * 2)


def _wide_charset(data: bytes) -> str:
    """Which wide charset the bytes really are in, by where their zero bytes stand."""
    head = data[: _PROBE & ~3]
    head = head[: len(head) & ~3]
    zeros = [head[place::4].count(0) for place in range(4)]
    quarter = max(1, len(head) // 4)
    if len(data) % 4 == 0 and zeros[2] + zeros[3] == 2 * quarter and zeros[0] < quarter // 4 + 1:
        return "utf-32-le"
    if len(data) % 4 == 0 and zeros[0] + zeros[1] == 2 * quarter and zeros[3] < quarter // 4 + 1:
        return "utf-32-be"
    if len(data) % 2:
        return ""
    low, high = data[:_PROBE:2].count(0), data[1:_PROBE:2].count(0)
    units = max(1, len(data[:_PROBE]) // 2)
    if high * 2 >= units and low * 8 <= units:
        return "utf-16-le"
    if low * 2 >= units and high * 8 <= units:
        return "utf-16-be"
    return ""


def _is_binary(data: bytes) -> bool:
    """Control bytes beyond a stray one in thousands make it binary; a NUL always does."""
    if b"\0" in data:
        return True
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls * 1000 > len(data)


def _tolerant(data: bytes, declared: str) -> Text | None:
    if declared and declared not in _UTF8_LIKE | _WIDE and data.isascii():
        # Nothing of it shows the charset, but what is put in must be written in it.
        text = data.decode("ascii")
        return Text(b"", text, text, "cp1252" if declared == "iso8859-1" else declared)
    try:
        return _utf8_strict(data)
    except UnicodeDecodeError:
        pass
    if declared in _SINGLE_BYTE or declared == "iso8859-15":
        try:
            text = data.decode(declared)
        except UnicodeDecodeError:
            return _utf8(data, b"")
        return Text(b"", text, text, declared)
    if (len(data) - len(data.translate(None, _HIGH))) * 10 > 4 * len(data):
        return None
    return _utf8(data, b"")


def _utf8_strict(data: bytes) -> Text:
    text = data.decode("utf-8")
    return Text(b"", text, text, "utf-8")


def _utf8(data: bytes, mark: bytes) -> Text:
    """UTF-8 with stray bytes; ``legacy`` when no character beyond ASCII is UTF-8 in it."""
    raw = data.decode("utf-8", "surrogateescape")
    view = legacy(raw)
    if view is raw or view == raw:
        return Text(mark, raw, raw, "utf-8")
    mixed = any(ord(char) < 0xD800 for char in set(raw) if ord(char) > 0x7F)
    return Text(mark, raw, view, "utf-8" if mixed else "legacy")
