"""ZIP archives (PKWARE APPNOTE 6.3.10): read whole, changed member by member.

A member that is not changed keeps its very bytes, compressed as they were. Only the plain kind
is edited: stored or deflated, not encrypted, of one volume, without ZIP64, and without a byte
that belongs to no member. Everything else is ``None``: two programs may read such a file in
two ways, and the gateway must not choose one of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason

_END = struct.Struct("<4sHHHHLLH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_LONGEST_COMMENT = 65_535
_MOST_MEMBERS = 10_000
_ENCRYPTED, _DESCRIPTOR, _UTF_8, _MASKED = 0x1, 0x8, 0x800, 0x2000
_STORED, _DEFLATED = 0, 8
_DESCRIPTOR_SIZES = (12, 16)
_OFFSET_AT = 42
"""Where an entry of the central directory says where its member begins."""
_UNICODE_PATH, _UNICODE_COMMENT = 0x7075, 0x6375


class Texts(NamedTuple):
    """What a member says of itself besides its content."""

    name: str
    comment: str


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive, and where its pieces stand in the whole."""

    fields: tuple[int, ...]
    """Of the central directory, from *version made by* on."""
    entry: bytes
    """The whole entry of the central directory."""
    name: bytes
    comment: bytes
    local_extra: bytes
    start: int
    content: tuple[int, int]
    end: int

    @property
    def texts(self) -> Texts:
        return Texts(_decoded(self.name), _decoded(self.comment))

    @property
    def extras(self) -> bytes:
        """Extra fields of both headers: nobody knows all that programs put there."""
        return self.local_extra + self.entry[_CENTRAL.size + len(self.name) : self._extra_end]

    @property
    def _extra_end(self) -> int:
        return len(self.entry) - len(self.comment)

    @property
    def method(self) -> int:
        return self.fields[3]

    @property
    def size(self) -> int:
        """Uncompressed, as declared."""
        return self.fields[8]


@dataclass(frozen=True, slots=True)
class Archive:
    """A plain archive: ``members`` in the order of the central directory."""

    data: bytes
    members: tuple[Member, ...]
    comment: str

    def content(self, member: Member) -> bytes:
        """What a member holds. Raises ``Refused`` when it lies about its size or checksum."""
        raw = self.data[member.content[0] : member.content[1]]
        plain = raw if member.method == _STORED else _inflated(raw, member.size)
        if len(plain) != member.size or zlib.crc32(plain) != member.fields[6]:
            raise Refused(Reason.UNDECODABLE, "a member of the archive is not what it declares")
        return plain


class Changed(NamedTuple):
    """A member as it shall be."""

    texts: Texts
    content: bytes


def read(data: bytes, limits: Limits) -> Archive | None:
    """The archive, if it is of the plain kind. Raises ``Refused`` when it expands too far."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - _LONGEST_COMMENT))
    if at < 0 or at + _END.size > len(data):
        return None
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(data, at)
    if disk or first_disk or here != count or count > _MOST_MEMBERS:
        return None
    if offset + size != at or at + _END.size + comment != len(data):
        return None
    members = _members(data, count, offset, at)
    if members is None:
        return None
    _bounded(sum(member.size for member in members), len(data), limits)
    return Archive(data, members, _decoded(data[at + _END.size :]))


def _bounded(total: int, packed: int, limits: Limits) -> None:
    if total > limits.expanded or (total > limits.ratio_floor and total > limits.ratio * packed):
        raise Refused(Reason.EXPANSION_LIMIT, "the archive expands beyond the limit")


def _members(data: bytes, count: int, offset: int, stop: int) -> tuple[Member, ...] | None:
    """All members of the central directory; they must fill the file up to it."""
    entries, at = [], offset
    for _ in range(count):
        if at + _CENTRAL.size > stop or data[at : at + 4] != b"PK\x01\x02":
            return None
        fields = _CENTRAL.unpack_from(data, at)[1:]
        name, extra, comment = fields[9:12]
        body = at + _CENTRAL.size
        at = body + name + extra + comment
        entries.append((fields, data[body - _CENTRAL.size : at]))
    if at != stop:
        return None
    starts = sorted(entry[0][15] for entry in entries)
    if len(set(starts)) != count or (starts and starts[0]) or (not starts and offset):
        return None
    ends = dict(zip(starts, (*starts[1:], offset), strict=True))
    members = [_member(data, *entry, ends[entry[0][15]]) for entry in entries]
    return None if None in members else tuple(m for m in members if m)


def _member(data: bytes, fields: tuple[int, ...], entry: bytes, end: int) -> Member | None:
    start = fields[15]
    name = entry[_CENTRAL.size : _CENTRAL.size + fields[9]]
    comment = entry[len(entry) - fields[11] :]
    if start + _LOCAL.size > end or data[start : start + 4] != b"PK\x03\x04":
        return None
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(
        data, start
    )
    begin = start + _LOCAL.size + name_size + extra_size
    stop = begin + fields[7]
    same = (flags, method) == (fields[2], fields[3])
    same = same and data[start + _LOCAL.size : start + _LOCAL.size + name_size] == name
    if flags & _DESCRIPTOR:
        same = same and end - stop in _DESCRIPTOR_SIZES
    else:
        same = same and stop == end and (crc, packed, size) == fields[6:9]
    if not same or flags & (_ENCRYPTED | _MASKED) or method not in (_STORED, _DEFLATED):
        return None
    local_extra = data[begin - extra_size : begin]
    return Member(fields, entry, name, comment, local_extra, start, (begin, stop), end)


def _decoded(raw: bytes) -> str:
    """Names are UTF-8 when they say so, and mostly when they do not."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _inflated(raw: bytes, size: int) -> bytes:
    member = zlib.decompressobj(-15)
    try:
        plain = member.decompress(raw, size + 1)
    except zlib.error as error:
        raise Refused(Reason.UNDECODABLE, "broken member of an archive") from error
    if not member.eof or member.unused_data:
        raise Refused(Reason.UNDECODABLE, "a member of the archive is not what it declares")
    return plain


def write(archive: Archive, changed: dict[int, Changed], comment: str) -> bytes:
    """The archive with the members of ``changed`` (by index) replaced."""
    order = sorted(range(len(archive.members)), key=lambda i: archive.members[i].start)
    out, written = bytearray(), dict[int, bytes]()
    for index in order:
        member, new = archive.members[index], changed.get(index)
        at = len(out)
        if new is None:
            out += archive.data[member.start : member.end]
            written[index] = member.entry[:_OFFSET_AT] + struct.pack("<L", at)
            written[index] += member.entry[_CENTRAL.size :]
        else:
            written[index] = _append(out, member, new)
    offset = len(out)
    for index in range(len(archive.members)):
        out += written[index]
    raw = comment.encode()
    count = len(archive.members)
    out += _END.pack(b"PK\x05\x06", 0, 0, count, count, len(out) - offset, offset, len(raw)) + raw
    return bytes(out)


def _append(out: bytearray, member: Member, new: Changed) -> bytes:
    """Write a changed member; its entry for the central directory."""
    at = len(out)
    raw = new.content if member.method == _STORED else _deflated(new.content)
    fields = list(member.fields)
    fields[2] &= ~_DESCRIPTOR
    name, comment = member.name, member.comment
    extra = member.entry[_CENTRAL.size + len(name) : len(member.entry) - len(comment)]
    local_extra = member.local_extra
    if new.texts != member.texts:
        name, comment = new.texts.name.encode(), new.texts.comment.encode()
        fields[2] |= _UTF_8
        extra, local_extra = _without_names(extra), _without_names(local_extra)
    fields[6:9] = zlib.crc32(new.content), len(raw), len(new.content)
    fields[9:12] = len(name), len(extra), len(comment)
    fields[15] = at
    out += _LOCAL.pack(b"PK\x03\x04", *fields[1:9], len(name), len(local_extra))
    out += name + local_extra + raw
    return _CENTRAL.pack(b"PK\x01\x02", *fields) + name + extra + comment


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def _without_names(extra: bytes) -> bytes:
    """Extra fields but those that repeat the name or the comment."""
    kept, at = bytearray(), 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind not in (_UNICODE_PATH, _UNICODE_COMMENT):
            kept += extra[at : at + 4 + size]
        at += 4 + size
    return bytes(kept)


def rewrite(
    archive: Archive,
    text: Callable[[str], str],
    content: Callable[[Member, bytes], bytes],
    stale: Callable[[Member], bool],
) -> bytes:
    """Every name, comment and content through ``text`` and ``content``; the same object when
    nothing changed. What is ``stale`` once something has changed is emptied."""
    changed: dict[int, Changed] = {}
    for index, member in enumerate(archive.members):
        texts = Texts(text(member.texts.name), text(member.texts.comment))
        plain = archive.content(member)
        new = content(member, plain) if plain else plain
        if new is not plain or texts != member.texts:
            changed[index] = Changed(texts, new)
    comment = text(archive.comment)
    if not changed and comment == archive.comment:
        return archive.data
    for index, member in enumerate(archive.members):
        if stale(member):
            changed[index] = Changed(member.texts, b"")
    return write(archive, changed, comment)
