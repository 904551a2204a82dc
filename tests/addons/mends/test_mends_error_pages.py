"""The error pages that mitmproxy writes by itself are ours."""

from __future__ import annotations

from typing import Any

import pytest

from addons.mends.error_pages import reason_of
from proxy.reasons import Reason
from tests.sim.raw_server import OK, RawServer, answer

GET = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"
SECRET = b"Camille-Exemple"
MALFORMED = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n" + SECRET + b"\r\n\r\n"


def test_no_page_names_mitmproxy_or_quotes_the_request(stage: Any) -> None:
    with stage.cloud(answer(b"nonsense " + SECRET + b"\r\n\r\n")) as cloud:
        with stage.gateway(cloud) as worker:
            with stage.client(worker) as client:
                refused = b"".join(client.ask(MALFORMED))
            with stage.client(worker) as client:
                failed = b"".join(client.ask(GET))
            with stage.h2_client(worker) as h2:
                message = h2.wait(h2.request(stage.host))
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert Reason.MALFORMED_REQUEST.fr.encode() in refused
    assert failed.startswith(b"HTTP/1.1 502 ")
    assert message.status == 502
    assert Reason.MALFORMED_ANSWER.fr.encode() in message.body
    everything = refused + failed + repr(message).encode()
    assert b"mitmproxy" not in everything
    assert SECRET not in everything


@pytest.mark.parametrize("fault", ["name", "expired", "issuer"])
def test_a_bad_certificate_is_named_as_such_and_gets_no_request(
    stage: Any, tmp_path: Any, fault: str
) -> None:
    from tests.sim.authority import CloudAuthority

    authority = CloudAuthority(tmp_path) if fault == "issuer" else stage.authority
    name = "other.example" if fault == "name" else stage.host
    tls = authority.server_context(name, expired=fault == "expired")
    with RawServer(answer(OK), tls) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            head, body, _ = client.ask(GET)
    assert head.startswith(b"HTTP/1.1 502 ")
    assert Reason.UPSTREAM_CERTIFICATE.value.encode() in body
    assert cloud.everything == b""


def test_every_status_has_a_reason() -> None:
    assert reason_of(413, "x") is Reason.BODY_TOO_LARGE
    assert reason_of(599, "x") is Reason.ENGINE_ERROR


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.client(bare(cloud)) as client:
        seen = b"".join(client.ask(MALFORMED))
    assert b"Server: mitmproxy" in seen
    assert SECRET in seen
