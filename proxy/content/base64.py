"""Base64 and hexadecimal words inside text: read when they hold text, rewritten if it changed.

Most long words are not base64 of anything readable, and most come again: JSON repeats its
keys, and so does the next message. A word's answer depends on the word alone, so the hashes of
those that hold nothing are remembered (keyed by the process; no word of traffic is kept).
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from typing import NamedTuple

from proxy.content import structure
from proxy.content.compression import GZIP_MAGIC
from proxy.content.edits import merge
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.marks import Marks
from proxy.reasons import Reason

MIN = 11
"""Eight bytes of text are eleven characters without padding."""
_MIN_HEXADECIMAL = 16
_PLUS, _SLASH, _HYPHEN, _UNDERSCORE = b"+/-_"
"""Numbers: to look for bytes in bytes, Python raises and drops an error first."""
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_ONLY_WORDS = bytes(byte if byte in _LETTERS else 10 for byte in range(256))
_WORD = re.compile(rb"\n([^\n]{%d,})" % MIN)
"""On text where all else is a line break: one attempt a word, at the speed of a search."""
_PLAIN_PIECE = re.compile(rb"[A-Za-z0-9]{11,}")
_HEXADECIMAL = re.compile(rb"(?:0x)?(?:[0-9a-f]{2}){8,}+\Z|(?:0x)?(?:[0-9A-F]{2}){8,}+\Z")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_PSEUDONYM = re.compile(rb"[Zz][Qq][A-Za-z](?:[A-Za-z]{17}|[A-Za-z0-9]{27}|[A-Za-z]{29})")
"""The shapes of a token, of letters only, and of a short one (``proxy.pseudonyms.tokens``)."""
_not_text = Marks(50_000)
_PAD = "(?:={1,2}(?![A-Za-z0-9%+/_=-]))?"
_PADDING = (b"", b"", b"==", b"=")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_NO_CONTROLS = bytes(byte for byte in range(256) if byte >= 32 or byte in (9, 10, 13))
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HIGH = bytes(range(128, 256))
_UTF8 = re.compile(
    rb"(?:[\t\n\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3})*+\Z"
)


def words(text: str, walk: Walk) -> list[str]:
    """The distinct base64 words of ``text`` that read as text, longest first."""
    if len(text) < MIN:
        return []
    lines = b"\n" + text.encode("latin-1", "replace").translate(_ONLY_WORDS)
    found = _WORD.findall(lines)
    if not found or _not_text.issuperset(map(hash, found)):
        return []
    if walk.answer:  # where pseudonyms are what is long, and read as text by chance
        found = [word for word in found if _PSEUDONYM.fullmatch(word) is None]
    good: set[bytes] = set()
    for word in set(found):
        mark = hash(word)
        if mark in _not_text:
            continue
        if readable(word) is not None:
            good.add(word)
            continue
        if not word.isalnum():
            pieces = _readable_pieces(word)
            if pieces:
                good.update(pieces)
                continue
        _not_text.remember(mark)
    if not good:
        return []
    return sorted((word.decode() for word in good), key=len, reverse=True)


def places(text: str, found: list[str]) -> list[tuple[int, int]]:
    """Where the words stand, with their padding: not the ``=`` between a name and its value."""
    pattern = re.compile("(?:" + "|".join(map(re.escape, found)) + f"){_PAD}")
    return [match.span() for match in pattern.finditer(text)]


def edits(text: str, walk: Walk) -> list[Edit]:
    """One edit for each base64 word that holds something to change."""
    signed = _signed(text, walk)
    found = words(text, walk)
    if not found:
        return []
    spots = places(text, found)
    style = _style_of([text[start:end] for start, end in spots])
    done: list[Edit] = []
    for start, end in spots:
        if any(first <= start < last for first, last in signed):
            continue
        rewritten = _rewrite(text[start:end], walk, style)
        if rewritten is not None:
            done.append(Edit(start, end, rewritten))
        else:
            done += _inside(text[start:end], start, walk, style)
    return merge(done)


def _inside(word: str, at: int, walk: Walk, style: _Style) -> list[Edit]:
    """A word that reads as text only by chance may hold one between ``/`` or ``-`` that does."""
    pieces = [] if word.isalnum() else _readable_pieces(word.encode())
    found: list[Edit] = []
    if pieces:
        for start, end in places(word, [piece.decode() for piece in pieces]):
            rewritten = _rewrite(word[start:end], walk, style)
            if rewritten is not None:
                found.append(Edit(at + start, at + end, rewritten))
    return found


def readable(word: bytes) -> bytes | None:
    """The bytes behind a word without padding if they are text (or gzip), else ``None``."""
    if len(word) >= _MIN_HEXADECIMAL and (data := from_hexadecimal(word)) is not None:
        return data
    if len(word) < MIN or len(word) & 3 == 1:
        return None
    if _HYPHEN in word or _UNDERSCORE in word:
        if _PLUS in word or _SLASH in word:
            return None
        word = word.translate(_FROM_URL)
    try:
        data = a2b_base64(word + _PADDING[len(word) & 3])
    except Error:
        return None
    if _UTF8.match(data) or _is_legacy(data):
        return data
    if data.startswith(GZIP_MAGIC) or (0 in data and _is_wide(data)):
        return data
    is_document = 0x80 <= data[0] <= 0xDF
    if not (structure.may_be_document(data) if is_document else structure.may_be_message(data)):
        return None
    # The formats of ``binary`` hold text that is searched for base64: each needs the other.
    from proxy.content import binary

    return data if binary.is_structured(data) else None


def from_hexadecimal(word: bytes) -> bytes | None:
    """The bytes behind a hexadecimal word if they are text of eight bytes or more."""
    if _HEXADECIMAL.match(word) is None:
        return None
    data = bytes.fromhex(word.decode().removeprefix("0x"))
    return data if _UTF8.match(data) else None


def _is_legacy(data: bytes) -> bool:
    """Text in a legacy charset: no control bytes, and few bytes beyond ASCII."""
    plain = data.translate(None, _HIGH)
    return len(plain) * 4 >= len(data) * 3 and not data.translate(None, _NO_CONTROLS)


def _is_wide(data: bytes) -> bool:
    """UTF-16: most of every other byte are zero, and as characters it is text."""
    if len(data) & 1:
        return False
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data[2:]
    low, high = data[0::2], data[1::2]
    big = low.count(0) > high.count(0)
    if max(low.count(0), high.count(0)) * 2 < len(low):
        return False
    try:
        text = data.decode("utf-16-be" if big else "utf-16-le")
    except UnicodeDecodeError:
        return False
    return _CONTROLS.search(text) is None


def _readable_pieces(word: bytes) -> list[bytes]:
    """Pieces between signs of the alphabet that separate here: ``+`` is a space in a query."""
    for sign in (_PLUS, _SLASH):
        if sign in word:
            pieces = [piece for piece in word.split(bytes((sign,))) if len(piece) >= MIN]
            return [good for piece in pieces for good in _whole_or_pieces(piece)]
    if _HYPHEN in word or _UNDERSCORE in word:
        return [piece for piece in _PLAIN_PIECE.findall(word) if _is_readable(piece)]
    return []


def _whole_or_pieces(word: bytes) -> list[bytes]:
    return [word] if _is_readable(word) else _readable_pieces(word)


def _is_readable(piece: bytes) -> bool:
    """The same pieces come in many words: the last of a UUID, the first of a path."""
    mark = hash(piece)
    if mark in _not_text:
        return False
    if readable(piece) is not None:
        return True
    if piece.isalnum():  # others may have pieces of their own
        _not_text.remember(mark)
    return False


class _Style(NamedTuple):
    """How base64 is written: the alphabet of URLs or the other one; padding or none."""

    url: bool
    padded: bool


def _style_of(words: list[str]) -> _Style:
    """The style of a text, since one word alone may not show it. URLs rarely pad."""
    all_words = "".join(words)
    padded = "=" in all_words or not any(len(word) & 3 for word in words)
    if "+" in all_words or "/" in all_words:
        return _Style(False, padded)
    return _Style("-" in all_words or "_" in all_words or not padded, padded)


def _rewrite(word: str, walk: Walk, style: _Style) -> str | None:
    body = word.rstrip("=").encode()
    data = readable(body)
    if data is None:
        return None
    noted = walk.opaque
    rewritten = walk.data(data, "")
    if rewritten is data:
        walk.opaque = noted  # a word that reads as a document by chance is no worse than another
        return None
    if from_hexadecimal(body) is not None:
        start = "0x" if word.startswith("0x") else ""
        digits = rewritten.hex()
        return (
            start + (digits.upper() if word[len(start) :].isupper() else digits) + word[len(body) :]
        )
    written = b2a_base64(rewritten, newline=False)
    own = _style_of([word])
    if own.url or (style.url and b"+" not in body and b"/" not in body):
        written = written.translate(_TO_URL)
    if not own.padded or (not style.padded and not word.endswith("=")):
        written = written.rstrip(b"=")
    return written.decode()


def _signed(text: str, walk: Walk) -> list[tuple[int, int]]:
    """Spans of JWTs, which are never changed. One that holds an identifier is refused."""
    if "eyJ" not in text:
        return []
    spans = []
    for match in _JWT.finditer(text):
        spans.append(match.span())
        if not walk.answer and not walk.limits.signed_allowed:
            check_token(match[0], walk)
    return spans


def check_token(token: str, walk: Walk) -> None:
    """Refuse a signed token whose header or claims hold an identifier."""
    for part in token.encode("latin-1", "replace").split(b".")[:2]:
        try:
            data = a2b_base64(part.translate(_FROM_URL) + _PADDING[len(part) & 3])
        except Error:
            continue
        if walk.data(data, "") is not data:
            raise Refused(Reason.SIGNED_CONTENT, "a signed token holds an identifier")
