"""Base64 words inside text: read when they hold text, rewritten only when something changed.

Most long words are not base64 of anything readable. The test is cheap and remembers the
words that failed, since JSON repeats its keys.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64

from proxy.content.compression import GZIP_MAGIC
from proxy.content.edits import merge
from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

_MIN = 11
"""Eight bytes of text are eleven characters without padding."""
_WORD = re.compile(r"[A-Za-z0-9+/_-]{11,}={0,2}")
_PIECE = re.compile(r"[A-Za-z0-9+_-]{11,}={0,2}|[A-Za-z0-9]{11,}={0,2}")
_PLAIN_PIECE = re.compile(r"[A-Za-z0-9]{11,}={0,2}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_ALPHABET = bytes(
    0x61 if chr(byte) in "+/_-" or (byte < 128 and chr(byte).isalnum()) else 0x20
    for byte in range(256)
)
_RUN = b"a" * _MIN
_URL_SAFE = str.maketrans("-_", "+/")
_TO_URL_SAFE = str.maketrans("+/", "-_")
_READABLE = bytes([9, 10, 13, *range(32, 127), *range(0xA0, 0x100)])
_HIGH = bytes(range(0x80, 0x100))


def may_hold(text: str) -> bool:
    """Whether ``text`` has a run long enough; two passes at memory speed."""
    return _RUN in text.encode("latin-1", "replace").translate(_ALPHABET)


def edits(text: str, walk: Walk) -> list[Edit]:
    """One edit for each base64 word that holds something to change."""
    found: list[Edit] = []
    signed = _signed(text, walk)
    for word, start in words(text, walk):
        if any(first <= start < last for first, last in signed):
            continue
        rewritten = _rewrite(word, walk)
        if rewritten is not None:
            found.append(Edit(start, start + len(word), rewritten))
    return merge(found)


def readable(word: str) -> bytes | None:
    """The bytes behind a base64 word if they are text (or gzip), else ``None``."""
    body = word.rstrip("=")
    if len(body) < _MIN or len(body) % 4 == 1:
        return None
    if "-" in body or "_" in body:
        if "+" in body or "/" in body:
            return None
        body = body.translate(_URL_SAFE)
    try:
        data = a2b_base64(body + "=" * (-len(body) % 4))
    except (Error, ValueError):
        return None
    if data.startswith(GZIP_MAGIC):
        return data
    if b"\0" in data:
        wide = len(data) % 2 == 0 and (not any(data[1::2]) or not any(data[0::2]))
        return data if wide else None
    rest = data.translate(None, _READABLE)
    if rest and (len(rest) > len(data) // 4 or rest.translate(None, _HIGH)):
        return None
    if not data.isascii() and not _mostlywords(data):
        return None
    return data


def _mostlywords(data: bytes) -> bool:
    """Non-ASCII bytes make sense: UTF-8, or few enough to be a legacy charset."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return len(data.translate(None, _HIGH)) * 4 >= len(data) * 3
    return True


def words(text: str, walk: Walk) -> list[tuple[str, int]]:
    """Base64 words that read as text, with their places. Each distinct word is tried once."""
    words = set(_WORD.findall(text)) - walk.seen
    good: list[str] = []
    for word in words:
        candidates = _readable_parts(word)
        if candidates:
            good.extend(candidates)
        elif len(walk.seen) < 10_000:
            walk.seen.add(word)
    if not good:
        return []
    pattern = re.compile("|".join(map(re.escape, sorted(set(good), key=len, reverse=True))))
    return [(match[0], match.start()) for match in pattern.finditer(text)]


def _readable_parts(word: str) -> list[str]:
    """The word itself, else its pieces between separators that are also in the alphabet."""
    if readable(word) is not None:
        return [word]
    if word.isalnum():
        return []
    pieces = {match[0] for match in _PIECE.finditer(word)}
    pieces |= {match[0] for match in _PLAIN_PIECE.finditer(word)}
    return [piece for piece in pieces if piece != word and readable(piece) is not None]


def _rewrite(word: str, walk: Walk) -> str | None:
    data = readable(word)
    assert data is not None
    rewritten = walk.data(data, "")
    if rewritten is data:
        return None
    written = b2a_base64(rewritten, newline=False).decode()
    if "-" in word or "_" in word:
        written = written.translate(_TO_URL_SAFE)
    if not word.endswith("=") and len(word) % 4:
        written = written.rstrip("=")
    return written


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
    for part in token.split(".")[:2]:
        try:
            data = a2b_base64(part.translate(_URL_SAFE) + "=" * (-len(part) % 4))
        except (Error, ValueError):
            continue
        if walk.data(data, "") is not data:
            raise Refused(Reason.SIGNED_CONTENT, "a signed token holds an identifier")
