"""The quick step over heads and lengths refuses nothing that a walker reads."""

from __future__ import annotations

import random
from collections.abc import Callable

from proxy.content import cbor, msgpack, protobuf, structure

_DICE = random.Random(7)
_TEXTS = (b"", b"nom", b"Durand", b"a" * 30, "Élise".encode())


def _sized(text: bytes, short: int, long: int, most: int) -> bytes:
    if len(text) <= most and _DICE.random() < 0.8:
        return bytes([short | len(text)]) + text
    return bytes([long, len(text)]) + text


def _msgpack(depth: int) -> bytes:
    match _DICE.randrange(4 if depth else 2, 9):
        case 0 | 1:
            count = _DICE.randrange(4)
            head = _DICE.choice((bytes([0x80 | count]), b"\xde\0" + bytes([count])))
            return head + b"".join(_msgpack(depth + 1) for _ in range(2 * count))
        case 2 | 3:
            count = _DICE.randrange(4)
            head = _DICE.choice((bytes([0x90 | count]), b"\xdd\0\0\0" + bytes([count])))
            return head + b"".join(_msgpack(depth + 1) for _ in range(count))
        case 4 | 5:
            return _sized(_DICE.choice(_TEXTS), 0xA0, 0xD9, 31)
        case 6:
            return _sized(_DICE.choice(_TEXTS), 0xC4, 0xC4, -1)
        case 7:
            return b"\xc7\3\5abc" if _DICE.random() < 0.5 else b"\xd5\1ab"
    return _DICE.choice((b"\5", b"\xc0", b"\xc3", b"\xff", b"\xcc\1", b"\xd2\0\0\0\1", b"\xcb" * 9))


def _cbor(depth: int) -> bytes:
    match _DICE.randrange(4 if depth else 0, 10):
        case 0 | 1:
            count = _DICE.randrange(4)
            head = _DICE.choice((bytes([0xA0 | count]), bytes([0xB8, count])))
            return head + b"".join(_cbor(depth + 1) for _ in range(2 * count))
        case 2:
            return b"\x9f" + b"".join(_cbor(depth + 1) for _ in range(2)) + b"\xff"
        case 3:
            return _DICE.choice((b"\xc1", b"\xd8\x18", b"\xdb" + b"\0" * 8)) + b"\x81" + _cbor(1)
        case 4 | 5 | 6:
            return _sized(_DICE.choice(_TEXTS), 0x60, 0x78, 23)
        case 7:
            return b"\x7f\x61a\x61b\xff"
    return _DICE.choice(
        (b"\5", b"\x18\xff", b"\x39\1\0", b"\xf5", b"\xf9\0\0", b"\xfb" + b"\1" * 8)
    )


def _message(depth: int = 0) -> bytes:
    fields = []
    for _ in range(_DICE.randrange(1, 4)):
        number = _DICE.choice((1, 2, 15, 16, 3000))
        wire = _DICE.choice((0, 1, 2, 2, 2, 3, 5))
        inner = _message(depth + 1) if depth < 2 and _DICE.random() < 0.4 else _DICE.choice(_TEXTS)
        value = {
            0: b"\x96\1",
            1: bytes(8),
            2: protobuf.varint(len(inner), _DICE.choice((1, 1, 2))) + inner,
            3: protobuf.varint(number << 3) + b"\1" + protobuf.varint(number << 3 | 4),
            5: bytes(4),
        }[wire]
        fields.append(protobuf.varint(number << 3 | wire) + value)
    return b"".join(fields)


def _damaged(data: bytes) -> bytes:
    match _DICE.randrange(6):
        case 0:
            return data[: _DICE.randrange(1, len(data) + 1)]
        case 1:
            at = _DICE.randrange(len(data))
            return data[:at] + _DICE.randbytes(1) + data[at + 1 :]
        case 2:
            return data + data
    return data


def _agree(
    make: Callable[[], bytes], reads: Callable[[bytes], bool], may: Callable[[bytes], bool]
) -> None:
    read = refused = 0
    for _ in range(4000):
        data = _damaged(make() or b"\1")
        if reads(data):
            read += 1
            assert may(data), data
        else:
            refused += not may(data)
    assert read > 400
    assert refused > 400


def test_no_messagepack_is_refused() -> None:
    _agree(lambda: _msgpack(0), msgpack.is_document, structure.may_be_document)


def test_no_cbor_is_refused() -> None:
    _agree(lambda: _cbor(0), cbor.is_document, structure.may_be_document)


def test_no_protobuf_is_refused() -> None:
    _agree(_message, protobuf.is_likely, structure.may_be_message)


def test_no_short_bytes_are_refused_that_a_walker_reads() -> None:
    heads = bytes((*range(0x80, 0xE0), 10, 18, 26, 34))
    for _ in range(30_000):
        data = bytes([_DICE.choice(heads)]) + _DICE.randbytes(_DICE.randrange(8, 12))
        if msgpack.is_document(data) or cbor.is_document(data):
            assert structure.may_be_document(data), data
        if protobuf.is_likely(data):
            assert structure.may_be_message(data), data
