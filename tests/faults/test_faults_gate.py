"""Hosts that disagree or are no names, protocols that are not HTTPS: nobody sees a byte."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest

from tests.faults.conftest import GET, UNKNOWN, Stage, field, post
from tests.sim.authority import client_context
from tests.sim.raw_client import ConnectRefused, RawClient, open_tunnel
from tests.sim.raw_server import RawConnection
from tests.sim.school import BANK, HOST, TRACKER

OTHER = "autre.exemple.example"
ENDED = (ssl.SSLError, ConnectionError)


def proxy_says(stage: Stage, request: bytes) -> tuple[bytes, bytes]:
    """What the proxy port itself answers."""
    with RawClient(socket.create_connection(("127.0.0.1", stage.open.port), 5)) as client:
        head, body, _ = client.ask(request)
        return head, body


def handshake(stage: Stage, connect: str, sni: str | None, port: int = 443) -> ssl.SSLSocket:
    """TLS in a CONNECT; ``sni`` of ``None`` leaves the name out."""
    context = client_context(stage.open.ca_pem)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = open_tunnel(stage.open.port, connect, None, port=port)
    return context.wrap_socket(sock, server_hostname=sni)


@pytest.mark.parametrize(
    ("connect", "sni"),
    [
        (HOST, OTHER),
        (HOST, BANK),
        (BANK, HOST),
        (BANK, TRACKER),
        (HOST, None),
        (BANK, None),
        (UNKNOWN, HOST),
        (HOST, f"{HOST}.{OTHER}"),
    ],
)
def test_a_name_that_is_missing_or_another_ends_the_handshake(
    stage: Stage, connect: str, sni: str | None
) -> None:
    before = len(stage.events(type="connection-denied"))
    with pytest.raises(ENDED):
        handshake(stage, connect, sni)
    assert stage.cloud.connections == []
    reasons = [event["reason"] for event in stage.events(type="connection-denied")[before:]]
    assert reasons == ["no-sni" if sni is None else "host-mismatch"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
    ],
)
def test_an_address_in_any_form_is_refused_at_connect(stage: Stage, host: str) -> None:
    with pytest.raises(ConnectRefused) as refusal:
        open_tunnel(stage.open.port, host, None)
    assert b" 403 " in refusal.value.answer.split(b"\r\n")[0]
    assert b"x-preau-reason: ip-literal" in refusal.value.answer
    assert stage.cloud.connections == []


@pytest.mark.parametrize("port", [53, 5353])
def test_no_tunnel_to_a_dns_port(stage: Stage, port: int) -> None:
    with pytest.raises(ConnectRefused) as refusal:
        open_tunnel(stage.open.port, HOST, None, port=port)
    assert b" 400 " in refusal.value.answer.split(b"\r\n")[0]


def test_the_own_port_is_no_way_round(stage: Stage) -> None:
    for host in ("localhost", "127.0.0.1"):
        with contextlib.suppress(ConnectRefused):
            sock = open_tunnel(stage.open.port, host, None, port=stage.open.port)
            with RawClient(sock) as client:
                head, _, _ = client.ask(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 4")
    assert stage.cloud.connections == []


@pytest.mark.parametrize("host", [HOST.upper(), f"{HOST}.", HOST.title()])
def test_other_spellings_of_a_known_host_are_that_host(stage: Stage, host: str) -> None:
    context = client_context(stage.open.ca_pem)
    sock = open_tunnel(stage.open.port, host, None)
    with RawClient(context.wrap_socket(sock, server_hostname=HOST)) as client:
        head, _, _ = client.ask(stage.post())
    assert head.startswith(b"HTTP/1.1 200 ")
    stage.assert_nothing_left()


HOSTS_THAT_DISAGREE = {
    "another": b"GET / HTTP/1.1\r\nhost: %s\r\n\r\n" % OTHER.encode(),
    "bank": b"GET / HTTP/1.1\r\nhost: %s\r\n\r\n" % BANK.encode(),
    "port": b"GET / HTTP/1.1\r\nhost: %s:8443\r\n\r\n" % HOST.encode(),
    "userinfo": b"GET / HTTP/1.1\r\nhost: x@%s\r\n\r\n" % HOST.encode(),
    "empty": b"GET / HTTP/1.1\r\nhost: \r\n\r\n",
    "nbsp": b"GET / HTTP/1.1\r\nhost: %s\xa0\r\n\r\n" % HOST.encode(),
    "absolute": b"GET https://%s/ HTTP/1.1\r\nhost: %s\r\n\r\n" % (OTHER.encode(), HOST.encode()),
    "absolute-both": b"GET https://%s/ HTTP/1.1\r\nhost: %s\r\n\r\n" % ((OTHER.encode(),) * 2),
}


@pytest.mark.parametrize("name", HOSTS_THAT_DISAGREE)
def test_a_host_other_than_the_sni_is_misdirected(stage: Stage, name: str) -> None:
    head, body = stage.ask(HOSTS_THAT_DISAGREE[name])
    assert stage.cloud.connections == []
    stage.assert_refused(head, body, 421, "host-mismatch")


MALFORMED = {
    "two-hosts": b"GET / HTTP/1.1\r\nhost: %s\r\nhost: %s\r\n\r\n" % ((HOST.encode(),) * 2),
    "no-host": b"GET / HTTP/1.1\r\naccept: */*\r\n\r\n",
    "trace": b"TRACE / HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode(),
    "two-types": post(b"{}", b"content-type: application/json", b"content-type: text/plain"),
    "asterisk": b"GET * HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_two_parsers_could_read_in_two_ways_is_refused(stage: Stage, name: str) -> None:
    head, body = stage.ask(MALFORMED[name])
    assert stage.cloud.connections == []
    stage.assert_refused(head, body, 400, "malformed-request")


def test_absolute_form_for_the_right_host_leaves_in_origin_form(stage: Stage) -> None:
    request = b"GET https://%s/v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % ((HOST.encode(),) * 2)
    assert stage.ask(request)[0].startswith(b"HTTP/1.1 200 ")
    assert stage.cloud.everything.startswith(b"GET /v1/x HTTP/1.1\r\n")


def test_connect_inside_tls_is_refused(stage: Stage) -> None:
    for target in (HOST, BANK):
        request = b"CONNECT %s:443 HTTP/1.1\r\nhost: %s:443\r\n\r\n" % ((target.encode(),) * 2)
        assert stage.ask(request)[0].startswith(b"HTTP/1.1 400 ")
    assert stage.cloud.connections == []


@pytest.mark.parametrize(
    ("authority", "fields"),
    [
        (OTHER, []),
        (BANK, []),
        (f"{HOST}:8443", []),
        (HOST, [(b"host", OTHER.encode())]),
        (OTHER, [(b"host", HOST.encode())]),
    ],
)
def test_an_authority_other_than_the_sni_is_misdirected(
    stage: Stage, authority: str, fields: list[tuple[bytes, bytes]]
) -> None:
    with stage.open.h2_client() as client:
        answer = client.wait(client.request(authority, fields=fields))
    assert stage.cloud.connections == []
    if answer.headers:  # hyper-h2 itself resets what has a Host field beside another authority
        assert answer.status == 421
        assert answer.header(b"x-preau-reason") == b"host-mismatch"
    else:
        assert fields


def test_the_right_authority_with_the_right_host_field_passes(stage: Stage) -> None:
    with stage.open.h2_client() as client:
        answer = client.wait(client.request(HOST, fields=[(b"host", HOST.encode())]))
    assert answer.status == 200
    assert stage.cloud.everything.lower().count(b"\r\nhost:") == 1


@pytest.mark.parametrize("host", [HOST, BANK, UNKNOWN, TRACKER])
@pytest.mark.parametrize("scheme", [b"http", b"https"])
def test_a_request_in_the_clear_to_the_proxy_goes_nowhere(
    stage: Stage, host: str, scheme: bytes
) -> None:
    name = host.encode()
    head, body = proxy_says(
        stage, b"GET %s://%s/ HTTP/1.1\r\nhost: %s\r\n\r\n" % (scheme, name, name)
    )
    assert stage.cloud.connections == []
    if host == TRACKER:
        return  # answered as trackers are
    reason = field(head, b"x-preau-reason")
    if host == HOST and scheme == b"http":
        assert reason == b"plain-http"
    assert head.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 421 ")), (head, body)


@pytest.mark.parametrize("host", [HOST, BANK, UNKNOWN])
@pytest.mark.parametrize(
    "first",
    [
        GET,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x01\x02\x03 not a protocol \xff\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["http", "ssh", "raw", "h2c"],
)
def test_what_is_not_tls_inside_a_connect_reaches_nobody(
    stage: Stage, host: str, first: bytes
) -> None:
    with RawClient(open_tunnel(stage.open.port, host, None, timeout=1.0)) as client:
        client.send(first.replace(HOST.encode(), host.encode()))
        client.read()
        assert not client.received.startswith(b"HTTP/1.1 2")
    assert stage.cloud.connections == []


@pytest.mark.parametrize("upgrade", [b"h2c", b"TLS/1.0", b"secret-protocol"])
def test_an_upgrade_to_what_we_do_not_read_is_not_asked_for(stage: Stage, upgrade: bytes) -> None:
    lines = b"connection: upgrade, http2-settings\r\nupgrade: %s\r\nhttp2-settings: AAMAAABk\r\n"
    stage.ask(GET[:-2] + lines % upgrade + b"\r\n")
    sent = stage.cloud.everything.lower()
    assert upgrade.lower() not in sent
    assert b"http2-settings" not in sent


def test_a_switch_of_protocols_that_nobody_asked_for_ends_the_connection(stage: Stage) -> None:
    switched = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"

    def script(connection: RawConnection) -> None:
        connection.read_message()
        connection.send(switched)
        connection.read()

    stage.cloud.script = script
    with stage.open.client() as client:
        client.send(GET)
        client.read()
        client.send(stage.body)
        while client.read():
            pass
    stage.assert_nothing_left()


def test_the_bank_is_passed_byte_for_byte_with_its_own_certificate(stage: Stage) -> None:
    own = client_context(stage.school.authority.pem)
    stage.cloud.answers(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nalt-svc: h3\r\n\r\nok")
    request = (
        b"POST / HTTP/1.1\r\nHOST: %s\r\nX-Odd:  two\r\ncontent-length: 3\r\n\r\nabc"
        % BANK.encode()
    )
    with RawClient.connect(stage.open.port, BANK, own) as client:
        head, body, _ = client.ask(request)
    assert b"alt-svc: h3" in head
    assert body == b"ok"
    assert stage.cloud.everything == request
    assert stage.events(type="connection-tunnelled")


@pytest.mark.parametrize("connect", [BANK, HOST])
def test_the_bank_is_never_shown_a_forged_certificate(stage: Stage, connect: str) -> None:
    """Also when SNI and CONNECT disagree: the handshake fails before any certificate."""
    with contextlib.suppress(OSError), handshake(stage, connect, BANK) as sock:
        certificate = sock.getpeercert(binary_form=True)
        assert certificate is not None
        shown = ssl.DER_cert_to_PEM_cert(certificate)
        ours = ssl.create_default_context(cadata=stage.open.ca_pem).get_ca_certs()[0]["subject"]
        assert connect == BANK
        assert str(ours) not in shown
        own = client_context(stage.school.authority.pem)
        with RawClient.connect(stage.open.port, BANK, own):
            pass  # verified: it is the cloud's


@pytest.mark.parametrize("host", [UNKNOWN, TRACKER])
def test_a_page_for_an_unknown_or_blocked_host_needs_no_connection_to_it(
    stage: Stage, host: str
) -> None:
    request = b"GET / HTTP/1.1\r\nhost: %s\r\naccept: text/html\r\n\r\n" % host.encode()
    head, body = stage.ask(request, host)
    assert stage.cloud.connections == []
    if host == UNKNOWN:
        stage.assert_refused(head, body, 403, "unknown-service")
        assert host.encode() in body
        assert 'lang="fr"' in body.decode()
        assert 'lang="en"' in body.decode()


def test_an_unknown_host_with_an_accented_name_gets_its_page(stage: Stage) -> None:
    name = "xn--cole-9oa.example"
    head, body = stage.ask(b"GET / HTTP/1.1\r\nhost: %s\r\n\r\n" % name.encode(), name)
    stage.assert_refused(head, body, 403, "unknown-service")
