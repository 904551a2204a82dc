"""How records are laid out as bytes, the same in every store.

References are unsigned 64-bit; SQLite's integers are signed, hence ``to_signed``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from proxy.kinds import KIND_OF_CODE, SubjectKind
from proxy.store.interface import SubjectRecord, ValueRecord

_SUBJECT_KINDS = {SubjectKind.PUPIL: 1, SubjectKind.STAFF: 2, SubjectKind.GUARDIAN: 3}
_SUBJECT_KIND_OF = {code: kind for kind, code in _SUBJECT_KINDS.items()}
_SEPARATOR = "\x1f"
_FINGERPRINT_BYTES = 16
_SUBJECT_HEAD = struct.Struct(">BB16sHHI")


def to_signed(ref: int) -> int:
    """The signed 64-bit integer with the same bits."""
    return ref - (1 << 64) if ref >> 63 else ref


def to_unsigned(stored: int) -> int:
    """The inverse of ``to_signed``."""
    return stored & 0xFFFF_FFFF_FFFF_FFFF


def ref_bytes(ref: int) -> bytes:
    """Eight bytes, big end first."""
    return ref.to_bytes(8)


def pack_value(record: ValueRecord) -> bytes:
    """kind 1 | fingerprint 16 | sealed: everything but the reference."""
    if len(record.fingerprint) != _FINGERPRINT_BYTES:
        raise ValueError(f"a fingerprint is {_FINGERPRINT_BYTES} bytes")
    return bytes((record.kind.code,)) + record.fingerprint + record.sealed


def unpack_value(ref: int, packed: bytes) -> ValueRecord:
    """The inverse of ``pack_value``; ``ValueError`` when it cannot be."""
    kind = KIND_OF_CODE.get(packed[0]) if len(packed) > 1 + _FINGERPRINT_BYTES else None
    if kind is None:
        raise ValueError("not a value record")
    return ValueRecord(ref, kind, packed[1:17], packed[17:])


def pack_subject(record: SubjectRecord) -> bytes:
    """A head with the counts, then value references, then schools and classes as UTF-8."""
    if len(record.source_key) != _FINGERPRINT_BYTES:
        raise ValueError(f"a source key is {_FINGERPRINT_BYTES} bytes")
    head = _SUBJECT_HEAD.pack(
        _SUBJECT_KINDS[record.kind],
        record.active,
        record.source_key,
        len(record.schools),
        len(record.classes),
        len(record.values),
    )
    names = _SEPARATOR.join((*_plain(record.schools), *_plain(record.classes)))
    return head + b"".join(map(ref_bytes, record.values)) + names.encode()


def _plain(names: Sequence[str]) -> Sequence[str]:
    if any(_SEPARATOR in name for name in names):
        raise ValueError("a school or class name holds a control character")
    return names


def unpack_subject(ref: int, packed: bytes) -> SubjectRecord:
    """The inverse of ``pack_subject``; ``ValueError`` when it cannot be."""
    try:
        kind, active, source, schools, classes, count = _SUBJECT_HEAD.unpack_from(packed)
        start = _SUBJECT_HEAD.size
        end = start + 8 * count
        values = struct.unpack(f">{count}Q", packed[start:end])
        text = packed[end:].decode()
        names = tuple(text.split(_SEPARATOR)) if schools + classes else ()
        subject_kind = _SUBJECT_KIND_OF[kind]
    except (struct.error, KeyError, UnicodeDecodeError) as error:
        raise ValueError("not a subject record") from error
    if len(names) != schools + classes:
        raise ValueError("not a subject record")
    return SubjectRecord(
        ref, subject_kind, source, bool(active), names[:schools], names[schools:], values
    )
