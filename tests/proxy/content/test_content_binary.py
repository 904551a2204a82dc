"""MessagePack, CBOR, protobuf and gRPC against the formats' own libraries."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import base64
import gzip
import json
import random
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import cbor2
import msgpack
import pytest
import zstandard
from content_toy import (
    DROP_RULE,
    ELEMENT,
    RESTORE,
    RULE,
    SECRETS,
    Blind,
    automaton,
    protect,
    restore,
    run,
)
from google.protobuf import descriptor_pb2, struct_pb2, wrappers_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content import grpc_frames, protobuf
from proxy.content.data import BodyFields
from proxy.content.grpc_frames import Frame
from proxy.content.limits import Limits
from proxy.errors import Refused
from proxy.reasons import Reason


class Wire(NamedTuple):
    """A binary format through a library that is not ours."""

    name: str
    content_type: str
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]


def _struct(value: Any) -> bytes:
    message = struct_pb2.Value()
    _fill(message, value)
    return message.SerializeToString(deterministic=True)


def _fill(message: struct_pb2.Value, value: Any) -> None:
    if value is None:
        message.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, list):
        message.list_value.SetInParent()
        for each in value:
            _fill(message.list_value.values.add(), each)
    else:
        message.struct_value.SetInParent()
        for key, each in value.items():
            _fill(message.struct_value.fields[key], each)


def _plain(message: struct_pb2.Value) -> Any:
    kind = message.WhichOneof("kind")
    if kind == "list_value":
        return [_plain(each) for each in message.list_value.values]
    if kind == "struct_value":
        return {key: _plain(each) for key, each in message.struct_value.fields.items()}
    return None if kind == "null_value" else getattr(message, kind)


def _unpack(data: bytes) -> Any:
    return msgpack.unpackb(data, strict_map_key=False)


MSGPACK = Wire("msgpack", "application/msgpack", msgpack.packb, _unpack)
CBOR = Wire("cbor", "application/cbor", cbor2.dumps, cbor2.loads)
PROTOBUF = Wire("protobuf", "application/x-protobuf", _struct,
                lambda d: _plain(struct_pb2.Value.FromString(d)))  # fmt: skip
GRPC = Wire(
    "grpc", "application/grpc", lambda v: grpc_frames.join([Frame(0, _struct(v))]),
    lambda d: PROTOBUF.read(grpc_frames.split(d)[0][0].payload),
)  # fmt: skip
WIRES = [
    MSGPACK, CBOR, PROTOBUF, GRPC,
    Wire("grpc-gzip", "application/grpc+proto",
         lambda v: grpc_frames.join([Frame(1, gzip.compress(_struct(v)))]),
         lambda d: PROTOBUF.read(gzip.decompress(grpc_frames.split(d)[0][0].payload))),
    Wire("grpc-zstd", "application/grpc-web+proto",
         lambda v: grpc_frames.join([Frame(1, zstandard.compress(_struct(v)))]),
         lambda d: PROTOBUF.read(
             zstandard.ZstdDecompressor().decompressobj().decompress(d[5:]))),
    Wire("grpc-deflate", "application/connect+proto",
         lambda v: grpc_frames.join([Frame(1, zlib.compress(_struct(v)))]),
         lambda d: PROTOBUF.read(zlib.decompress(d[5:]))),
    Wire("grpc-web-text", "application/grpc-web-text",
         lambda v: base64.b64encode(GRPC.write(v)), lambda d: GRPC.read(base64.b64decode(d))),
    Wire("cbor-pieces", "application/cbor", lambda v: cbor2.dumps(v, indefinite_containers=True),
         cbor2.loads),
    Wire("bin", "application/msgpack", lambda v: msgpack.packb({"b": CBOR.write(v)}),
         lambda d: CBOR.read(_unpack(d)["b"])),
    Wire("base64", "application/json",
         lambda v: json.dumps({"b": base64.b64encode(MSGPACK.write([v, "some text"])).decode()}).encode(),
         lambda d: MSGPACK.read(base64.b64decode(json.loads(d)["b"]))[0]),
    Wire("json", "application/msgpack", lambda v: msgpack.packb([json.dumps(v, ensure_ascii=False)]),
         lambda d: json.loads(_unpack(d)[0])),
]  # fmt: skip

_letters = st.characters(exclude_categories=["C"], exclude_characters='<&%+\\{}[]"=/#?;:')
"""What begins another encoding, or says that a string is no text, has tests of its own."""
_words = st.text(_letters, max_size=6).map(lambda t: f" {t} ")
_named = st.tuples(_words, st.sampled_from(sorted(SECRETS)), _words).map("".join)
_small = st.integers(-1000, 1000) | st.booleans() | st.none() | st.sampled_from([0.5, -2.25])
_documents = st.recursive(
    _named | st.text(_letters, max_size=40) | _small,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(_letters, max_size=8) | _named, inner, max_size=4)
    ),
    max_leaves=12,
).map(lambda value: {"root": value, "who": "avant Jean Dupont"})


def _protected(value: Any) -> Any:
    if isinstance(value, str):
        for secret, token in SECRETS.items():
            value = value.replace(secret, token)
        return value
    if isinstance(value, list):
        return [_protected(each) for each in value]
    if isinstance(value, dict):
        return {_protected(key): _protected(each) for key, each in value.items()}
    return value


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
@settings(max_examples=40, deadline=None)
@given(document=_documents)
def test_every_string_is_protected_and_all_else_reads_the_same(
    wire: Wire, document: dict[str, Any]
) -> None:
    sent = run(wire.write(document), wire.content_type)
    assert sent.changed
    assert sent.opaque is None
    assert wire.read(sent.body) == _protected(document)
    assert wire.read(restore(sent.body, wire.content_type)) == document


@pytest.mark.parametrize("wire", WIRES[:4], ids=lambda wire: wire.name)
@settings(max_examples=20, deadline=None)
@given(document=_documents)
def test_what_nobody_declared_is_read_by_its_bytes(wire: Wire, document: dict[str, Any]) -> None:
    for kind in ("", "application/octet-stream", "image/png"):
        assert wire.read(protect(wire.write(document), kind)) == _protected(document)


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
@settings(max_examples=30, deadline=None)
@given(document=_documents)
def test_a_visitor_that_edits_nothing_gets_the_very_same_object_back(
    wire: Wire, document: dict[str, Any]
) -> None:
    data = wire.write(document)
    sent = run(data, wire.content_type, visitor=Blind())
    assert sent.body is data


@pytest.mark.parametrize("wire", [MSGPACK, CBOR, PROTOBUF, GRPC], ids=lambda wire: wire.name)
def test_restoring_gives_back_the_bytes_that_were_protected(wire: Wire) -> None:
    for size in (0, 9, 16, 20, 30, 200, 250, 16_350, 65_530):
        data = wire.write({"a": ["Jean Dupont", "x" * size + " Jean Dupont", 1.5], "b": {"c": "z"}})
        sent = protect(data, wire.content_type)
        assert sent != data
        assert restore(sent, wire.content_type) == data


@pytest.mark.parametrize("wire", [MSGPACK, CBOR, PROTOBUF, GRPC], ids=lambda wire: wire.name)
@settings(max_examples=150, deadline=None)
@given(document=_documents, seed=st.integers(0, 1 << 32))
def test_broken_bytes_never_crash_and_never_pass_a_name_unscanned(
    wire: Wire, document: dict[str, Any], seed: int
) -> None:
    data = bytearray(wire.write(document))
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        if chance.random() < 0.6:
            data[at] = chance.randrange(256)
        elif chance.random() < 0.5:
            del data[at:]
            data += b"\0"
        else:
            data[at:at] = chance.randbytes(2)
    for kind in (wire.content_type, "application/octet-stream"):
        with suppress(Refused):
            sent = run(bytes(data), kind).body
            for secret in SECRETS:
                assert secret.encode() not in sent
        run(bytes(data), kind, visitor=RESTORE, answer=True)


# --- rules --------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", [MSGPACK, CBOR], ids=lambda wire: wire.name)
def test_field_rules_reach_members_by_name(wire: Wire) -> None:
    fields = BodyFields(
        automaton(
            (("pupils", ELEMENT, "name"), RULE),
            (("born",), DROP_RULE),
            (("id",), RULE),
            (("photo",), DROP_RULE),
        )
    )
    document = {
        "pupils": [{"name": "Nobody Known", "age": 12}],
        "born": "2012-01-01", "id": 4711, "photo": b"\xff\xd8\xff" + bytes(300),
    }  # fmt: skip
    sent = run(wire.write(document), wire.content_type, fields=fields)
    assert sent.opaque is None
    assert wire.read(sent.body) == {
        "pupils": [{"name": "zq1field", "age": 12}], "born": "", "id": "zq1field", "photo": b"",
    }  # fmt: skip


def test_field_rules_reach_protobuf_by_number() -> None:
    fields = BodyFields(
        automaton((("4", "1"), RULE), (("4", "3", "1"), DROP_RULE), (("2",), RULE), (("1",), RULE))
    )
    message = descriptor_pb2.FileDescriptorProto(name="A", package="B", dependency=["C", "D"])
    for name in ("Nobody Known", "Other"):
        inner = message.message_type.add(name=name)
        inner.nested_type.add(name="some text in it")
    sent = run(message.SerializeToString(), "application/x-protobuf", fields=fields)
    read = descriptor_pb2.FileDescriptorProto.FromString(sent.body)
    assert (read.name, read.package, list(read.dependency)) == ("zq1field", "zq1field", ["C", "D"])
    assert [each.name for each in read.message_type] == ["zq1field", "zq1field"]
    assert [each.nested_type[0].name for each in read.message_type] == ["", ""]


def test_a_number_in_protobuf_is_dropped_to_zero_or_refused() -> None:
    data = wrappers_pb2.Int64Value(value=690001122).SerializeToString()
    kind = "application/x-protobuf"
    sent = run(data, kind, fields=BodyFields(automaton((("1",), DROP_RULE))))
    assert wrappers_pb2.Int64Value.FromString(sent.body).value == 0
    with pytest.raises(Refused) as caught:
        run(data, kind, fields=BodyFields(automaton((("1",), RULE))))
    assert caught.value.reason is Reason.FIELD_REFUSED


# --- headers, lengths, ambiguity ----------------------------------------------------------


def test_only_changed_strings_get_another_header() -> None:
    wide = b"\x92\xda\x00\x03abc\xda\x00\x0bJean Dupont"
    assert protect(wide, "application/msgpack") == b"\x92\xda\x00\x03abc\xda\x00\x07zq1bbbb"
    pieces = b"\x82\x7f\x65Jean \x66Dupont\xff\x7f\x61a\xff"
    assert protect(pieces, "application/cbor") == b"\x82\x7f\x67zq1bbbb\xff\x7f\x61a\xff"


def test_padded_lengths_keep_their_width() -> None:
    data = b"\x0a\x90\x80\x80\x00\x12\x8b\x80\x80\x00Jean Dupont\x18\x01"
    sent = protect(data, "application/x-protobuf")
    assert sent == b"\x0a\x8c\x80\x80\x00\x12\x87\x80\x80\x00zq1bbbb\x18\x01"


def test_groups_are_read() -> None:
    data = b"\x0b\x12\x0bJean Dupont\x0c\x1d\0\0\0\0"
    assert protect(data, "application/x-protobuf") == b"\x0b\x12\x07zq1bbbb\x0c\x1d\0\0\0\0"


@pytest.mark.parametrize("text", ["B%", '"%', "\n%", "2%", "je", "Je", "Jean Dupont"])
def test_text_that_reads_as_a_message_by_chance_stays_text(text: str) -> None:
    """The second character is the length of all that follows."""
    for filler in ("Jean Dupont ", ""):
        body = text + filler
        whole = body + "x" * (ord(text[1]) + 2 - len(body))
        message = wrappers_pb2.StringValue(value=whole)
        sent = wrappers_pb2.StringValue.FromString(
            protect(message.SerializeToString(), "application/x-protobuf")
        ).value
        assert "Jean" not in sent
        if text[0] not in '"\n':  # as likely a message: its length moves with it
            assert sent == whole.replace("Jean Dupont", "zq1bbbb")


def test_a_message_that_reads_as_text_is_known_by_its_siblings() -> None:
    inner = [
        descriptor_pb2.DescriptorProto(name="Jean Dupont" + "y" * 40),
        descriptor_pb2.DescriptorProto(name="z"),
    ]
    message = descriptor_pb2.FileDescriptorProto(message_type=inner)
    sent = protect(message.SerializeToString(), "application/x-protobuf")
    read = descriptor_pb2.FileDescriptorProto.FromString(sent)
    assert [each.name for each in read.message_type] == ["zq1bbbb" + "y" * 40, "z"]


def test_text_declared_as_a_binary_format_is_read_as_text() -> None:
    for kind in (wire.content_type for wire in WIRES):
        for text in ("Jean Dupont", '{"a":"Jean Dupont"}', "a=Jean+Dupont&b=1", "eJean Dupont"):
            assert b"zq1bbbb" in protect(text, kind), kind


def test_latin_1_and_utf_16_in_bytes_are_read() -> None:
    for charset in ("latin-1", "utf-16-le"):
        raw = "bonjour Léa Martin, ça va".encode(charset)
        sent = wrappers_pb2.BytesValue.FromString(
            protect(wrappers_pb2.BytesValue(value=raw).SerializeToString(), "application/protobuf")
        )
        assert sent.value.decode(charset) == "bonjour zq1aaaa, ça va"


# --- what cannot be read ------------------------------------------------------------------


def test_small_bytes_pass_and_large_ones_are_opaque() -> None:
    chance = random.Random(7)
    for wire in (MSGPACK, CBOR):
        assert run(wire.write({"uuid": chance.randbytes(16)}), wire.content_type).opaque is None
        assert run(wire.write({"x": chance.randbytes(999)}), wire.content_type).opaque == "binary"
    png = b"\x89PNG\r\n\x1a\n" + bytes(99)
    assert run(msgpack.packb({"x": png}), "application/msgpack").opaque == "image"


@pytest.mark.parametrize("kind", ["application/octet-stream", "", "application/x-protobuf"])
def test_binary_that_only_decodes_as_utf_16_is_opaque(kind: str) -> None:
    for data in (b"\x00\xfe\xff\x80" * 30, b"\xff\xfe" + b"\x00\xd8" * 9, b"\x02\x00" * 50):
        sent = run(data, kind)
        assert sent.body is data
        assert sent.opaque == "binary"


def test_random_bytes_are_opaque() -> None:
    chance = random.Random(3)
    opaque = [
        run(chance.randbytes(chance.randint(48, 400)), "application/octet-stream").opaque
        for _ in range(400)
    ]
    assert opaque.count("binary") >= 398  # two bytes may be a mark of UTF-16 by chance


def test_a_signed_cbor_message_with_a_name_is_refused_or_kept() -> None:
    payload = cbor2.dumps({"name": "Jean Dupont"})
    data = cbor2.dumps(cbor2.CBORTag(18, [b"", {}, payload, bytes(64)]))
    with pytest.raises(Refused) as caught:
        protect(data, "application/cose")
    assert caught.value.reason is Reason.SIGNED_CONTENT
    assert run(data, "application/cose", limits=Limits(signed_allowed=True)).body is data
    sealed = cbor2.dumps(cbor2.CBORTag(16, [b"", {}, bytes(range(128, 178))]))
    assert run(sealed, "application/cose").opaque == "encrypted"


def test_a_message_compressed_in_another_way_is_opaque() -> None:
    data = grpc_frames.join([Frame(1, b"\x0a\x24snappy, says its header, and no magic")])
    assert run(data, "application/grpc").opaque == "compressed"


# --- frames -------------------------------------------------------------------------------


def test_trailers_are_read_and_hold_no_line_break() -> None:
    frames = [
        Frame(0, _struct("x")),
        Frame(128, b"grpc-status: 0\r\ngrpc-message: L%C3%A9a Martin\r\n"),
    ]
    sent, rest = grpc_frames.split(protect(grpc_frames.join(frames), "application/grpc-web"))
    assert not rest
    assert sent[1].payload == b"grpc-status: 0\r\ngrpc-message: zq1aaaa\r\n"


def test_base64_in_padded_pieces_is_one_body() -> None:
    frame = GRPC.write("dossier de Jean Dupont")
    body = b"".join(base64.b64encode(frame[at : at + 7]) for at in range(0, len(frame), 7))
    sent = protect(body, "application/grpc-web-text+proto")
    assert GRPC.read(base64.b64decode(sent)) == "dossier de zq1bbbb"


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 128]), st.binary(max_size=40))), st.integers(0, 9)
)
def test_frames_are_cut_the_same_wherever_the_stream_is_cut(
    frames: list[tuple[int, bytes]], cut: int
) -> None:
    whole = [Frame(flags, payload) for flags, payload in frames]
    cut = min(cut, 5 * len(whole))
    data = grpc_frames.join(whole)
    first, rest = grpc_frames.split(data[:-cut] if cut else data)
    second, none = grpc_frames.split(rest + data[len(data) - cut :] if cut else rest)
    assert first + second == whole
    assert none == b""


@given(st.integers(0, (1 << 64) - 1), st.integers(1, 10))
def test_varints_read_what_was_written(value: int, width: int) -> None:
    data = protobuf.varint(value, width)
    assert len(data) >= width
    assert protobuf.read_varint(data, 0) == (value, len(data))


def test_deep_nesting_is_read_in_bounded_time() -> None:
    data = b"dossier de Jean Dupont"
    for _ in range(400):
        data = b"\x0a" + protobuf.varint(len(data)) + data
    with suppress(Refused):
        assert b"Jean" not in protect(data, "application/x-protobuf")
    deep = b"\x91" * 5000 + b"\xabJean Dupont"
    with suppress(Refused):
        assert b"Jean" not in protect(deep, "application/msgpack")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        (b"\x0a\x02\x0a\x00", "application/x-protobuf"), (b"\x0a\x04je\x0a\x00", "application/x-protobuf"),
        (b"\x08\x01", "application/x-protobuf"), (b"\x0b", "application/x-protobuf"), (b"\x81\xa1a\x91", ""),
        (b"\x90", "application/msgpack"), (b"\x7f\x61a", "application/cbor"), (b"\xd8\x18", "application/cbor"),
        (b"\x9f", "application/cbor"), (b"\0\0\0\0\0", "application/grpc"), (b"\x1e", ""), (b"1:2", "text/plain"),
        (b"5\n[1]\n", "application/json"), (b"(''", "text/plain"), (b"42[", "text/plain"),
    ],
)  # fmt: skip
def test_time_grows_with_length_and_no_faster(unit: bytes, kind: str) -> None:
    def seconds(count: int) -> float:
        begin = time.process_time()
        with suppress(Refused):
            run(unit * count, kind)
        return time.process_time() - begin

    assert any(seconds(32_000) <= 24 * seconds(4_000) + 0.05 for _ in range(4))


@pytest.mark.parametrize("letter", [*"œŒéÉàçÀÅÆßşŁα", "И", "Р", "Ж"])
def test_text_that_begins_with_a_letter_of_two_bytes_is_text(letter: str) -> None:
    for rest in ("uvre Léa Martin", "uvre Léa Martin a rendu son devoir, Jean Dupont le sien"):
        sent = run(f"{letter}{rest}".encode(), "text/plain").body.decode()
        expected = rest.replace("Léa Martin", "zq1aaaa").replace("Jean Dupont", "zq1bbbb")
        assert sent == letter + expected
