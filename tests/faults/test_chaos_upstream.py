"""Services that lie, break off, or show a certificate that nobody may accept."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.faults.chaos_oracle import Oracle
from tests.faults.chaos_scene import DEADLINE, oracle_of, try_to_ask
from tests.faults.conftest import Cloud, Stage
from tests.sim.bad_certificates import Issuer, bad, good
from tests.sim.raw_server import RawConnection
from tests.sim.school import HOST, School

ROOT = Issuer("Root")
BAD = tuple(bad(ROOT, HOST))
GOOD = tuple(good(ROOT, HOST))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that trusts our root besides its cloud's."""
    school = School(tmp_path_factory.mktemp("upstream"), count=20)
    with school.authority.pem.open("ab") as file:
        file.write(ROOT.certificate.public_bytes(Encoding.PEM))
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


@pytest.fixture(scope="module")
def contexts() -> dict[str, ssl.SSLContext]:
    return good(ROOT, HOST) | bad(ROOT, HOST)


@pytest.fixture
def oracle(stage: Stage) -> Oracle:
    return oracle_of(stage)


def ask_another(stage: Stage, tls: ssl.SSLContext) -> tuple[bytes, bytes, bytes]:
    """Head and body of the answer, and what the service under ``tls`` received."""
    resolve = stage.open.worker.settings.resolve
    usual = resolve[HOST]
    with Cloud(tls) as cloud:
        resolve[HOST] = cloud.address  # type: ignore[index] # a dict, as the school made it
        try:
            head, body = stage.ask(stage.post())
        finally:
            resolve[HOST] = usual  # type: ignore[index]
        return head, body, cloud.everything


@pytest.mark.parametrize("kind", BAD)
def test_a_certificate_that_nobody_may_accept_gets_nothing(
    stage: Stage, oracle: Oracle, contexts: dict[str, ssl.SSLContext], kind: str
) -> None:
    with oracle.within(DEADLINE, kind):
        head, body, received = ask_another(stage, contexts[kind])
    assert received == b""
    oracle.answered(head)
    stage.assert_refused(head, body, 502, "upstream-certificate")
    oracle.judge()


@pytest.mark.parametrize("kind", GOOD)
def test_a_certificate_that_is_right_is_accepted(
    stage: Stage, oracle: Oracle, contexts: dict[str, ssl.SSLContext], kind: str
) -> None:
    head, body, received = ask_another(stage, contexts[kind])
    assert oracle.answered(head, named=True) == 200, (head, body)
    assert b"POST /v1/classwork" in received
    assert not [secret for secret in stage.secrets if secret in received]
    oracle.judge()


JSON = b"content-type: application/json\r\n"
_GZIP = gzip.compress(b'{"a": 1}' * 500)
LIES = {
    "nothing": b"",
    "not http": b"220 mail.example ESMTP\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-",
    "no status": b"HTTP/1.1\r\n\r\n",
    "status of letters": b"HTTP/1.1 abc OK\r\ncontent-length: 0\r\n\r\n",
    "body shorter than told": b"HTTP/1.1 200 OK\r\n%scontent-length: 99\r\n\r\n{}" % JSON,
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ",
    "length with a sign": b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n{}",
    "negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}",
    "length and chunks": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n"
    b"\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunk size of letters": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "chunks without an end": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "unknown transfer coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: xz\r\n\r\n{}",
    "NUL in a field": b"HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 2\r\n\r\n{}",
    "field without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\ncontent-length: 2\r\n\r\n{}",
    "gzip that breaks off": b"HTTP/1.1 200 OK\r\n%scontent-encoding: gzip\r\n"
    b"content-length: %d\r\n\r\n%s" % (JSON, len(_GZIP) - 20, _GZIP[:-20]),
    "endless informational answers": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000,
}


@pytest.mark.parametrize("name", LIES)
def test_an_answer_that_is_none_becomes_a_page_with_a_reason(
    stage: Stage, oracle: Oracle, name: str
) -> None:
    def lie(connection: RawConnection) -> None:
        connection.read_message()
        connection.send(LIES[name])
        connection.close()

    stage.cloud.script = lie
    with oracle.within(DEADLINE, name):
        head, body = stage.ask(stage.post())
    assert oracle.answered(head) in (403, 502, 503), (name, head, body)  # 403: undecodable
    assert b"x-preau-reason: " in head.lower()
    stage.cloud.reset()
    assert oracle.answered(try_to_ask(stage, stage.post()), named=True) == 200
    oracle.judge()


FRAMES = {
    "a frame longer than allowed": b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"x" * 64,
    "data on no stream": b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x",
    "headers on an even stream": b"\x00\x00\x01\x01\x05\x00\x00\x00\x02\x88",
    "headers that cannot be decoded": b"\x00\x00\x04\x01\x05\x00\x00\x00\x01\xff\xff\xff\xff",
    "settings of a wrong length": b"\x00\x00\x05\x04\x00\x00\x00\x00\x00xxxxx",
    "a window of nothing": b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    "continuation of nothing": b"\x00\x00\x01\x09\x04\x00\x00\x00\x01\x88",
    "a push nobody asked for": b"\x00\x00\x05\x05\x04\x00\x00\x00\x01\x00\x00\x00\x02\x88",
    "goodbye": b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02",
    "reset of the stream": b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x02",
    "http/1 instead": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@pytest.mark.parametrize("name", FRAMES)
def test_frames_that_break_the_protocol_become_a_page_with_a_reason(
    stage: Stage, oracle: Oracle, name: str
) -> None:
    def script(connection: RawConnection) -> None:
        connection.send(SETTINGS)
        connection.read_until(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        connection.read()
        connection.send(FRAMES[name])
        connection.sock.settimeout(1)
        while connection.read():
            pass
        connection.close()

    resolve = stage.open.worker.settings.resolve
    usual = resolve[HOST]
    with Cloud(stage.school.tls(HOST, alpn=("h2",))) as cloud:
        cloud.script = script
        resolve[HOST] = cloud.address  # type: ignore[index]
        try:
            with oracle.within(DEADLINE, name), stage.open.h2_client() as client:
                body = stage.body
                fields = [(b"content-type", b"application/json")]
                message = client.wait(client.request(HOST, "/v1/classwork", "POST", body, fields))
        finally:
            resolve[HOST] = usual  # type: ignore[index]
        assert message.status in (502, 503), message
        oracle.incidents.add((message.header(b"x-preau-incident") or b"").decode())
        assert not [secret for secret in stage.secrets if secret in cloud.everything]
    oracle.judge()
