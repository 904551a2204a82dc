"""Every way of reading some bytes: what an attacker with patience would try.

Written apart from ``proxy.content`` and on purpose in another style, so that the two do not
share a blind spot. The product must know where a text stands and change it in place; this only
has to read. So it does not parse: it applies every decoding to the whole, again and again, until
nothing new comes out.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import quopri
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import brotli
import zstandard

DEPTH = 10
"""Layers that are undone at most: more than any request of these tests has."""

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]{2,}(?:\r?\n)?)+")
_LONG = 64
"""A word of base64 that is longer than any pseudonym is data, whatever it decodes to."""
_PIECES = re.compile(rb"[+/_-]+")
_PSEUDONYM = re.compile(rb"[Zz]q[a-z2-7]{28}(?:[a-z]{2})?|ZQ[A-Z2-7]{28}(?:[A-Z]{2})?")
"""Random letters: one in some million spells a short name such as Yi Ng when read as base64."""
_TEXT_BYTES = bytes(range(32, 256)) + b"\t\r\n\f"
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-7]{3})|(.))", re.S
)
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HEAD_OF_CHUNK = re.compile(rb"(?:\A|\r\n)([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n")


def read(raw: bytes) -> str:
    """Bytes as text, whatever they are: what is not UTF-8 is read as both charsets."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "ignore") + "\n" + raw.decode("cp1252", "replace")


def _write(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def views(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Every reading of ``raw``: the steps that led to it, and what it says in UTF-8."""
    seen = {raw}
    waiting = [("raw", raw)]
    for _ in range(DEPTH):
        found: list[tuple[str, bytes]] = []
        for path, data in waiting:
            yield path, data
            for name, undo in (UNDO if _WORDS.search(data) else _UNDO_BINARY).items():
                for plain in undo(data):
                    if plain and plain not in seen:
                        seen.add(plain)
                        found.append((f"{path} > {name}", plain))
        waiting = found
    yield from waiting


# --- one step each: gives nothing when there is nothing of its kind ---------------------------


def _chunks(data: bytes) -> Iterator[bytes]:
    """A chunked body that stands anywhere in the bytes."""
    match = _HEAD_OF_CHUNK.search(data)
    if match is None:
        return
    at, pieces = match.start(), []
    while match := _HEAD_OF_CHUNK.match(data, at):
        size = int(match[1], 16)
        if not size or match.end() + size > len(data):
            break
        pieces.append(data[match.end() : match.end() + size])
        at = match.end() + size
    if pieces:
        yield b"".join(pieces)


def _packed(data: bytes) -> Iterator[bytes]:
    """Anything compressed: by its first bytes, or by trying when it is no text."""
    for magic, unpack in _MAGIC.items():
        at = data.find(magic)
        while at >= 0:
            yield from _try(unpack, data[at:])
            at = data.find(magic, at + 1)
    if not data.isascii() or data[:1] == b"\x78":
        for unpack in _UNPACK:
            yield from _try(unpack, data)


def _try(unpack: Callable[[bytes], bytes], data: bytes) -> Iterator[bytes]:
    try:
        yield unpack(data)
    except (OSError, EOFError, zlib.error, brotli.error, zstandard.ZstdError):
        return


def _inflate(data: bytes) -> bytes:
    return zlib.decompressobj(15).decompress(data)


def _inflate_raw(data: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(data)


def _unzstd(data: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
        return reader.read()


_MAGIC: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b\x08": gzip.decompress,
    b"\x28\xb5\x2f\xfd": _unzstd,
}
_UNPACK: tuple[Callable[[bytes], bytes], ...] = (_inflate, _inflate_raw, brotli.decompress)
"""Formats that do not say what they are: to be tried."""
_SIGNS = (*_MAGIC, b"PK\x03\x04", b"%PDF")


def _wide(data: bytes) -> Iterator[bytes]:
    """UTF-16 and UTF-32 at any alignment."""
    if b"\0" not in data:
        return
    yield data.replace(b"\0", b"")
    if data.count(b"\0") * 16 < len(data):
        return
    for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        for start in range(4 if "32" in name else 2):
            yield _write(data[start:].decode(name, "ignore"))


def _percent(data: bytes) -> Iterator[bytes]:
    if b"%" in data:
        yield unquote_to_bytes(data)


def _entities(data: bytes) -> Iterator[bytes]:
    if b"&" in data:
        yield _write(html.unescape(read(data)))


def _backslashes(data: bytes) -> Iterator[bytes]:
    if b"\\" in data:
        plain = _ESCAPE.sub(_unescape, read(data))
        joined = _PAIRS.sub(
            lambda m: m[0].encode("utf-16", "surrogatepass").decode("utf-16"), plain
        )
        yield _write(joined)


def _join(match: re.Match[str]) -> str:
    """Two surrogates are one character."""
    return match[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _unescape(match: re.Match[str]) -> str:
    braced, four, two, octal, one = match.groups()
    if one is not None:
        return {"n": "\n", "t": "\t", "r": "\r"}.get(one, one)
    code = int(octal, 8) if octal else int(braced or four or two, 16)
    return chr(code) if code < 0x110000 else "?"


def _quoted_printable(data: bytes) -> Iterator[bytes]:
    if re.search(rb"=(?:[0-9A-F]{2}|\r?\n)", data):
        yield quopri.decodestring(data)


def _base64(data: bytes) -> Iterator[bytes]:
    """All base64 in the bytes, joined; a word may begin anywhere in a run of its letters."""
    found: list[bytes] = []
    data = _PSEUDONYM.sub(b" ", data)
    for match in _BASE64.finditer(data):
        run = re.sub(rb"[\r\n]", b"", match[0])
        lines = match[0].split()
        for word in dict.fromkeys((run, *lines, *_PIECES.split(run))):
            found += _words(word.translate(bytes.maketrans(b"-_", b"+/")))
    yield from _joined(found)


def _joined(found: list[bytes]) -> Iterator[bytes]:
    """Texts together; what may be packed apart, as it begins with its sign."""
    texts = [plain for plain in found if _is_utf_8(plain)]
    if texts:
        yield b"\n".join(texts)
    yield from (plain for plain in found if not _is_utf_8(plain))


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(1 << 15)
def _words(word: bytes) -> tuple[bytes, ...]:
    """What a word may stand for; packed bytes only where the word begins with them."""
    found = []
    for start in range(min(4, max(0, len(word) - 7))):
        part = word[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            plain = base64.b64decode(part + b"=" * (-len(part) % 4))
        except (binascii.Error, ValueError):
            continue
        if _is_text(plain) or (not start and (len(word) >= _LONG or _says_something(plain))):
            found.append(plain)
    return tuple(found)


def _says_something(data: bytes) -> bool:
    """Whether decoded bytes are text or packed text: random bytes are neither."""
    if _is_text(data) or any(sign in data[:4] for sign in _SIGNS):
        return True
    return any(_is_text(plain) for unpack in _UNPACK for plain in _try(unpack, data))


def _is_text(data: bytes) -> bool:
    """Whether nearly all of it is letters of some charset (UTF-16 too)."""
    few = 20
    if data.count(b"\0") * 3 > len(data):
        data, few = data.replace(b"\0", b""), 4  # letters beyond Latin-1 have other high bytes
    odd = len(data.translate(None, _TEXT_BYTES))
    if odd * few > len(data):
        return False
    high = len(data.translate(None, bytes(range(128))))
    return high * 2 <= len(data) or _is_utf_8(data)


def _hexadecimal(data: bytes) -> Iterator[bytes]:
    """Runs of hexadecimal digits that are text; escapes such as ``\\xNN`` have their own step."""
    found = []
    for match in _HEX.finditer(data):
        plain = bytes.fromhex(match[0].decode())
        if _says_something(plain):
            found.append(plain)
    yield from _joined(found)


def _base32(data: bytes) -> Iterator[bytes]:
    found = []
    for match in _BASE32.finditer(data):
        word = match[0].upper()
        try:
            plain = base64.b32decode(word + b"=" * (-len(word) % 8))
        except binascii.Error:
            continue
        if _says_something(plain):
            found.append(plain)
    yield from _joined(found)


def _utf_7(data: bytes) -> Iterator[bytes]:
    """RFC 2152: mail programs of old, and whoever looks for a way past a filter."""
    if _SHIFTED.search(data) and data.isascii():
        try:
            yield _write(data.decode("utf-7"))
        except UnicodeDecodeError:
            return


def _members(data: bytes) -> Iterator[bytes]:
    """What is in a ZIP archive (office documents are), by their names and their bytes."""
    start = data.find(b"PK\x03\x04")
    if start < 0:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "replace")
                yield archive.read(member)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        return


def _pdf(data: bytes) -> Iterator[bytes]:
    """Streams of a PDF, and its strings joined: text is often cut for spacing."""
    if b"%PDF-" not in data and b"BT" not in data:
        return
    for match in _PDF_STREAM.finditer(data):
        yield from _try(_inflate, match[1])
    strings = [_pdf_string(match) for match in _PDF_STRING.finditer(data)]
    if strings:
        yield b"".join(strings)
        yield b" ".join(strings)


def _pdf_string(match: re.Match[bytes]) -> bytes:
    literal, digits = match.groups()
    if digits is None:
        return re.sub(rb"\\(.)", rb"\1", literal, flags=re.S)
    text = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return _write(text[2:].decode("utf-16-be", "ignore")) if text[:2] == b"\xfe\xff" else text


def _untagged(data: bytes) -> Iterator[bytes]:
    """Markup taken out: a name in two elements is a name."""
    if b"<" in data and b">" in data:
        yield _TAG.sub(b"", data)
        yield _TAG.sub(b" ", data)


def _rejoined(data: bytes) -> Iterator[bytes]:
    """Strings under the same key, joined: the deltas of an answer that is being written."""
    by_key: dict[bytes, list[bytes]] = {}
    for match in _MEMBER.finditer(data):
        by_key.setdefault(match[1], []).append(match[2])
    for pieces in by_key.values():
        if len(pieces) > 2:
            yield b"".join(pieces)


_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Za-z])")
_BASE32 = re.compile(rb"(?<![0-9A-Za-z])(?:[A-Z2-7]{16,}|[a-z2-7]{16,})(?![0-9A-Za-z])")
_SHIFTED = re.compile(rb"\+[A-Za-z0-9/+]{2,}-")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)
_PDF_STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f]{4,})>", re.S)
_TAG = re.compile(rb"<[^<>]{0,2000}>")
_MEMBER = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_WORDS = re.compile(rb"[\t\r\n -~\xc0-\xff]{12}")
"""What compressed bytes hardly ever hold, and any text does."""
UNDO: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "chunks": _chunks,
    "packed": _packed,
    "wide": _wide,
    "percent": _percent,
    "entities": _entities,
    "backslashes": _backslashes,
    "quoted-printable": _quoted_printable,
    "base64": _base64,
    "hexadecimal": _hexadecimal,
    "base32": _base32,
    "UTF-7": _utf_7,
    "members": _members,
    "PDF": _pdf,
    "untagged": _untagged,
    "rejoined": _rejoined,
}
_UNDO_BINARY = {name: UNDO[name] for name in ("chunks", "packed", "wide", "members", "PDF")}
