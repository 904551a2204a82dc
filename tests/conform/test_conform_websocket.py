"""RFC 6455 through the gateway: the same outcome, case by case, as through bare mitmproxy.

Autobahn's suite needs Python 2; these are frames of ours for its groups: framing, pings,
reserved bits, opcodes, fragments, UTF-8, closing. An outcome is what a client sees: the messages
and pongs that come back, and the code with which the connection closes.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.sim.authority import client_context
from tests.sim.gateway import BareMitmproxy
from tests.sim.raw_client import RawClient
from tests.sim.school import HOST, OpenSchool

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
UPGRADE = (
    b"GET /chat HTTP/1.1\r\nhost: %s\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
) % HOST.encode()


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True
) -> bytes:
    """A client's frame (RFC 6455 § 5.2)."""
    size, mask = len(payload), os.urandom(4)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = masked << 7
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += bytes([bit | 126]) + size.to_bytes(2)
    else:
        head += bytes([bit | 127]) + size.to_bytes(8)
    if not masked:
        return head + payload
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


def pieces(opcode: int, *parts: bytes) -> bytes:
    """One message in fragments."""
    last = len(parts) - 1
    return b"".join(frame(opcode if n == 0 else 0, p, fin=n == last) for n, p in enumerate(parts))


def _cases() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for size in (0, 1, 125, 126, 127, 128, 65535, 65536):
        found[f"text of {size}"] = frame(TEXT, b"*" * size)
        found[f"binary of {size}"] = frame(BINARY, b"\xfe" * size)
    for size in (0, 5, 125, 126):
        found[f"ping of {size}"] = frame(PING, b"p" * size)
    found["binary ping"] = frame(PING, b"\0\xff\xfe\xfd")
    found["pong nobody asked for"] = frame(PONG, b"x") + frame(TEXT, b"on")
    found["ten pings"] = b"".join(frame(PING, b"%d" % n) for n in range(10))
    for rsv in range(1, 8):
        found[f"reserved bits {rsv}"] = frame(TEXT, b"a") + frame(TEXT, b"b", rsv=rsv)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        found[f"reserved opcode {opcode}"] = frame(TEXT, b"a") + frame(opcode, b"b")
    found["two fragments"] = pieces(TEXT, b"one ", b"two")
    found["empty fragments"] = pieces(TEXT, b"", b"", b"")
    found["many fragments"] = pieces(BINARY, *[b"%d" % n for n in range(30)])
    found["ping between fragments"] = (
        frame(TEXT, b"one ", fin=False) + frame(PING, b"p") + frame(0, b"two")
    )
    found["ping in fragments"] = frame(PING, b"a", fin=False) + frame(0, b"b")
    found["continuation of nothing"] = frame(0, b"a")
    found["message inside a message"] = frame(TEXT, b"a", fin=False) + frame(TEXT, b"b")
    found["utf-8"] = frame(TEXT, "Élève 中文 𝄞".encode())
    found["utf-8 cut between fragments"] = pieces(TEXT, b"\xc3", b"\x89l\xc3", b"\xa8ve")
    for name, bad in {
        "lone continuation": b"\x80",
        "overlong": b"\xc0\xaf",
        "surrogate": b"\xed\xa0\x80",
        "beyond the last": b"\xf4\x90\x80\x80",
        "cut off": b"\xe2\x82",
    }.items():
        found[f"bad utf-8: {name}"] = frame(TEXT, bad)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        found[f"close {code}"] = frame(CLOSE, code.to_bytes(2) + b"au revoir")
    for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535):
        found[f"bad close {code}"] = frame(CLOSE, code.to_bytes(2))
    found["close of nothing"] = frame(CLOSE)
    found["close of one byte"] = frame(CLOSE, b"\x03")
    found["close with bad utf-8"] = frame(CLOSE, b"\x03\xe8\xff")
    found["close too long"] = frame(CLOSE, b"\x03\xe8" + b"x" * 124)
    found["text after close"] = frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"late")
    found["not masked"] = frame(TEXT, b"a", masked=False)
    return found


CASES = _cases()
MARK = b"that was it"
FAREWELL = frame(CLOSE, (1000).to_bytes(2))

type Outcome = tuple[tuple[tuple[int, bytes], ...], int | None]


def outcome(port: int, pem: str, sent: bytes) -> Outcome:
    """Messages and pongs that came back, and the code of the close (none: it just ended)."""
    with RawClient.connect(port, HOST, client_context(pem), timeout=4) as client:
        client.send(UPGRADE)
        assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        client.send(sent + frame(TEXT, MARK))  # its echo comes after all that it answers
        seen: list[tuple[int, bytes]] = []
        kind, message = 0, b""
        while len(head := client.read_exactly(2)) == 2:
            size = head[1] & 127
            if size > 125:
                size = int.from_bytes(client.read_exactly(2 if size == 126 else 8))
            payload, opcode = client.read_exactly(size), head[0] & 15
            if opcode == CLOSE:
                return tuple(seen), int.from_bytes(payload[:2]) if payload else 1005
            if opcode >= CLOSE:
                seen.append((opcode, payload))
                continue
            kind, message = opcode or kind, message + payload
            if head[0] & 128:
                if message == MARK:
                    client.send(FAREWELL)
                else:
                    seen.append((kind, message))
                kind, message = 0, b""
        assert not client.timed_out, "it hangs"
    return tuple(seen), None


def test_every_case_ends_as_through_bare_mitmproxy(opened: OpenSchool, bare: BareMitmproxy) -> None:
    """All in one test, as the counts are the result: printed when they differ."""
    differing: dict[str, tuple[Outcome, Outcome]] = {}
    kinds: Counter[str] = Counter()
    for name, sent in CASES.items():
        plain = outcome(bare.port, opened.ca_pem, sent)
        ours = outcome(opened.port, opened.ca_pem, sent)
        kinds["closed with a code" if ours[1] else "ended"] += 1
        if plain != ours:
            differing[name] = (plain, ours)
    assert len(CASES) >= 80
    assert not differing, (kinds, differing)


@pytest.mark.parametrize("name", ["utf-8", "many fragments", "ping between fragments"])
def test_a_good_message_comes_back(opened: OpenSchool, name: str) -> None:
    """Agreement alone would also be reached by two that fail."""
    messages, code = outcome(opened.port, opened.ca_pem, CASES[name])
    assert code == 1000
    assert any(kind in (TEXT, BINARY) for kind, _ in messages)
