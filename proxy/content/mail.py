"""Ways of writing that mail brought into text: folded lines, encoded words, quoted-printable.

They stand wherever mail, vCards or calendars are handed on: in a part of a form, in a string of
JSON, in a header field. Each is looked for by signs that hardly stand in other text.

- Folding (RFC 5322, 5545, 6350): a line goes on after a line break and a space.
- Encoded words (RFC 2047): ``=?UTF-8?Q?L=C3=A9a?=``. A run of them is one text, and is written
  anew as a whole when something in it changes, in its own charset if that can say it.
- Quoted-printable (RFC 2045): ``L=C3=A9a``, with ``=`` at the end of a line that goes on.
"""

from __future__ import annotations

import codecs
import re
from binascii import Error, a2b_base64, a2b_qp, b2a_base64
from collections.abc import Iterator

from proxy.content.coding import Coding, Writer, back, legacy
from proxy.content.edits import splice
from proxy.content.visitor import Edit
from proxy.content.walk import Walk

_NAMED = r"[A-Za-z0-9_.:-]{2,40}"
_TONGUE = r"(?:\*[A-Za-z-]{1,20})?"
_SAID = r"[^?\r\n]{0,4000}"
_ENCODED_WORD = re.compile(rf"=\?({_NAMED}){_TONGUE}\?([bBqQ])\?({_SAID})\?=")
_ONE = rf"=\?{_NAMED}{_TONGUE}\?[bBqQ]\?{_SAID}\?="
_WORDS = re.compile(rf"{_ONE}(?:\s{{1,20}}{_ONE})*+")
_FOLD = re.compile(r"\r?\n[ \t]")
_NAME_LINE = re.compile(r"^N(?:;[^:\r\n]{0,200})?:[^\r\n]*", re.M | re.I)
_SAYS_QUOTED = re.compile(r"quoted-printable", re.I)
_CARD = re.compile(r"^BEGIN:V", re.M | re.I)
_QUOTED = re.compile(
    r"=(?:\r?\n|[0-9A-F]{2}=[0-9A-F]{2}|(?<=[a-z]=)(?:[C-F][0-9A-F](?=[a-z])|20(?=[A-Z])))"
)
_QUOTED_RUN = re.compile(r"=[0-9A-Fa-f]{2}(?:(?:=\r?\n)?=[0-9A-Fa-f]{2})*|=\r?\n")
_ESCAPED = re.compile("=[0-9A-F]{2}")
_QUOTED_BYTE = re.compile(r"=([0-9A-Fa-f]{2})")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w-]+)", re.I)
_PRINTABLE = frozenset(range(33, 127)) - frozenset(b"=?_")
_LONGEST = 40
"""Bytes in one encoded word: it may have 75 characters."""


def has_quoted(text: str) -> bool:
    """Whether quoted-printable stands in ``text``.

    There a ``=`` never follows another, as it does under a headline or at the end of base64;
    and a line that ends in one is not enough without any byte written in digits.
    """
    if "=" not in text or "==" in text or _QUOTED.search(text) is None:
        return False
    return _ESCAPED.search(text) is not None or _SAYS_QUOTED.search(text) is not None


def has_folds(text: str) -> bool:
    """Whether ``text`` holds a vCard or a calendar with folded lines."""
    return "\n " in text and _begins_card(text)


def has_card(text: str) -> bool:
    """Whether ``text`` holds a vCard."""
    return _begins_card(text) and _NAME_LINE.search(text) is not None


def _begins_card(text: str) -> bool:
    """Whether a line opens a vCard, a calendar or the like."""
    return (":V" in text or ":v" in text) and _CARD.search(text) is not None


class _Folded:
    """Lines that go on after a line break and a space."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return _FOLD.sub("", raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _FOLD.finditer(raw):
            yield *match.span(), 0

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: replacement


class _Card:
    """``N:Martin;Jean;;;`` of a vCard: between the parts of a name it reads a comma."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return _NAME_LINE.sub(lambda match: match[0].replace(";", ","), raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        return iter(())

    def writer(self, raw: str) -> Writer:
        return lambda replacement, spot: replacement + ";" * spot.count(";")


class _Quoted:
    """Quoted-printable. A character may be cut in two by a soft line break."""

    __slots__ = ()

    def decode(self, raw: str) -> str:
        return _QUOTED_RUN.sub(lambda match: legacy(_read(match[0])), raw)

    def units(self, raw: str) -> Iterator[tuple[int, int, int]]:
        for match in _QUOTED_RUN.finditer(raw):
            begin = match.start()
            starts = [begin + byte.start() for byte in _QUOTED_BYTE.finditer(match[0])]
            starts.append(match.end())
            if len(starts) == 1:
                yield *match.span(), 0
            at = 0
            for char in _read(match[0]):
                size = len(char.encode("utf-8", "surrogateescape"))
                yield starts[at], starts[at + size], 1
                at += size

    def writer(self, raw: str) -> Writer:
        named = _CHARSET.search(raw)
        charset = _codec(named[1]) if named else "utf-8"
        return lambda replacement, spot: _quote(_encode(replacement, charset), b"\x20")


CARD: Coding = _Card()
FOLDED: Coding = _Folded()
QUOTED: Coding = _Quoted()


def _read(run: str) -> str:
    data = bytes.fromhex("".join(_QUOTED_BYTE.findall(run)))
    return data.decode("utf-8", "surrogateescape")


def _quote(data: bytes, also: bytes = b"") -> str:
    plain = _PRINTABLE | frozenset(also)
    return "".join([chr(byte) if byte in plain else f"={byte:02X}" for byte in data])


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return "cp1252" if found == "iso8859-1" else found


def _encode(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except (LookupError, UnicodeError):
        return text.encode("utf-8", "surrogatepass")


# --- encoded words ------------------------------------------------------------------------


def word_edits(text: str, walk: Walk) -> tuple[list[Edit], str]:
    """One edit for each run of encoded words that changes, and the text without such runs."""
    if "=?" not in text:
        return [], text
    edits: list[Edit] = []
    rest: list[str] = []
    at = 0
    for match in _WORDS.finditer(text):
        rest += (text[at : match.start()], "\n" * len(match[0]))
        at = match.end()
        words = _ENCODED_WORD.findall(match[0])
        view = _read_words(words)
        found = walk.text(view)
        if found:
            edits.append(Edit(*match.span(), _write_words(splice(view, found), words[0])))
    return edits, "".join((*rest, text[at:]))


def _read_words(words: list[tuple[str, str, str]]) -> str:
    """The text of a run. A character may be cut in two between words of one charset."""
    pieces: list[tuple[str, bytes]] = []
    for charset, kind, written in words:
        codec = _codec(charset)
        data = _word_bytes(kind, written)
        if pieces and pieces[-1][0] == codec:
            data = pieces.pop()[1] + data
        pieces.append((codec, data))
    return "".join([_decode(data, codec) for codec, data in pieces])


def _word_bytes(kind: str, written: str) -> bytes:
    data = written.encode("utf-8", "surrogateescape")
    if kind in "qQ":
        return a2b_qp(data, header=True)
    try:
        return a2b_base64(data + b"=" * (-len(data) % 4))
    except Error:
        return data


def _decode(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except (LookupError, UnicodeError):
        return legacy(data.decode("utf-8", "surrogateescape"))


def _write_words(text: str, like: tuple[str, str, str]) -> str:
    charset, kind, _ = like
    try:
        text.encode(_codec(charset))
    except (LookupError, UnicodeError):
        charset = "UTF-8"
    words = []
    while text:
        size = min(len(text), _LONGEST)
        while size > 1 and len(_encode(text[:size], _codec(charset))) > _LONGEST:
            size -= 1
        data = _encode(text[:size], _codec(charset))
        text = text[size:]
        if kind in "qQ":
            written = _quote(data.replace(b" ", b"_"), b"_") if b"_" not in data else _quote(data)
        else:
            written = b2a_base64(data, newline=False).decode()
        words.append(f"=?{charset}?{kind}?{written}?=")
    return " ".join(words)


def views(text: str, walk: Walk) -> list[list[Edit]]:
    """Edits of ``text`` as it reads unfolded, with quoted-printable undone, with names in parts."""
    groups = []
    if has_folds(text):
        groups.append(back(text, walk.text(FOLDED.decode(text)), FOLDED))
    elif has_quoted(text):
        groups.append(back(text, walk.text(QUOTED.decode(text)), QUOTED))
    if has_card(text):
        groups.append(back(text, walk.visitor.text(CARD.decode(text)), CARD))
    return groups


def settled(text: str, edits: list[Edit]) -> list[Edit]:
    """Restored values as their line has them: quoted-printable, or a name in its parts."""
    if has_card(text):
        edits = [_in_parts(text, edit) for edit in edits]
    if _SAYS_QUOTED.search(text):
        edits = [_requoted(text, edit) for edit in edits]
    return edits


def _in_parts(text: str, edit: Edit) -> Edit:
    line = text.rfind("\n", 0, edit.start) + 1
    count = edit.replacement.count(",")
    if not count or ", " in edit.replacement or not text.startswith(";" * count, edit.end):
        return edit
    if _NAME_LINE.match(text, line) is None:
        return edit
    return Edit(edit.start, edit.end + count, edit.replacement.replace(",", ";"))


def _requoted(text: str, edit: Edit) -> Edit:
    """Where a line says that it is quoted-printable, or the head of what it stands in does."""
    line = text.rfind("\n", 0, edit.start) + 1
    head = text.find("\n\n") if "\n\n" in text else text.find("\r\n\r\n")
    says = _SAYS_QUOTED.search(text, line, edit.start) is not None
    if not says and not (0 <= head < edit.start and _SAYS_QUOTED.search(text, 0, head)):
        return edit
    return edit._replace(replacement=QUOTED.writer(text[line : edit.start])(edit.replacement, ""))
