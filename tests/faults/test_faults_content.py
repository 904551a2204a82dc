"""Bodies that lie: about their type, length, coding or framing. What leaves is read and well
formed, or nothing leaves."""

from __future__ import annotations

import gzip
import json
import resource
import socket
import zlib

import brotli
import pytest
import zstandard

from tests.faults.conftest import GET, Stage, field, post, reply
from tests.sim.raw_server import RawConnection
from tests.sim.school import HOST

MB = 1 << 20
LIMIT = 16 << 30
"""The site's ``limits.streamed``, as it comes."""


def types(stage: Stage) -> dict[str, tuple[bytes, bytes]]:
    person = stage.person
    form = f"nom={person.full_name}&mail={person.email}".replace(" ", "+").encode()
    page = f"<p>{person.full_name}</p><a href='mailto:{person.email}'>x</a>".encode()
    return {
        "json-as-image": (b"image/png", stage.body),
        "json-as-binary": (b"application/octet-stream", stage.body),
        "json-as-form": (b"application/x-www-form-urlencoded", stage.body),
        "json-as-nothing": (b"", stage.body),
        "json-as-nonsense": (b"???", stage.body),
        "json-as-gzip": (b"application/gzip", stage.body),
        "form-as-json": (b"application/json", form),
        "html-as-json": (b"application/json", page),
        "html-as-video": (b"video/mp4", page),
        "json-as-multipart": (b"multipart/form-data; boundary=x", stage.body),
        "gzip-undeclared": (b"application/json", gzip.compress(stage.body)),
        "utf16": (b"application/json", stage.body.decode().encode("utf-16")),
        "utf16-charset": (b"text/plain; charset=utf-16le", stage.body.decode().encode("utf-16-le")),
        "bom": (b"application/json", b"\xef\xbb\xbf" + stage.body),
        "png-then-json": (b"image/png", b"\x89PNG\r\n\x1a\n" + stage.body),
        "pdf-then-json": (b"application/pdf", b"%PDF-1.7\n" + stage.body),
    }


NAMES = (
    "json-as-image json-as-binary json-as-form json-as-nothing json-as-nonsense json-as-gzip "
    "form-as-json html-as-json html-as-video json-as-multipart gzip-undeclared utf16 "
    "utf16-charset bom png-then-json pdf-then-json"
).split()


@pytest.mark.parametrize("name", NAMES)
def test_a_declared_type_hides_nothing(stage: Stage, name: str) -> None:
    kind, body = types(stage)[name]
    head, page = stage.ask(post(body, b"content-type: " + kind))
    stage.assert_nothing_left()
    sent = stage.cloud.everything.partition(b"\r\n\r\n")[2]
    for form in ("utf-16-le", "utf-16-be"):
        assert stage.person.family_name.encode(form) not in sent
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            plain = unpack(sent)
        except (OSError, zlib.error, EOFError):
            continue
        assert not [secret for secret in stage.secrets if secret in plain]
    if not head.startswith(b"HTTP/1.1 200 "):
        assert stage.cloud.connections == []
        stage.assert_refused(head, page, 403, field(head, b"x-preau-reason").decode())


CODINGS = {
    b"gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
    b"zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("coding", CODINGS, ids=bytes.decode)
def test_a_bomb_is_refused_with_flat_memory(stage: Stage, coding: bytes) -> None:
    """A gigabyte of zeros in a megabyte (much less for br and zstd)."""
    bomb = make_bomb(coding)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head, body = stage.ask(stage.post(bomb, b"content-encoding: " + coding))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert stage.cloud.connections == []
    stage.assert_refused(head, body, 403, "expansion-limit")
    assert grown < 300 * 1024, f"{grown} KiB"


def make_bomb(coding: bytes) -> bytes:
    if coding in (b"gzip", b"deflate"):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == b"gzip" else 15)
    elif coding == b"br":
        return brotli.compress(bytes(256 * MB), quality=1)
    else:
        packer = zstandard.ZstdCompressor().compressobj()
    zeros = bytes(MB)
    return b"".join([*(packer.compress(zeros) for _ in range(256)), packer.flush()])


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        (b"gzip", b"not gzip at all", "undecodable"),
        (b"gzip", gzip.compress(b"x" * 1000, mtime=0)[:-9], "undecodable"),
        (b"gzip", gzip.compress(b"{}", mtime=0) + b"hidden", "undecodable"),
        (b"compress", b"\x1f\x9d\x90abc", "undecodable"),
        (b"aes128gcm", b"\0" * 64, "undecodable"),
        (b"gzip, gzip, gzip, gzip", b"\0" * 64, "undecodable"),
        (b"", bytes(range(128, 256)) * 2 + bytes(8), "opaque-content"),
        (b"", b"PK\x03\x04" + b"\0" * 60, "opaque-content"),
    ],
)
def test_what_cannot_be_read_is_refused(
    stage: Stage, coding: bytes, body: bytes, reason: str
) -> None:
    fields = (
        [b"content-encoding: " + coding] if coding else [b"content-type: application/octet-stream"]
    )
    head, page = stage.ask(stage.post(body, *fields))
    assert stage.cloud.connections == []
    stage.assert_refused(head, page, 403, reason)


def test_a_body_over_the_limit_is_refused_by_its_length(stage: Stage) -> None:
    head = b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\ncontent-length: %d\r\n\r\n"
    with stage.open.client() as client:
        client.send(head % (HOST.encode(), LIMIT + 1))
        client.send(b"x" * MB)
        client.sock.shutdown(socket.SHUT_WR)
        answer, body, _ = client.read_message()
    assert stage.cloud.connections == []
    if answer:  # a client that gives up may hear nothing
        stage.assert_refused(answer, body, 413, "body-too-large")


def test_a_head_over_the_limit_is_refused(stage: Stage) -> None:
    with stage.open.client() as client:
        head, body, _ = client.ask(GET[:-2] + b"x-long: " + b"x" * 70_000 + b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"headers-too-large" in body
    assert stage.cloud.connections == []


LIES = {
    "short": b"content-length: 5\r\n\r\n{}",
    "negative": b"content-length: -1\r\n\r\n",
    "plus": b"content-length: +2\r\n\r\n{}",
    "list": b"content-length: 2, 2\r\n\r\n{}",
    "two": b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}x",
    "both": b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "both-turned": b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "te-xchunked": b"transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "te-gzip-chunked": b"transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "te-identity": b"transfer-encoding: identity\r\n\r\n{}",
    "te-two": b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "te-space": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "fold": b"x-a: b\r\n c\r\ncontent-length: 2\r\n\r\n{}",
    "bare-cr": b"x-a: b\rX-Smuggled: y\r\ncontent-length: 2\r\n\r\n{}",
    "nul": b"x-a: b\0c\r\ncontent-length: 2\r\n\r\n{}",
    "name": b"x\x01a: b\r\ncontent-length: 2\r\n\r\n{}",
    "no-colon": b"garbage\r\ncontent-length: 2\r\n\r\n{}",
    "chunk-size": b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk-long": b"transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", LIES)
def test_a_message_with_two_readings_reaches_nobody(stage: Stage, name: str) -> None:
    start = b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
    smuggled = b"GET /smuggled HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode()
    with stage.open.client() as client:
        client.sock.settimeout(0.7)
        client.send(start % HOST.encode() + LIES[name])
        if name != "short":
            client.send(smuggled)
        while client.read():
            pass
        assert b"HTTP/1.1 200" not in client.received
    assert stage.cloud.everything == b""


def test_a_framing_field_with_a_stray_space_leaves_without_it(stage: Stage) -> None:
    """mitmproxy takes a vertical tab for white space: what leaves must not hold it."""
    start = b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
    body = b"transfer-encoding: \x0bchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    stage.ask(start % HOST.encode() + body)
    sent = stage.cloud.everything.lower()
    assert b"\x0b" not in sent
    framings = (b"transfer-encoding: chunked\r\n", b"content-length: 2\r\n")
    assert not sent or sum(map(sent.count, framings)) == 1


def test_a_path_with_control_characters_is_refused(stage: Stage) -> None:
    for bad in (b"/a\x00b", b"/a\x0bb", b"/a\rb", b"/a\x7fb"):
        head, _ = stage.ask(GET.replace(b"/v1/x", bad))
        assert head.startswith(b"HTTP/1.1 400 "), (bad, head)
    assert stage.cloud.connections == []


def test_a_chunked_request_leaves_with_one_framing_and_without_its_trailers(stage: Stage) -> None:
    name = stage.person.full_name.encode()
    head = b"POST /v1/classwork HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
    head += b"trailer: x-name\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b"".join(
        b"%x\r\n%s\r\n" % (len(part), part) for part in (stage.body[:20], stage.body[20:])
    )
    answer, _ = stage.ask(head % HOST.encode() + body + b"0\r\nx-name: " + name + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    stage.assert_nothing_left()
    sent, _, rest = stage.cloud.everything.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in sent.lower()
    assert int(field(sent + b"\r\n", b"content-length")) == len(rest)
    assert json.loads(rest)
    assert b"x-name" not in stage.cloud.everything.lower()


@pytest.mark.parametrize("length", [b"3", b"1000"])
def test_over_http2_a_length_that_lies_reaches_nobody(stage: Stage, length: bytes) -> None:
    with stage.open.h2_client() as client:
        fields = [(b"content-type", b"application/json"), (b"content-length", length)]
        number = client.request(HOST, "/v1/classwork", "POST", stage.body, fields)
        answer = client.wait(number)
        assert not answer.headers or answer.status >= 400
    assert stage.cloud.connections == []


# --- answers ---


def test_a_compressed_answer_that_is_broken_is_not_shown(stage: Stage) -> None:
    for broken in (b"not gzip", gzip.compress(b"{}" * 500)[:-9]):
        stage.cloud.answers(reply(broken, b"content-encoding: gzip", b"content-type: text/html"))
        head, body = stage.ask(GET)
        incident = stage.assert_refused(head, body, 403, "undecodable")
        assert stage.events(incident=incident)[0]["type"] == "answer-refused"


def test_a_bomb_as_an_answer_is_not_shown(stage: Stage) -> None:
    bomb = make_bomb(b"gzip")
    stage.cloud.answers(reply(bomb, b"content-encoding: gzip", b"content-type: text/html"))
    head, body = stage.ask(GET)
    stage.assert_refused(head, body, 403, "expansion-limit")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\ncontent-type: text/plain\r\n\r\nmoitie",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nmoitie\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nmoitie",
        b"HTTP/1.1 200 OK\r\nx-a: b\rc\r\n broken: \r\ncontent-le",
        b"HTTP/9 what\r\n\r\nmoitie",
        b"",
    ],
)
def test_an_answer_that_breaks_off_or_lies_becomes_a_page_with_an_incident(
    stage: Stage, answer: bytes
) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_message()
        connection.send(answer)
        connection.close()

    stage.cloud.script = script
    head, body = stage.ask(GET)
    assert b"moitie" not in body
    stage.assert_refused(head, body, 502, "malformed-answer" if answer else "upstream-unreachable")


def test_an_answer_with_two_framings_is_not_shown(stage: Stage) -> None:
    two = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\nmoitie"
    stage.cloud.answers(two)
    before = len(stage.events(type="answer-refused"))
    head, body = stage.ask(GET)
    assert head.startswith(b"HTTP/1.1 502 ")
    assert b"moitie" not in body
    refused = stage.events(type="answer-refused")[before:]
    assert [event["reason"] for event in refused] == ["malformed-answer"]


def test_half_a_stream_is_never_taken_for_a_whole_one(stage: Stage) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_message()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        connection.send(head + b"transfer-encoding: chunked\r\n\r\nc\r\ndata: un 1\n\n\r\n")
        connection.close()

    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        while client.read():
            pass
        assert client.received.startswith(b"HTTP/1.1 200 ")
        assert not client.received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("coding", [b"", *CODINGS], ids=lambda coding: coding.decode() or "plain")
def test_an_event_stream_is_restored_whatever_its_coding(stage: Stage, coding: bytes) -> None:
    """Sent by the cloud in the form it received, one event at a time."""
    seen: list[bytes] = []
    pack = CODINGS.get(coding, bytes)

    def script(connection: RawConnection) -> None:
        _, body, _ = connection.read_message()
        seen.append(body)
        connection.send(reply(b"{}"))
        connection.read_message()
        packed = pack(b"data: " + body + b"\n\ndata: fin\n\n")
        lines = b"content-encoding: %s\r\n" % coding if coding else b""
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + lines)
        connection.send(b"transfer-encoding: chunked\r\n\r\n")
        for at in range(0, len(packed), 40):
            piece = packed[at : at + 40]
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.send(b"0\r\n\r\n")

    stage.cloud.script = script
    before = len(stage.events(type="answer-restored"))
    with stage.open.client() as client:
        client.ask(stage.post())
        head, body, _ = client.ask(GET)
    stage.assert_nothing_left()
    assert b"content-encoding" not in head.lower()
    assert body == b"data: " + stage.body + b"\n\ndata: fin\n\n"
    assert len(stage.events(type="answer-restored")) == before + 1


def test_a_broken_coding_in_an_event_stream_tears_it(stage: Stage) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n"
    stage.cloud.answers(head + b"transfer-encoding: chunked\r\n\r\n8\r\nnot gzip\r\n0\r\n\r\n")
    with stage.open.client() as client:
        client.send(GET)
        while client.read():
            pass
        assert not client.received.endswith(b"0\r\n\r\n")
