"""Binary messages with their lengths before them: SignalR's MessagePack, Engine.IO 3.

SignalR: a length (seven bits a byte, the lowest first), then a MessagePack list whose first
element is the type of the message. Engine.IO 3, as a polling payload: 0 for text or 1 for
bytes, the length a digit a byte, 0xFF, then a packet; as a WebSocket message: 4, then bytes.
The splitting functions are pure, for streams too.
"""

from __future__ import annotations

from proxy.content import msgpack
from proxy.content.protobuf import read_varint, varint
from proxy.content.walk import Walk
from proxy.policy.model import FieldState

_MOST_TYPE = 9
_DIGITS_END = 0xFF
_MESSAGE = 4


def split_signalr(buffer: bytes) -> tuple[list[bytes], bytes]:
    """The whole messages at the start of ``buffer``, and what is left.

    Raises ``ValueError`` where no message can begin.
    """
    messages: list[bytes] = []
    at = 0
    while at < len(buffer):
        try:
            size, first = read_varint(buffer, at)
        except IndexError:
            break
        head = buffer[first : first + 2]
        if not size or (head and not 0x91 <= head[0] <= 0x9F):
            raise ValueError("no message begins here")
        if len(head) == 2 and not 1 <= head[1] <= _MOST_TYPE:
            raise ValueError("no message begins here")
        if first + size > len(buffer):
            break
        messages.append(buffer[first : first + size])
        at = first + size
    return messages, buffer[at:]


def join_signalr(messages: list[bytes]) -> bytes:
    """The messages behind their lengths."""
    return b"".join(varint(len(message)) + message for message in messages)


def rewrite_signalr(data: bytes, walk: Walk, state: FieldState) -> bytes | None:
    """SignalR messages rewritten; ``None`` if they are none."""
    try:
        messages, rest = split_signalr(data)
    except ValueError:
        return None
    if rest or not messages:
        return None
    written: list[bytes] = []
    for message in messages:
        new = msgpack.rewrite(message, walk, state, strict=False)
        if new is None:
            return None
        written.append(new)
    return data if written == messages else join_signalr(written)


def split_engineio(data: bytes) -> list[tuple[int, bytes]]:
    """The packets of an Engine.IO 3 payload with their kind (0 text, 1 bytes), or nothing."""
    packets: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        end = data.find(_DIGITS_END, at + 1, at + 12)
        digits = data[at + 1 : end]
        if data[at] > 1 or end < 0 or not digits or max(digits) > 9:
            return []
        size = int("".join(map(str, digits)))
        if not size or end + 1 + size > len(data):
            return []
        packets.append((data[at], data[end + 1 : end + 1 + size]))
        at = end + 1 + size
    return packets


def join_engineio(packets: list[tuple[int, bytes]]) -> bytes:
    """The packets as a payload."""
    return b"".join(
        bytes([kind, *map(int, str(len(packet))), _DIGITS_END]) + packet for kind, packet in packets
    )


def rewrite_engineio(data: bytes, walk: Walk) -> bytes | None:
    """An Engine.IO 3 payload, or message, rewritten; ``None`` if it is none."""
    if data[0] == _MESSAGE:
        return _message(data, walk)
    packets = split_engineio(data)
    if not packets:
        return None
    written = [
        (kind, walk.data(packet, "") if kind == 0 else packet[:1] + walk.data(packet[1:], ""))
        for kind, packet in packets
    ]
    return data if written == packets else join_engineio(written)


def _message(data: bytes, walk: Walk) -> bytes | None:
    noted, walk.opaque = walk.opaque, None
    new = walk.data(data[1:], "")
    unread, walk.opaque = walk.opaque is not None, noted
    return None if unread else data[:1] + new
