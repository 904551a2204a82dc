"""Answers of HTTP/2 services, frame by frame: good, odd, malformed and hostile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import hpack

type Fields = list[tuple[bytes, bytes]]

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PROMISE, PING, GOAWAY, WINDOW, MORE = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


@dataclass(frozen=True)
class H2Service:
    """What a service says after the request of stream 1; ``first`` at once, as a preface."""

    name: str
    expected: str
    """``passes``: 200 ``ok``. ``refused``: our page. ``late``: our page, in time. ``torn``: the
    beginning, then a reset. ``either``: any of them, but well-formed."""
    frames: bytes
    first: bytes = field(default=b"", repr=False)
    ends: bool = False
    """Whether it then closes the connection."""


def wire(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame, whether or not there is such a one."""
    head = len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4)
    return head + payload


def block(fields: Fields) -> bytes:
    """Literals only, so that blocks may stand in any order."""
    made = b""
    for name, value in fields:
        made += b"\x10" + _text(name) + _text(value)
    return made


def _text(text: bytes) -> bytes:
    return bytes(hpack.hpack.encode_integer(len(text), 7)) + text


def head(*fields: tuple[bytes, bytes], status: bytes = b"200", flags: int = END_HEADERS) -> bytes:
    """A HEADERS frame of stream 1."""
    return wire(HEADERS, flags, 1, block([(b":status", status), *fields]))


def data(body: bytes = b"ok", flags: int = END_STREAM) -> bytes:
    """A DATA frame of stream 1."""
    return wire(DATA, flags, 1, body)


PLAIN = (b"content-type", b"text/plain")
PICTURE = (b"content-type", b"image/png")
"""Passes while it comes."""
GOOD = head(PLAIN) + data()
HELLO = wire(SETTINGS, 0, 0, b"")


def setting(number: int, value: int) -> bytes:
    """A SETTINGS frame with one."""
    return wire(SETTINGS, 0, 0, number.to_bytes(2) + value.to_bytes(4))


def goodbye(last: int, code: int) -> bytes:
    """A GOAWAY frame."""
    return wire(GOAWAY, 0, 0, last.to_bytes(4) + code.to_bytes(4))


def cases() -> Iterator[H2Service]:
    """All of them."""
    yield from good()
    yield from lying()
    yield from malformed_heads()
    yield from wrong_frames()
    yield from leaving()
    yield from floods()
    yield from windows()


def good() -> Iterator[H2Service]:
    """Odd, and right."""
    whole = block([(b":status", b"200"), PLAIN])
    split = wire(HEADERS, 0, 1, whole[:5]) + wire(MORE, 0, 1, whole[5:9])
    hint = head((b"link", b"</a.css>; rel=preload"), status=b"103")
    right = {
        "plain": GOOD,
        "with its length": head(PLAIN, (b"content-length", b"2")) + data(),
        "in two pieces": head(PLAIN) + data(b"o", 0) + data(b"k"),
        "an empty piece at the end": head(PLAIN) + data(b"ok", 0) + data(b""),
        "an empty piece at the start": head(PLAIN) + data(b"", 0) + data(),
        "padding": head(PLAIN) + data(b"\x03ok\0\0\0", PADDED | END_STREAM),
        "padded head": wire(HEADERS, PADDED | END_HEADERS, 1, b"\x02" + whole + b"\0\0") + data(),
        "a head in three frames": split + wire(MORE, END_HEADERS, 1, whole[9:]) + data(),
        "trailers": head(PLAIN) + data(b"ok", 0) + wire(HEADERS, 5, 1, block([(b"x-sum", b"1")])),
        "an early hint": hint + GOOD,
        "a table of no size": wire(HEADERS, END_HEADERS, 1, b"\x20" + whole) + data(),
        "an unknown frame": wire(0xFA, 7, 0, b"abc") + GOOD,
        "an alternative service": wire(10, 0, 0, b"\0\0h3=:443") + GOOD,
        "an origin": wire(12, 0, 0, b"\0\x15https://evil.example/") + GOOD,
        "a ping": wire(PING, 0, 0, b"12345678") + GOOD,
        "settings anew": setting(3, 10) + GOOD,
        "a reset without error behind the end": GOOD + wire(RESET, 0, 1, b"\0" * 4),
        "a window for what is over": GOOD + wire(WINDOW, 0, 1, b"\0\0\0\x01"),
        "goodbye before the answer": goodbye(1, 0) + GOOD,
        "goodbye behind the answer": GOOD + goodbye(1, 0),
        "a priority": wire(PRIORITY, 0, 1, b"\0\0\0\0\x10") + GOOD,
    }
    for name, frames in right.items():
        yield H2Service(name, "passes", frames)


def lying() -> Iterator[H2Service]:
    """Lengths that are not those of the body."""
    for length in (b"1", b"99", b"+2", b"-2", b"0x2", b"2,2", b"2 2", b"", b"two", b"9" * 40):
        frames = head(PLAIN, (b"content-length", length)) + data()
        yield H2Service(f"length {length!r}", "refused", frames)
    two = head(PLAIN, (b"content-length", b"2"), (b"content-length", b"3")) + data()
    yield H2Service("two lengths", "refused", two)
    long, short = (b"content-length", b"99"), (b"content-length", b"1")
    yield H2Service("a picture shorter than it says", "torn", head(PICTURE, long) + data())
    yield H2Service("a picture longer than it says", "torn", head(PICTURE, short) + data())
    yield H2Service("a length and no body", "refused", head(PLAIN, long, flags=5))
    for status in (b"204", b"304"):
        yield H2Service(f"a body of a {status!r}", "either", head(status=status) + data())
    cut = head(PLAIN) + data(b"o", 0)
    yield H2Service("an end before the end", "refused", cut, ends=True)
    yield H2Service("a reset before the end", "refused", cut + wire(RESET, 0, 1, b"\0\0\0\x02"))
    drawn = head(PICTURE) + data(b"o", 0)
    yield H2Service("a picture that breaks off", "torn", drawn, ends=True)
    yield H2Service("a picture that is reset", "torn", drawn + wire(RESET, 0, 1, b"\0\0\0\x02"))


def malformed_heads() -> Iterator[H2Service]:
    """Fields that no HTTP/1 client may ever be shown."""
    for status in (
        b"",
        b"20",
        b"2000",
        b"abc",
        b"-20",
        b"+200",
        b"0",
        b"101",
        b"200 OK",
        b"2\r\n0",
    ):
        yield H2Service(f"status {status!r}", "refused", head(PLAIN, status=status) + data())
    yield H2Service("status b'999'", "either", head(PLAIN, status=b"999") + data())
    fields = {
        "no status": [PLAIN],
        "two": [(b":status", b"200"), (b":status", b"403")],
        "status behind a field": [PLAIN, (b":status", b"200")],
        "a request's": [(b":status", b"200"), (b":path", b"/")],
        "unknown pseudo-field": [(b":status", b"200"), (b":x", b"1")],
    }
    for name, given in fields.items():
        frames = wire(HEADERS, END_HEADERS, 1, block(given)) + data()
        yield H2Service(f"pseudo-fields: {name}", "refused", frames)
    for control in (b"\r\n", b"\r", b"\n", b"\0", b"\r\n\r\n"):
        bad = (b"x-a", b"a" + control + b"x-injected: 1")
        yield H2Service(f"{control!r} in a value", "refused", head(PLAIN, bad) + data())
        name = (b"x" + control + b"injected", b"1")
        yield H2Service(f"{control!r} in a name", "refused", head(PLAIN, name) + data())
        tail = wire(HEADERS, 5, 1, block([bad]))
        yield H2Service(f"{control!r} in trailers", "either", head(PLAIN) + data(b"ok", 0) + tail)
    for wrong in (b"X-A", b"x a", b"", b"x:a", b":", "é".encode()):
        yield H2Service(f"name {wrong!r}", "refused", head(PLAIN, (wrong, b"1")) + data())
    for name, value in ((b"connection", b"close"), (b"transfer-encoding", b"chunked")):
        yield H2Service(f"field {name!r}", "either", head(PLAIN, (name, value)) + data())
    tails: dict[str, Fields] = {
        "a status": [(b":status", b"403")],
        "a length": [(b"content-length", b"99")],
        "a cookie": [(b"set-cookie", b"a=1")],
    }
    for what, given in tails.items():
        tail = wire(HEADERS, 5, 1, block(given))
        yield H2Service(f"{what} in the trailers", "either", head(PLAIN) + data(b"ok", 0) + tail)
    open_tail = wire(HEADERS, END_HEADERS, 1, block([(b"x-sum", b"1")]))
    yield H2Service("trailers without an end", "either", head(PLAIN) + data(b"ok", 0) + open_tail)
    yield H2Service("a second answer", "either", GOOD + GOOD)
    yield H2Service("body before head", "refused", data())
    yield H2Service("body behind the end", "either", GOOD + data(b"more"))
    yield H2Service("nothing but a hint", "late", head(status=b"103"))
    yield H2Service("a hint that ends", "refused", head(status=b"103", flags=5))
    large = [(b"x-%d" % n, b"a" * 1000) for n in range(15)]
    yield H2Service("a large head", "either", head(*large) + data())


def wrong_frames() -> Iterator[H2Service]:
    """Frames in the wrong place, or that are none."""
    status = block([(b":status", b"200")])
    wrong = {
        "DATA on the connection": wire(DATA, 0, 0, b"a"),
        "DATA on an idle stream": wire(DATA, 0, 77, b"a"),
        "DATA padded beyond its end": head(PLAIN) + wire(DATA, 9, 1, b"\xff"),
        "HEADERS on the connection": wire(HEADERS, 4, 0, status),
        "HEADERS on an even stream": wire(HEADERS, 5, 2, status),
        "HEADERS on an idle stream": wire(HEADERS, 5, 77, status),
        "HEADERS padded beyond its end": wire(HEADERS, 12, 1, b"\xff"),
        "a block that is no HPACK": wire(HEADERS, 4, 1, b"\xff" * 40),
        "an index of nothing": wire(HEADERS, 4, 1, b"\xff\x80\x01"),
        "Huffman that is none": wire(HEADERS, 4, 1, b"\x10\x84\xff\xff\xff\xff\x01a"),
        "a table beyond the size allowed": wire(HEADERS, 4, 1, b"\x3f\xff\xff\xff\x7f" + status),
        "CONTINUATION of nothing": wire(MORE, 4, 1, status),
        "PUSH_PROMISE": wire(PROMISE, 4, 1, b"\0\0\0\x02" + status),
        "RST_STREAM of the connection": wire(RESET, 0, 0, b"\0" * 4),
        "RST_STREAM of another size": wire(RESET, 0, 1, b"\0" * 3),
        "WINDOW_UPDATE by nothing": wire(WINDOW, 0, 0, b"\0" * 4),
        "WINDOW_UPDATE of the stream by nothing": wire(WINDOW, 0, 1, b"\0" * 4),
        "WINDOW_UPDATE beyond all": wire(WINDOW, 0, 0, b"\x7f\xff\xff\xff"),
        "WINDOW_UPDATE of the stream beyond all": wire(WINDOW, 0, 1, b"\x7f\xff\xff\xff"),
        "WINDOW_UPDATE of another size": wire(WINDOW, 0, 0, b"\0" * 5),
        "a frame size that is none": setting(5, 1),
        "a window that is none": setting(4, 0xFFFFFFFF),
        "a push that is none": setting(2, 7),
        "SETTINGS of a stream": wire(SETTINGS, 0, 1, b""),
        "SETTINGS of another size": wire(SETTINGS, 0, 0, b"abc"),
        "SETTINGS that acknowledge and set": wire(SETTINGS, ACK, 0, b"\0" * 6),
        "SETTINGS acknowledged that were not set": wire(SETTINGS, ACK, 0, b"") * 3,
        "PING of a stream": wire(PING, 0, 1, b"12345678"),
        "PING of another size": wire(PING, 0, 0, b"1234567"),
        "GOAWAY of a stream": wire(GOAWAY, 0, 1, b"\0" * 8),
        "GOAWAY of another size": wire(GOAWAY, 0, 0, b"\0" * 3),
        "a stream that depends on itself": wire(PRIORITY, 0, 1, b"\0\0\0\x01\x10"),
        "a frame beyond the size allowed": b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"a" * 20_000,
        "a frame a little too long": head(PLAIN) + data(b"a" * 16385),
        "an answer in HTTP/1": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "a preface of a client": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "zeros": b"\0" * 4000,
        "PING in a header block": wire(HEADERS, 0, 1, status) + wire(PING, 0, 0, b"1" * 8),
        "DATA in a header block": wire(HEADERS, 0, 1, status) + wire(DATA, 1, 1, b"a"),
        "another stream's CONTINUATION": wire(HEADERS, 0, 1, status) + wire(MORE, 4, 3, status),
    }
    for name, frames in wrong.items():
        yield H2Service(name, "either", frames + GOOD, ends=True)
        if name[0] not in "acz":
            yield H2Service(f"{name}, and no more", "either", frames)
    yield H2Service("a header block without end", "late", wire(HEADERS, 0, 1, status))
    for first in (b"HTTP/1.1 400 Bad Request\r\n\r\n", wire(PING, 0, 0, b"12345678"), b"\xff" * 99):
        yield H2Service(f"first {first[:9]!r}", "either", GOOD, first)


def leaving() -> Iterator[H2Service]:
    """Services that go, or say that they do."""
    yield H2Service("nothing", "late", b"")
    yield H2Service("an end", "refused", b"", ends=True)
    yield H2Service("an end behind the head", "refused", head(PLAIN), ends=True)
    for code in (0, 1, 2, 7, 8, 11, 13, 99):
        expected = "refused" if code != 13 else "either"
        frames = wire(RESET, 0, 1, code.to_bytes(4))
        yield H2Service(f"a reset with {code}", expected, frames)
    for last, code in ((0, 0), (0, 2), (1, 2), (1, 11), (2**31 - 1, 1)):
        yield H2Service(f"goodbye to {last} with {code}", "refused", goodbye(last, code), ends=True)
    yield H2Service("goodbye, and no more", "late", goodbye(1, 0))
    yield H2Service("goodbye, thrice", "either", goodbye(2**31 - 1, 0) * 2 + goodbye(1, 0) + GOOD)
    yield H2Service("goodbye that takes back", "either", goodbye(1, 0) + goodbye(0, 0) + GOOD)


def floods() -> Iterator[H2Service]:
    """Much for little."""
    status = block([(b":status", b"200")])
    start = wire(HEADERS, 0, 1, status)
    yield H2Service("CONTINUATION without end", "refused", start + wire(MORE, 0, 1, b"") * 500)
    piece = wire(MORE, 0, 1, block([(b"x-a", b"a" * 4000)]))
    yield H2Service("CONTINUATION of fields without end", "refused", start + piece * 60)
    entry = b"\x40" + _text(b"x-a") + _text(b"a" * 3900)  # into the table, then by one byte
    bomb = status + entry + b"\xbe" * 12_000
    yield H2Service("HPACK bomb", "refused", wire(HEADERS, END_HEADERS, 1, bomb) + data())
    many = [(b"x-%d" % n, b"1") for n in range(1500)]
    yield H2Service("more fields than allowed", "refused", head(*many) + data())
    yield H2Service("hints without end", "refused", head(status=b"103") * 1500 + GOOD)
    nothing = {
        "PING": wire(PING, 0, 0, b"12345678"),
        "SETTINGS": HELLO,
        "PRIORITY": wire(PRIORITY, 0, 1, b"\0\0\0\0\x10"),
        "unknown frames": wire(0xFA, 0, 0, b""),
        "WINDOW_UPDATE": wire(WINDOW, 0, 0, b"\0\0\0\x01"),
    }
    for name, frame in nothing.items():
        flood = "either" if name == "WINDOW_UPDATE" else "refused"
        yield H2Service(f"{name} without end", flood, frame * 1500 + GOOD)
    empty = head(PLAIN) + data(b"", 0) * 1500 + data()
    yield H2Service("empty DATA without end", "refused", empty)
    padding = head(PLAIN) + wire(DATA, PADDED, 1, b"\xff" + b"\0" * 255) * 100
    yield H2Service("nothing but padding", "refused", padding, ends=True)
    resets = b"".join(wire(RESET, 0, n, b"\0" * 4) for n in range(3, 2000, 2))
    yield H2Service("resets of streams that never were", "either", resets, ends=True)


def windows() -> Iterator[H2Service]:
    """Windows that never open, or that are not kept to."""
    yield H2Service("no window for the request", "late", b"", setting(4, 0))
    yield H2Service("no stream allowed", "late", b"", setting(3, 0))
    yield H2Service("a window that shrinks below zero", "either", setting(4, 0) + GOOD)
    yield H2Service("no table for us", "passes", GOOD, setting(1, 0))
    yield H2Service("a table beyond all for us", "passes", GOOD, setting(1, 2**31))
    yield H2Service("the largest frames", "passes", GOOD, setting(5, 2**24 - 1))
    yield H2Service("heads of no size", "either", GOOD, setting(6, 0))
    filled = head(PICTURE) + data(b"a" * 16384, 0) * 40
    yield H2Service("more than our window", "either", filled, ends=True)
