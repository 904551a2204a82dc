"""Parts of bodies: ranges that are asked for, uploads that come in several requests.

**Answers.** We change the length of what can hold a pseudonym, so byte positions would mean one
thing to the client and another to the service. Such a body is only ever sent whole: ``Range`` is
taken out of a request unless its target is plainly a picture, film, archive …, and what we may
change is announced without ``Accept-Ranges``. A part that comes all the same is only passed to a
client that asked for one, unchanged; to any other it is refused.

**Uploads.** A file sent in several requests has its length and positions told beforehand, and a
name may lie across two of them. Where one request carries the whole of it, it is read like any
body, and the positions are made to fit. A true part is unreadable content: the service's policy
``opaque`` decides, and an identifier in clear inside it is refused.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from proxy.decisions import Headers
from proxy.engine.exchange import Head

_UNREAD_NAME = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|heic|ico|bmp|tiff?|mp[34]|m4[asv]|mov|avi|mkv|webm|og[gav]"
    r"|opus|wav|flac|ts|zip|7z|rar|t?gz|bz2|xz|zst|pdf|woff2?|ttf|otf|wasm|iso|dmg|exe|msi|deb"
    r"|rpm|apk|pkg|jar|bin)\Z",
    re.I,
)
_UNREAD_PLACES = frozenset({"audio", "video", "image", "font", "track"})
_CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d+)-(\d+)/(\d+|\*)\s*\Z", re.I)
_QUERY = re.compile(
    r"[?&](?:partnumber=\d|comp=(?:block|appendblock|page)\b|chunk(?:number|index)?=\d"
    r"|upload_protocol=resumable|resumablechunknumber=\d)",
    re.I,
)
_OFFSETS = (b"upload-offset", b"x-goog-upload-offset", b"x-upload-offset")
_OF_RANGES = frozenset({b"range", b"if-range"})


class Upload(Enum):
    """What a request's body is of what is being uploaded."""

    PLAIN = auto()
    WHOLE = auto()
    """All of it, with positions to keep right."""
    PART = auto()


def upload_of(head: Head, size: int | None) -> Upload:
    """What the body of a request is; ``size`` where it is known."""
    kind = Upload.PLAIN
    for name, value in head.headers:
        lower = name.lower()
        if lower == b"content-range":
            kind = max(kind, _of_range(value.decode("latin-1")), key=_rank)
        elif lower in _OFFSETS:
            kind = max(kind, _of_offset(head, value, size), key=_rank)
    if _QUERY.search(head.target):
        return Upload.PART
    return kind


def _rank(kind: Upload) -> int:
    return kind.value


def _of_range(value: str) -> Upload:
    match = _CONTENT_RANGE.match(value)
    if match is None:  # ``bytes */1000`` only asks how far it has come
        return Upload.PLAIN if value.strip().lower().startswith("bytes */") else Upload.PART
    first, last, total = match.groups()
    return Upload.WHOLE if first == "0" and int(last) + 1 == _number(total) else Upload.PART


def _of_offset(head: Head, value: bytes, size: int | None) -> Upload:
    """tus and the like: whole only if it begins at 0 and says that it also ends there."""
    total = head.header(b"upload-length")
    if value.strip() == b"0" and total.isdigit() and int(total) == size:
        return Upload.WHOLE
    if value.strip() == b"0" and b"finalize" in head.header(b"x-goog-upload-command").encode():
        return Upload.WHOLE
    return Upload.PART


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1


def resized(headers: Headers, size: int) -> Headers:
    """The fields of a whole upload whose body has a new length."""
    out = []
    for name, value in headers:
        lower = name.lower()
        if lower == b"content-range" and _CONTENT_RANGE.match(value.decode("latin-1")):
            value = b"bytes 0-%d/%d" % (size - 1, size)
        elif lower == b"upload-length":
            value = b"%d" % size
        out.append((name, value))
    return tuple(out)


def may_ask_range(head: Head) -> bool:
    """Whether a part of what is asked for cannot hold text."""
    if head.header(b"sec-fetch-dest") in _UNREAD_PLACES:
        return True
    return _UNREAD_NAME.search(head.target.partition("?")[0]) is not None


def asked(head: Head) -> bool:
    """Whether the client asked for a part."""
    return bool(head.header(b"range"))


def without_range(headers: Headers) -> Headers:
    """The whole is asked for instead of a part."""
    return tuple(field for field in headers if field[0].lower() not in _OF_RANGES)
