"""What an independent parser (h11) makes of bytes, and what it must not be lenient about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import h11


class Malformed(Exception):
    """Not one message behind the other."""


@dataclass
class Parsed:
    """One request or answer."""

    line: tuple[bytes, bytes]
    """Method and target, or nothing and the status."""
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)


_WHOLE = (h11.DONE, h11.MIGHT_SWITCH_PROTOCOL)
_BAD = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def requests(data: bytes) -> list[Parsed]:
    """The complete requests in ``data``. Raises ``Malformed`` for anything else in it."""
    found = _parse(h11.Connection(h11.SERVER), data)
    for one in found:
        _strictly(one)
        names = [name for name, _ in one.headers]
        if names.count(b"host") != 1:
            raise Malformed("not one Host")
        if b"content-length" in names and b"transfer-encoding" in names:
            raise Malformed("framed twice")
    _raw_heads(data)
    return found


def answers(data: bytes, method: bytes = b"GET") -> tuple[list[Parsed], bool]:
    """The answers in ``data``, which is all until the end; and if the last one is torn."""
    found: list[Parsed] = []
    rest = data
    while rest:
        connection = h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
        connection.send(h11.EndOfMessage())
        before = len(found)
        try:
            _collect(connection, rest, found)
        except h11.RemoteProtocolError as error:
            if len(found) == before or "without sending complete" not in str(error):
                raise Malformed(str(error)) from error
            return found, True
        _raw_heads(rest)
        rest = connection.trailing_data[0]
    for one in found:
        _strictly(one)
    return found, False


def _parse(connection: h11.Connection, data: bytes) -> list[Parsed]:
    found: list[Parsed] = []
    try:
        _collect(connection, data, found)
        while connection.their_state in _WHOLE and connection.trailing_data[0]:
            connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE:
                raise Malformed("bytes behind a request that said it was the last")
            connection.start_next_cycle()
            _collect(connection, b"", found, ends=False)
    except h11.RemoteProtocolError as error:
        raise Malformed(str(error)) from error
    if connection.their_state not in (*_WHOLE, h11.MUST_CLOSE, h11.CLOSED):
        raise Malformed("incomplete")
    return found


def _collect(
    connection: h11.Connection, data: bytes, found: list[Parsed], *, ends: bool = True
) -> None:
    if data:
        connection.receive_data(data)
    if ends and connection.our_role is h11.CLIENT:
        connection.receive_data(b"")
    while True:
        event = connection.next_event()
        match event:
            case h11.Request():
                line = bytes(event.method), bytes(event.target)
                found.append(Parsed(line, list(event.headers)))
            case h11.Response():
                found.append(Parsed((b"", b"%d" % event.status_code), list(event.headers)))
            case h11.Data():
                found[-1].body += bytes(event.data)
            case h11.EndOfMessage():
                found[-1].trailers = list(event.headers)
                return
            case h11.InformationalResponse():
                continue
            case _:
                return


def _strictly(one: Parsed) -> None:
    for name, value in [*one.headers, *one.trailers]:
        if _BAD.search(value) or _BAD.search(name):
            raise Malformed("a control character in a field")


def _raw_heads(data: bytes) -> None:
    """h11 forgives bare LF and continuation lines: neither may be sent."""
    head = data.partition(b"\r\n\r\n")[0]
    if b"\n" in head.replace(b"\r\n", b"") or b"\r" in head.replace(b"\r\n", b""):
        raise Malformed("a bare CR or LF in a head")
    if re.search(rb"\r\n[ \t]", head):
        raise Malformed("a continuation line")
