"""Ways of writing characters: percent signs, entities, backslashes.

A coding gives the text as it reads (``decode``), says where raw and read text part
(``units``: raw start, raw end, characters it stands for), and writes a replacement the way
its surroundings are written (``encode``). ``back`` carries edits from read to raw text.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from bisect import bisect_right
from collections.abc import Callable, Iterator
from html import unescape
from html.entities import html5
from typing import Protocol
from urllib.parse import quote

import orjson
import re2

from proxy.content.visitor import Edit

type Writer = Callable[[str, str], str]
"""Writes a replacement, given it and the spot (raw text) that it takes the place of."""


class Coding(Protocol):
    """One way of writing characters."""

    def decode(self, raw: str) -> str:
        """The text as it reads."""

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        """Escapes in order: raw start, raw end, number of characters they stand for."""

    def writer(self, raw: str) -> Writer:
        """How to write a replacement inside ``raw``, whose style is looked at once."""


def back(raw: str, edits: list[Edit], coding: Coding) -> list[Edit]:
    """Edits on the read text, carried to ``raw`` and written in its coding."""
    if not edits:
        return []
    read, origin = [0], [0]
    length = at = 0
    for start, end, size in coding.units(raw):
        length += start - at
        read.append(length)
        origin.append(start)
        length += size
        at = end
        read.append(length)
        origin.append(end)

    def place(offset: int) -> int:
        index = bisect_right(read, offset) - 1
        return origin[index] + offset - read[index]

    write = coding.writer(raw)
    carried = []
    for start, end, replacement in edits:
        first, last = place(start), place(end)
        carried.append(Edit(first, last, write(replacement, raw[first:last])))
    return carried


class _Reader(dict[str, str]):
    """What escapes stand for, remembered: ``str.join`` over this runs at the speed of C.

    Only short ones, an accented letter or two: a longer run may spell a name.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, written: str) -> str:
        text = self._read(written)
        if len(written) <= _REMEMBERED:
            if len(self) >= _SEEN:
                self.clear()
            self[written] = text
        return text

    def all(self, pattern: re.Pattern[str], raw: str) -> str:
        """``raw`` with what ``pattern``'s one group matches read."""
        pieces = pattern.split(raw)
        pieces[1::2] = map(self.__getitem__, pieces[1::2])
        return "".join(pieces)


_REMEMBERED = 12
_SEEN = 4096


# --- percent ------------------------------------------------------------------------------

_PERCENT = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_BYTES.never_capture = True
_BROKEN_PERCENT = re2.compile(rb"%(?:[^0-9A-Fa-f]|[0-9A-Fa-f](?:[^0-9A-Fa-f]|\z)|\z)", _BYTES)
"""Of bytes, by RE2: one pass, however many escapes there are."""
_LONG = 256
_LOWER_HEX = re.compile(r"%(?:[a-f][0-9a-f]|[0-9][a-f])")
_UPPER_HEX = re.compile(r"%(?:[A-F][0-9A-F]|[0-9][A-F])")
_UNENCODED = re.compile(r"[^\w.~!$'()*+,;:@/?%&=#-]|[^\x00-\x7f]")
_HEX = re.compile(r"%..")


def _run_bytes(run: str) -> str:
    """A run of ``%xx`` as text; bytes that are not UTF-8 stay surrogates, one a byte."""
    return bytes.fromhex(run.replace("%", "")).decode("utf-8", "surrogateescape")


def legacy(text: str) -> str:
    """Bytes that were not UTF-8 read as Windows-1252, one character each.

    A fraction in a word is ISO-8859-15: ``C½ur`` is *Cœur*.
    """
    if text.isascii() or not STRAYS.search(text):
        return text
    read = STRAYS.sub(lambda match: _CP1252[ord(match[0]) & 0xFF], text)
    return _FRACTION.sub(lambda match: _LATIN_9[match[0]], read)


_LATIN_9 = {"¼": "Œ", "½": "œ", "¾": "Ÿ"}
_FRACTION = re.compile(r"(?<=[^\W\d_])[¼½¾]|(?<!\d)[¼½](?=[^\W\d_])")
STRAYS = re.compile("[\ud800-\udfff]")
_CP1252 = [bytes([byte]).decode("cp1252", "replace") for byte in range(256)]


def _read_run(run: str) -> str:
    return legacy(_run_bytes(run))


_PERCENT_RUNS = _Reader(_read_run)


def _unquoted(raw: str) -> str | None:
    """A long, well-formed text percent-decoded seventeen times faster; ``None`` where it is not.

    ``=41`` of quoted-printable means what ``%41`` does, and its decoder is in C.
    """
    if "\n" in raw or "\r" in raw:
        return None
    try:
        data = raw.encode()
    except UnicodeEncodeError:
        return None
    if _BROKEN_PERCENT.search(data) is not None:
        return None
    decoded = a2b_qp(data.replace(b"=", b"%3D").replace(b"%", b"="))
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        return legacy(decoded.decode("utf-8", "surrogateescape"))


class Percent:
    """``%20`` in URLs. With ``plus``, ``+`` is a space: form bodies and queries."""

    __slots__ = ("plus", "space")

    def __init__(self, *, plus: bool, space: str = "") -> None:
        self.plus = plus
        self.space = space or ("+" if plus else "%20")

    def decode(self, raw: str) -> str:
        if self.plus:
            raw = raw.replace("+", " ")
        if "%" not in raw:
            return raw
        if len(raw) > _LONG and (read := _unquoted(raw)) is not None:
            return read
        return _PERCENT_RUNS.all(_PERCENT, raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _PERCENT.finditer(raw):
            at = match.start()
            for char in _run_bytes(match[0]):
                code = ord(char)
                if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
                    size = 1
                else:
                    size = 2 if code < 0x800 else 3 if code < 0x10000 else 4
                yield at, at + 3 * size, 1
                at += 3 * size

    def writer(self, raw: str) -> Writer:
        if self.plus and _UNENCODED.search(raw):
            return _write_lightly_with_plus if "+" in raw and " " not in raw else _write_lightly
        lower = _LOWER_HEX.search(raw) is not None and not _UPPER_HEX.search(raw)
        plus = self._space(raw) == "+"

        def write(replacement: str, spot: str) -> str:
            safe = "-._~" + "".join([char for char in "@'!(),:" if char in spot])
            written = quote(replacement, safe=safe)
            if lower:
                written = _HEX.sub(lambda match: match[0].lower(), written)
            return written.replace("%20", "+") if plus else written

        return write

    def _space(self, raw: str) -> str:
        if self.plus and "+" in raw:
            return "+"
        return "%20" if "%20" in raw else self.space


def _write_lightly(replacement: str, spot: str) -> str:
    """For a form value that stands as typed (raw JSON): only what would split it."""
    return "".join([f"%{ord(char):02X}" if char in "%&#+" else char for char in replacement])


def _write_lightly_with_plus(replacement: str, spot: str) -> str:
    return _write_lightly(replacement, spot).replace(" ", "+")


# --- entities -----------------------------------------------------------------------------

_ENTITY = re.compile(r"(&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};?))")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_ATTRIBUTE = {**_TEXT, "'": "&#39;"}
_SPACES = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029"
_UNQUOTED = {**_ATTRIBUTE, **{char: f"&#{ord(char)};" for char in _SPACES + "=`"}}


def _entity(written: str) -> tuple[str, int]:
    """What an entity stands for and how much of ``written`` it takes (0: it is none)."""
    if written[1] == "#":
        return unescape(written), len(written)
    if written[-1] == ";" and written[1:] in html5:
        return html5[written[1:]], len(written)
    for end in range(min(len(written), 8), 2, -1):
        if written[1:end] in html5:
            return html5[written[1:end]], end
    return "", 0


def _read_entity(written: str) -> str:
    text, taken = _entity(written)
    return text + written[taken:]


_ENTITIES_READ = _Reader(_read_entity)


class Entities:
    """``&eacute;`` and ``&#233;`` in markup; ``table`` is what the spot needs escaped."""

    __slots__ = ("table",)

    def __init__(self, table: dict[str, str]) -> None:
        self.table = str.maketrans(table)

    def decode(self, raw: str) -> str:
        if "&" not in raw:
            return raw
        return _ENTITIES_READ.all(_ENTITY, raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _ENTITY.finditer(raw):
            text, taken = _entity(match[0])
            if taken:
                yield match.start(), match.start() + taken, len(text)

    def escape(self, replacement: str) -> str:
        """``replacement`` with what the spot needs escaped."""
        return replacement.translate(self.table)

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: self.escape(replacement)


JOINER = "\u2060"
"""Word joiner: invisible, and in no name. See ``proxy.content.flow``."""


class CData:
    """A CDATA section: it reads as it stands."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return raw

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        return iter(())

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: cdata_escape(replacement)


def cdata_escape(replacement: str) -> str:
    """``replacement`` for the inside of a CDATA section, which it must not end."""
    return replacement.replace("]]>", "]]]]><![CDATA[>")


# --- doubled quotes -----------------------------------------------------------------------


class Doubled:
    """``O''Brien`` in a literal of OData, ``""`` in a quoted cell of CSV."""

    __slots__ = ("quote", "twice")

    def __init__(self, quote: str) -> None:
        self.quote = quote
        self.twice = quote * 2

    def decode(self, raw: str) -> str:
        return raw.replace(self.twice, self.quote)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        at = raw.find(self.twice)
        while at >= 0:
            yield at, at + 2, 1
            at = raw.find(self.twice, at + 2)

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: replacement.replace(self.quote, self.twice)


# --- CSS ----------------------------------------------------------------------------------

_CSS_ESCAPE = re.compile(r"(\\(?:[0-9A-Fa-f]{1,6}(?:\r\n|[ \t\r\n\f])?|[^\r\n\f]))")
_CSS_NEEDS = re.compile("[\\\\'\"<>&\x00-\x1f]")


def _css_read(written: str) -> str:
    digits = written[1:].strip()
    try:
        code = int(digits, 16)
    except ValueError:
        return written[1:]
    return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


_CSS_READ = _Reader(_css_read)


class Css:
    """``\\e9`` in style sheets."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return _CSS_READ.all(_CSS_ESCAPE, raw) if "\\" in raw else raw

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _CSS_ESCAPE.finditer(raw):
            yield *match.span(), 1

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: css_escape(replacement)


def css_escape(replacement: str) -> str:
    """``replacement`` as the inside of a CSS string."""
    return _CSS_NEEDS.sub(lambda match: f"\\{ord(match[0]):x} ", replacement)


# --- backslashes --------------------------------------------------------------------------

_BACKSLASH = re.compile(
    r"(\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|[^\n]))"
)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_U_LETTER = re.compile(r"\\u(?!00[0-7])")


def _backslash(written: str) -> str:
    kind = written[1]
    if len(written) == 12:
        high, low = int(written[2:6], 16), int(written[8:12], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if len(written) > 2:
        code = int(written[2:].strip("{}"), 16)
        return "\ufffd" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code)
    return _SIMPLE.get(kind, kind)


_PAIR = "\uffff"
"""Stands for an escaped backslash while others are read; no character of any text."""
_BACKSLASHES_READ = _Reader(_backslash)


def _u_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def escapes_letters(raw: str) -> bool:
    """Whether letters beyond ASCII stand as ``\\u`` here; ``\\u003c`` alone does not say so."""
    return "\\u" in raw and raw.isascii() and _U_LETTER.search(raw) is not None


def bytes_escape_letters(data: bytes) -> bool:
    """The same of a body as it came."""
    return b"\\u" in data and data.isascii() and _U_LETTER.search(data.decode("ascii")) is not None


def json_escape(replacement: str, ascii_only: bool) -> str:
    """``replacement`` as the inside of a JSON string."""
    if _TO_ESCAPE.search(replacement):
        replacement = orjson.dumps(replacement).decode()[1:-1]
    if ascii_only and not replacement.isascii():
        replacement = _NOT_ASCII.sub(_u_escape, replacement)
    return replacement


class Backslashes:
    """Escapes of JSON and JavaScript strings. ``ascii_only`` writes ``\\u`` for the rest."""

    __slots__ = ("ascii_only",)

    def __init__(self, *, ascii_only: bool = False) -> None:
        self.ascii_only = ascii_only

    def decode(self, raw: str) -> str:
        if "\\" not in raw:
            return raw
        if _PAIR in raw:
            return _BACKSLASHES_READ.all(_BACKSLASH, raw)
        # The two that a JSON text in a JSON string is full of, without a step for each.
        read = raw.replace("\\\\", _PAIR).replace('\\"', '"').replace("\\/", "/")
        return _BACKSLASHES_READ.all(_BACKSLASH, read).replace(_PAIR, "\\")

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _BACKSLASH.finditer(raw):
            yield match.start(), match.end(), 1

    def writer(self, raw: str) -> Writer:
        ascii_only = self.ascii_only or escapes_letters(raw)
        return lambda replacement, spot: json_escape(replacement, ascii_only)


_SCRIPT_ESCAPE = re.compile("[\\\\'\"<>`&$\x00-\x1f\u2028\u2029]")


class Script(Backslashes):
    """JavaScript inside markup: a replacement must leave neither its string nor its element."""

    __slots__ = ()

    def writer(self, raw: str) -> Writer:
        ascii_only = self.ascii_only or escapes_letters(raw)
        return lambda replacement, spot: script_escape(replacement, ascii_only=ascii_only)


def script_escape(replacement: str, *, ascii_only: bool = False) -> str:
    """``replacement`` as the inside of any JavaScript string, and of JSON in a script."""
    written = _SCRIPT_ESCAPE.sub(_u_escape, replacement)
    return _NOT_ASCII.sub(_u_escape, written) if ascii_only else written


def url_escape(replacement: str, spot: str = "", around: str = "") -> str:
    """``replacement`` percent-encoded like the URL around it."""
    return PERCENT.writer(around)(replacement, spot)


PERCENT = Percent(plus=False)
FORM = Percent(plus=True)
FORM_PERCENT = Percent(plus=True, space="%20")
DOUBLED = Doubled("'")
CELL = Doubled('"')
CSS = Css()
CDATA = CData()
TEXT_ENTITIES = Entities({**_TEXT, JOINER: "&#8288;"})
"""An apostrophe cannot leave a text node or a double-quoted value: O'Brien stays O'Brien."""
ENTITIES = Entities(_ATTRIBUTE)
UNQUOTED_ENTITIES = Entities(_UNQUOTED)
BACKSLASHES = Backslashes()
SCRIPT = Script()
