"""A polite GOAWAY of an origin lets the requests in flight finish."""

from __future__ import annotations

from typing import Any

from tests.sim.h2_peers import H2Answer, _say_goodbye, send_answer


def test_requests_in_flight_finish_and_later_ones_get_a_new_connection(stage: Any) -> None:
    answers: list[H2Answer | None] = [None, None]

    def responder(_request: object) -> H2Answer | None:
        return answers.pop() if answers else H2Answer()

    with stage.h2_cloud(responder) as cloud, stage.gateway(cloud) as worker:
        with stage.h2_client(worker) as client:
            kept, lost = client.request(stage.host), client.request(stage.host)
            while len(cloud.requests) < 2:
                client.sock.settimeout(0.05)
                client.pump()
                client.ended = False
            client.sock.settimeout(5)
            peer = cloud.peers[0]
            _say_goodbye(peer, 1)
            assert client.wait(lost).status == 200  # on the new connection
            assert client.wait(client.request(stage.host)).status == 200
            send_answer(peer, 1, H2Answer(body=b"late"))
            assert client.wait(kept).body == b"late"
            assert len(cloud.peers) == 2
            assert peer_closes(peer)


def peer_closes(peer: Any) -> bool:
    from tests.sim.raw_server import wait_for

    return wait_for(lambda: bool(peer.ended))


def test_an_origin_that_says_goodbye_every_third_request_loses_none(stage: Any) -> None:
    with stage.h2_cloud(goodbye_every=3) as cloud, stage.gateway(cloud) as worker:
        with stage.h2_client(worker) as client:
            statuses = [client.wait(client.request(stage.host)).status for _ in range(20)]
    assert statuses == [200] * 20
    assert len(cloud.peers) >= 6


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with stage.h2_cloud(goodbye_every=3) as cloud, stage.h2_client(bare(cloud)) as client:
        statuses = [client.wait(client.request(stage.host)).status for _ in range(9)]
    assert 502 in statuses
