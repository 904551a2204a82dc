"""Ranges, partial answers and uploads in parts: handled or refused, never mixed up."""

from __future__ import annotations

import pytest

from tests.faults.conftest import GET, Stage, field, post, reply
from tests.sim.raw_server import RawConnection
from tests.sim.school import HOST


def get(path: bytes, *fields: bytes, method: bytes = b"GET") -> bytes:
    lines = b"".join(line + b"\r\n" for line in fields)
    return b"%s %s HTTP/1.1\r\nhost: %s\r\n%s\r\n" % (method, path, HOST.encode(), lines)


RANGE = (b"range: bytes=100-", b'if-range: "v1"')


@pytest.mark.parametrize("path", [b"/v1/report", b"/v1/list.csv", b"/v1/page.html?f=x.zip"])
def test_what_we_may_change_is_only_asked_for_whole(stage: Stage, path: bytes) -> None:
    stage.cloud.answers(reply(b"all of it", b"content-type: text/csv", b"accept-ranges: bytes"))
    head, body = stage.ask(get(path, *RANGE))
    assert body == b"all of it"
    assert b"range" not in stage.cloud.everything.lower().replace(b"arrange", b"")
    assert field(head, b"accept-ranges") == b""


@pytest.mark.parametrize("path", [b"/v1/film.mp4", b"/v1/a.PDF?x=1", b"/v1/archive.zip"])
def test_a_part_of_what_holds_no_text_passes_as_it_is(stage: Stage, path: bytes) -> None:
    part = b"\x01\x02\x03"
    lines = (
        b"content-type: video/mp4",
        b"content-range: bytes 100-102/900",
        b"accept-ranges: bytes",
    )
    stage.cloud.answers(reply(part, *lines, status=b"206 Partial Content"))
    head, body = stage.ask(get(path, *RANGE))
    assert head.startswith(b"HTTP/1.1 206 ")
    assert body == part
    assert field(head, b"content-range") == b"bytes 100-102/900"
    assert field(head, b"accept-ranges") == b"bytes"
    assert b'if-range: "v1"' in stage.cloud.everything


@pytest.mark.parametrize("fields", [(), RANGE])
def test_a_part_that_was_not_asked_for_is_refused(stage: Stage, fields: tuple[bytes, ...]) -> None:
    part = reply(b"moiti", b"content-range: bytes 0-4/9", status=b"206 Partial Content")
    stage.cloud.answers(part)
    head, body = stage.ask(get(b"/v1/list.csv", *fields))
    stage.assert_refused(head, body, 403, "partial-content")
    assert b"moiti" not in body.replace(b"moiti\xc3\xa9", b"")


def test_the_head_of_what_we_may_change_tells_no_length(stage: Stage) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 900\r\n"
    answer += b'etag: "v1"\r\naccept-ranges: bytes\r\ndigest: sha-256=x\r\n\r\n'
    stage.cloud.answers(answer)
    with stage.open.client() as client:
        client.send(get(b"/v1/list.csv", method=b"HEAD"))
        head = client.read_until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert field(head, b"etag") == b'"v1"'
    for gone in (b"content-length", b"accept-ranges", b"digest"):
        assert field(head, gone) == b""


def test_an_answer_not_modified_keeps_its_validators(stage: Stage) -> None:
    unmodified = b'HTTP/1.1 304 Not Modified\r\netag: "v1"\r\ncontent-length: 900\r\n\r\n'
    stage.cloud.answers(unmodified, reply(b"ok"))
    with stage.open.client() as client:
        client.send(get(b"/v1/list.csv", b'if-none-match: "v1"'))
        head = client.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 304 ")
        assert field(head, b"etag") == b'"v1"'
        assert field(head, b"content-length") == b""
        assert client.ask(GET)[1] == b"ok"  # the connection is still in step


def test_an_upload_told_in_one_range_is_made_to_fit(stage: Stage) -> None:
    size = len(stage.body)
    head, _ = stage.ask(post(stage.body, b"content-range: bytes 0-%d/%d" % (size - 1, size)))
    assert head.startswith(b"HTTP/1.1 200 ")
    stage.assert_nothing_left()
    sent_head, _, sent = stage.cloud.everything.partition(b"\r\n\r\n")
    assert len(sent) != size
    told = b"bytes 0-%d/%d" % (len(sent) - 1, len(sent))
    assert field(sent_head + b"\r\n", b"content-range") == told


PARTS = {
    "range": (b"content-range: bytes 0-99/900", b"/v1/classwork"),
    "unknown-total": (b"content-range: bytes 0-99/*", b"/v1/classwork"),
    "tus": (b"upload-offset: 0", b"/v1/classwork"),
    "google": (b"x-goog-upload-offset: 500", b"/v1/classwork"),
    "s3": (b"x-a: b", b"/bucket/file?partNumber=2&uploadId=abc"),
    "azure": (b"x-a: b", b"/container/blob?comp=block&blockid=AAAA"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_true_part_of_an_upload_is_unreadable_content(stage: Stage, name: str) -> None:
    line, path = PARTS[name]
    body = b"un devoir sans nom, ou le debut d'un nom: Jea"
    head, page = stage.ask(post(body, line, b"content-type: text/plain", path=path))
    stage.assert_refused(head, page, 403, "opaque-content")
    assert stage.cloud.connections == []


def test_asking_how_far_an_upload_has_come_is_no_part(stage: Stage) -> None:
    seen: list[bytes] = []

    def script(connection: RawConnection) -> None:
        seen.append(connection.read_message()[0])
        connection.send(b"HTTP/1.1 308 Resume\r\nrange: bytes=0-42\r\ncontent-length: 0\r\n\r\n")

    stage.cloud.script = script
    ask = get(b"/v1/up", b"content-range: bytes */900", b"content-length: 0", method=b"PUT")
    head, _ = stage.ask(ask)
    assert head.startswith(b"HTTP/1.1 308 ")
    assert field(head, b"range") == b"bytes=0-42"
    assert b"bytes */900" in seen[0]
