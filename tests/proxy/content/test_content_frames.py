"""Messages in frames: batchexecute, Engine.IO, Socket.IO, SignalR, CometD, JSON sequences."""

# ruff: noqa: E501 - tables of cases read better on one line

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgpack
import pytest
from content_toy import PROTECT, RESTORE, SECRETS, protect, restore, run
from engineio.packet import Packet as EnginePacket
from engineio.payload import Payload
from hypothesis import given, settings
from hypothesis import strategies as st
from socketio.packet import Packet as SocketPacket

from proxy.content.binary_frames import join_engineio, join_signalr, split_signalr
from proxy.errors import Refused

_names = st.sampled_from(sorted(SECRETS))
_events = st.lists(st.tuples(_names, st.sampled_from(["", " et 😀", ' dit "x"'])).map("".join),
                   min_size=1, max_size=4)  # fmt: skip


def _protected(text: str) -> str:
    for secret, token in SECRETS.items():
        text = text.replace(secret, token)
    return text


# --- Google's chunks ----------------------------------------------------------------------


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _answer(values: list[str], *, ascii_only: bool = False, units: Any = _utf16) -> str:
    chunks = [
        json.dumps([["wrb.fr", "Ab1", json.dumps([value], ensure_ascii=ascii_only), None]],
                   ensure_ascii=ascii_only)
        for value in values
    ]  # fmt: skip
    chunks.append('[["e",4,null,null,152]]')
    return ")]}'\n\n" + "".join(f"{units(chunk) + 2}\n{chunk}\n" for chunk in chunks)


def _values(answer: str, units: Any = _utf16) -> list[str]:
    """As Google's own reader does: by the lengths alone."""
    rest = answer.removeprefix(")]}'\n\n")
    found = []
    while rest:
        number = re.match(r"\d+", rest)
        assert number is not None
        wide = rest[number.end() :]
        size = next(n for n in range(len(wide) + 1) if units(wide[:n]) == int(number[0]))
        chunk, rest = wide[:size], wide[size:]
        assert chunk.startswith("\n")
        assert chunk.endswith("\n")
        inner = json.loads(chunk)[0]
        if inner[0] == "wrb.fr":
            found += json.loads(inner[2])
    return found


@settings(max_examples=100, deadline=None)
@given(values=_events, ascii_only=st.booleans())
def test_lengths_of_chunks_follow_what_was_restored(values: list[str], ascii_only: bool) -> None:
    answer = _answer([_protected(value) for value in values], ascii_only=ascii_only)
    assert _values(restore(answer, "application/json").decode()) == values


def test_lengths_in_bytes_stay_in_bytes() -> None:
    def size(text: str) -> int:
        return len(text.encode())

    answer = _answer(["été à Noël, le 5 août: zq1aaaa", "zq1aaaa"], units=size)
    back = restore(answer, "application/json").decode()
    assert _values(back, size) == ["été à Noël, le 5 août: Léa Martin", "Léa Martin"]


def test_the_request_is_a_form_of_json_in_json() -> None:
    inner = json.dumps([None, "Léa Martin", ["x"]], ensure_ascii=False)
    body = urlencode({"f.req": json.dumps([[["Ab1", inner, None, "generic"]]]), "at": "x:1"})
    sent = protect(body, "application/x-www-form-urlencoded;charset=utf-8").decode()
    call = json.loads(parse_qs(sent)["f.req"][0])[0][0]
    assert json.loads(call[1]) == [None, "zq1aaaa", ["x"]]
    assert sent.endswith("&at=x%3A1")


def test_numbers_that_are_no_lengths_stay() -> None:
    assert restore('5\n["zq1aaaa"]\n', "application/json") == '5\n["Léa Martin"]\n'.encode()


# --- Engine.IO and Socket.IO --------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(values=_events)
def test_engine_io_payloads_are_read_packet_by_packet(values: list[str]) -> None:
    packets = [
        EnginePacket(4, SocketPacket(2, data=["said", value], namespace="/class", id=7).encode())
        for value in values
    ]
    packets.append(EnginePacket(4, b"Jean Dupont"))
    sent = protect(Payload(packets=packets).encode(), "text/plain; charset=UTF-8").decode()
    read = Payload(encoded_payload=sent).packets
    said = [SocketPacket(encoded_packet=packet.data) for packet in read[:-1]]
    assert [packet.data for packet in said] == [["said", _protected(value)] for value in values]
    assert all(packet.namespace == "/class" and packet.id == 7 for packet in said)
    assert read[-1].data == b"zq1bbbb"
    back = Payload(encoded_payload=restore(sent, "text/plain").decode()).packets
    assert [SocketPacket(encoded_packet=packet.data).data[1] for packet in back[:-1]] == values


@settings(max_examples=60, deadline=None)
@given(values=_events)
def test_engine_io_3_lengths_count_utf_16(values: list[str]) -> None:
    packets = ["42" + json.dumps(["said", value], ensure_ascii=False) for value in values]
    payload = "".join(f"{_utf16(packet)}:{packet}" for packet in packets) + "1:2"
    sent = protect(payload, "text/plain; charset=UTF-8").decode()
    expected = ["42" + json.dumps(["said", _protected(v)], ensure_ascii=False) for v in values]
    assert sent == "".join(f"{_utf16(packet)}:{packet}" for packet in expected) + "1:2"
    assert restore(sent, "text/plain").decode() == payload


def test_engine_io_3_binary_payloads_and_messages() -> None:
    text = '42["said","Léa Martin"]'.encode()
    payload = join_engineio([(0, text), (1, b"\x04" + msgpack.packb({"n": "Jean Dupont"}))])
    expected = [(0, b'42["said","zq1aaaa"]'), (1, b"\x04" + msgpack.packb({"n": "zq1bbbb"}))]
    assert protect(payload, "application/octet-stream") == join_engineio(expected)
    assert protect(b"\x04Jean Dupont", "application/octet-stream") == b"\x04zq1bbbb"


@pytest.mark.parametrize(
    "head", ["42", "421", "42/class,", "42/c?x=1,12", "451-", "451-/class,3", "4", "0", "a", "44"]
)
def test_what_is_restored_in_a_packet_is_escaped_for_json(head: str) -> None:
    visitor = type(RESTORE)({"zq1qqqq": 'Zoé "Zaza" \\ Øst'})
    sent = run(
        f'{head}["e",{{"n":"zq1qqqq"}}]'.encode(), "text/plain", visitor=visitor, answer=True
    )
    text = sent.body.decode()
    assert text.startswith(head + "[")
    assert json.loads(text[len(head) :])[1]["n"] == 'Zoé "Zaza" \\ Øst'


def test_a_name_in_a_namespace_is_replaced() -> None:
    assert protect('42/Jean Dupont,["x"]', "text/plain") == b'42/zq1bbbb,["x"]'


# --- SignalR, sequences, CometD -----------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(values=_events)
def test_signalr_json_records(values: list[str]) -> None:
    def write(texts: list[str]) -> bytes:
        records = [{"protocol": "json", "version": 1}]
        records += [{"type": 1, "target": "Send", "arguments": [text]} for text in texts]
        return "".join(
            json.dumps(record, ensure_ascii=False) + "\x1e" for record in records
        ).encode()

    for kind in ("text/plain;charset=UTF-8", "application/octet-stream", ""):
        sent = protect(write(values), kind)
        assert sent == write([_protected(value) for value in values])
        assert restore(sent, kind) == write(values)


@settings(max_examples=60, deadline=None)
@given(values=_events, size=st.integers(0, 300))
def test_signalr_messagepack(values: list[str], size: int) -> None:
    def write(texts: list[str]) -> bytes:
        return join_signalr(
            [msgpack.packb([1, {}, None, "Send", [text, "x" * size], []]) for text in texts]
        )

    sent = protect(write(values), "application/octet-stream")
    assert sent == write([_protected(value) for value in values])
    assert restore(sent, "") == write(values)
    messages, rest = split_signalr(sent[:-1])
    assert len(messages) == len(values) - 1
    assert rest


def test_json_text_sequences() -> None:
    body = '\x1e{"n":"Léa Martin"}\n\x1e["Jean Dupont"]\n'
    assert protect(body, "application/json-seq") == b'\x1e{"n":"zq1aaaa"}\n\x1e["zq1bbbb"]\n'


def test_cometd_messages_over_both_transports() -> None:
    data = json.dumps({"type": "login", "name": "Jean Dupont"})
    messages = json.dumps([{"channel": "/service/controller", "data": data, "id": "3"}])
    sent = json.loads(protect(messages, "application/json"))
    assert json.loads(sent[0]["data"]) == {"type": "login", "name": "zq1bbbb"}
    form = protect(urlencode({"message": messages}), "application/x-www-form-urlencoded")
    assert json.loads(parse_qs(form.decode())["message"][0]) == sent


_PIECES = ["4", "2", "1", "42", ":", "/c,", "-", "[", "]", '"', "{", "}", "\x1e", ")]}'\n\n", "25\n",
           "a[", "b4", base64.b64encode(b"Jean Dupont").decode(), "Jean Dupont", "é", "😀", "\n",
           "\x00", "\xff", "14:", "99999999:"]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_broken_frames_never_crash_and_never_pass_a_name(text: str) -> None:
    for kind in ("text/plain", "application/octet-stream", "application/json"):
        with suppress(Refused):
            assert b"Jean Dupont" not in run(text.encode(), kind, visitor=PROTECT).body
        run(text.encode(), kind, visitor=RESTORE, answer=True)
