"""Processes of the gateway that die or hang, while pupils use it."""

from __future__ import annotations

import json
import signal
import stat
import threading
import time

import pytest

from tests.proxy.supervisor.supervisor_scene import GET, OTHERS, Fleet, exists, kill, soon
from tests.sim.authority import client_context
from tests.sim.raw_client import ConnectRefused, open_tunnel
from tests.sim.school import BANK, HOST, SERVICE
from tests.sim.served import edited, inside

pytestmark = pytest.mark.slow


def _ask(fleet: Fleet, host: str = HOST) -> bytes:
    with fleet.client(host) as client:
        return client.ask(GET % host.encode())[0]


def test_a_worker_that_dies_costs_only_its_own_connections_and_no_total(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    kept = [fleet.client() for _ in range(8)]
    for client in kept:
        assert b" 200 " in client.ask(GET % HOST.encode())[0]
    time.sleep(1.2)  # a report is a second old at most
    before = fleet.total()
    victim = fleet.pids("worker")[0]
    restarts = fleet.gateway.metric('preau_process_restarts_total{role="worker"}')
    kill(victim, signal.SIGKILL)
    assert fleet.total() >= before
    assert b" 200 " in _ask(fleet)  # the other one takes what comes
    alive = [client for client in kept if client.ask(GET % HOST.encode())[0]]
    assert 0 < len(alive) < len(kept)
    assert soon(fleet.whole)
    assert fleet.total() >= before + 1 + len(alive)
    assert fleet.gateway.metric('preau_process_restarts_total{role="worker"}') == restarts + 1
    told = inside("status", "--json", "--site", fleet.school.root)
    details = [p["detail"] for p in json.loads(told.stdout)["parts"] if "worker" in p["name"]]
    assert any("killed by SIGKILL" in detail for detail in details), details


def test_a_worker_that_hangs_is_replaced_and_takes_nobody_in(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    victim = fleet.pids("worker")[0]
    kill(victim, signal.SIGSTOP)
    for _ in range(6):
        assert b" 200 " in _ask(fleet)
    assert soon(lambda: not exists(victim), 30)
    assert soon(fleet.whole)


def test_a_signer_that_hangs_refuses_new_hosts_in_plain_words_and_keeps_the_known(
    fleet: Fleet,
) -> None:
    assert soon(fleet.whole)
    with fleet.client() as kept:
        signer = fleet.pids("signer")[0]
        kill(signer, signal.SIGSTOP)
        with pytest.raises(ConnectRefused) as refused:
            _ask(fleet, OTHERS[0])
        assert refused.value.answer.startswith(b"HTTP/1.1 503 ")
        assert b"keys-unavailable" in refused.value.answer
        assert b" 200 " in kept.ask(GET % HOST.encode())[0]
    assert soon(lambda: fleet.pids("signer") not in ([], [signer]), 40)
    assert b" 200 " in _ask(fleet, OTHERS[0])


def test_a_signer_that_dies_is_back_before_anybody_is_refused(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    old = fleet.pids("signer")[0]
    kill(old, signal.SIGKILL)
    answers: list[bytes] = []

    def patient(host: str) -> None:
        while not answers or b" 200 " not in answers[-1]:
            try:
                answers.append(_ask(fleet, host))
            except ConnectRefused as error:
                answers.append(error.answer)

    thread = threading.Thread(target=patient, args=(OTHERS[1],))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert all(b" 200 " in a or b"keys-unavailable" in a for a in answers), answers
    assert soon(fleet.whole)
    assert fleet.pids("signer") != [old]


def test_the_audit_writer_may_die_under_load(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    writer = fleet.pids("writer")
    with fleet.load() as load:
        load.wait_for_more(5)
        kill(writer[0], signal.SIGKILL)
        load.wait_for_more(30)
    assert soon(lambda: fleet.pids("writer") not in ([], writer))
    assert load.failures == []
    assert inside("audit", "verify", "--site", fleet.school.root).returncode == 0


def test_a_tunnelled_host_never_gets_a_certificate(fleet: Fleet) -> None:
    from proxy.errors import KeysUnavailable
    from proxy.supervisor.leaves import RemoteSigner, dns_names
    from tests.proxy.supervisor.test_supervisor_signer import leaf_key

    signer = RemoteSigner(fleet.run)
    with pytest.raises(KeysUnavailable, match="passes this host unread"):
        signer.issue(leaf_key(), BANK, dns_names([BANK]))


def test_a_ticket_of_one_worker_falls_back_to_a_full_handshake_at_another(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    context = client_context(fleet.ca.read_text())
    session, reused = None, []
    for _ in range(10):
        tunnel = open_tunnel(fleet.gateway.port, HOST, None)
        with context.wrap_socket(tunnel, server_hostname=HOST, session=session) as sock:
            reused.append(sock.session_reused)
            sock.sendall(GET % HOST.encode())
            assert b" 200 " in sock.recv(4096)  # TLS 1.3 sends its tickets with the first answer
            session = session or sock.session
    assert not reused[0]
    assert any(reused[1:]), reused


def test_the_sockets_are_for_this_user_alone(fleet: Fleet) -> None:
    assert stat.S_IMODE(fleet.run.stat().st_mode) == 0o700
    for name in ("signer", "control", "lock"):
        assert stat.S_IMODE((fleet.run / name).stat().st_mode) == 0o600


def test_a_second_gateway_of_the_site_is_refused(fleet: Fleet) -> None:
    words = ("--listen", "127.0.0.1:0", "--status", "127.0.0.1:0", "--workers", "2")
    done = inside("serve", "--site", fleet.school.root, *words)
    assert done.returncode == 2
    assert b"another gateway of this site runs here" in done.stderr
    assert fleet.whole()


def test_readiness_tells_of_every_worker_and_of_their_agreement(fleet: Fleet) -> None:
    assert soon(fleet.whole)
    # A worker that had nothing to record finds the new writer of a test before by itself.
    assert soon(lambda: fleet.gateway.get("/-/ready")[0] == 200, 10)
    code, text = fleet.gateway.get("/-/ready?verbose")
    document = json.loads(text)
    assert code == 200, text
    assert set(document["checks"]) == {"workers", "policy", "signer", "audit", "store"}
    assert [w["slot"] for w in document["workers"] if w["state"] == "ready"] == [1, 2]
    file = fleet.school.root / f"services/{SERVICE}.yaml"
    with edited(file, file.read_text() + "# another digest\n"):
        before = set(fleet.status()["policies"])
        assert soon(lambda: not before & set(fleet.status()["policies"]), 10)
        assert soon(lambda: len(fleet.status()["policies"]) == 1, 10)


def test_a_tunnel_and_a_page_are_served_while_a_stranger_asks_the_signer(fleet: Fleet) -> None:
    import socket

    from proxy.supervisor import local_socket

    connection = local_socket.connect(fleet.run, "signer", socket.SOCK_SEQPACKET, 5)
    for junk in (b"", b"{", b"[]", b'{"key": 1}', b"\xff" * 60_000):
        with connection.dup() as end:
            end.send(junk or b"x")
            assert end.recv(65536)[:1] == b"E"
    connection.close()
    assert b" 200 " in _ask(fleet, OTHERS[2])
