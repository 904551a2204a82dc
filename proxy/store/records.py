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
_DIGEST_BYTES = 8
_SUBJECT_HEAD = struct.Struct(">BB16s8sHHI")
_VALUE_HEAD = struct.Struct(">B16sQB")
_NOTHING = 0
"""The head's last byte: it once told the length of a key of the value's own, always 0 since
ADR 0012. Kept, so that rows of before and after are the same."""


def to_signed(ref: int) -> int:
    """The signed 64-bit integer with the same bits."""
    return ref - (1 << 64) if ref >> 63 else ref


def to_unsigned(stored: int) -> int:
    """The inverse of ``to_signed``."""
    return stored & 0xFFFF_FFFF_FFFF_FFFF


def ref_bytes(ref: int) -> bytes:
    """Eight bytes, big end first."""
    return ref.to_bytes(8)


def checked(values: Sequence[ValueRecord], subjects: Sequence[SubjectRecord]) -> None:
    """Raise ``ValueError`` for records that no store takes."""
    for value in values:
        if len(value.fingerprint) != _FINGERPRINT_BYTES:
            raise ValueError(f"a fingerprint is {_FINGERPRINT_BYTES} bytes")
    for subject in subjects:
        if len(subject.source_key) != _FINGERPRINT_BYTES:
            raise ValueError(f"a source key is {_FINGERPRINT_BYTES} bytes")
        if len(subject.digest) != _DIGEST_BYTES:
            raise ValueError(f"a digest is {_DIGEST_BYTES} bytes")


def pack_value(record: ValueRecord) -> bytes:
    """A head and the sealed value: everything but the reference."""
    head = _VALUE_HEAD.pack(record.kind.code, record.fingerprint, record.owner, _NOTHING)
    return head + record.sealed


def unpack_value(ref: int, packed: bytes) -> ValueRecord:
    """The inverse of ``pack_value``; ``ValueError`` when it cannot be."""
    try:
        code, fingerprint, owner, nothing = _VALUE_HEAD.unpack_from(packed)
        kind = KIND_OF_CODE[code]
    except (struct.error, KeyError) as error:
        raise ValueError("not a value record") from error
    if nothing != _NOTHING:
        raise ValueError("not a value record")
    return ValueRecord(ref, kind, fingerprint, packed[_VALUE_HEAD.size :], owner)


def pack_subject(record: SubjectRecord) -> bytes:
    """A head with the counts, then value references, then schools and classes as UTF-8."""
    head = _SUBJECT_HEAD.pack(
        _SUBJECT_KINDS[record.kind],
        record.active,
        record.source_key,
        record.digest,
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
        kind, active, source, digest, schools, classes, count = _SUBJECT_HEAD.unpack_from(packed)
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
        ref, subject_kind, source, bool(active), names[:schools], names[schools:], values, digest
    )
