"""Clients that keep connections open and listen to goodbyes, and count what failed.

They do what the RFCs ask of a client: an HTTP/1 answer with ``connection: close`` was the
last one of its connection; after GOAWAY an HTTP/2 client finishes what is under way and opens
another connection for what is new; close code 1001 makes a WebSocket client come back and
send again what was not answered. Nothing else is retried: whatever else goes wrong is a
failure, with its story.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from websockets.exceptions import ConnectionClosed

from tests.sim.authority import client_context
from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import RawClient
from tests.sim.ws_peers import connect_websocket

_PAUSE = 0.05


@dataclass
class Tally:
    """What became of the requests of one client."""

    good: int = 0
    connections: int = 0
    goodbyes: int = 0
    failures: list[str] = field(default_factory=list)


class Load:
    """``with Load(port, ca) as load: …`` then ``load.failures``."""

    def __init__(self, port: int, ca: Path, http: str, websocket: str) -> None:
        self._port, self._http, self._websocket = port, http, websocket
        self._h1 = client_context(ca.read_text())
        self._h2 = client_context(ca.read_text(), ("h2", "http/1.1"))
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.tallies: dict[str, Tally] = {}

    def __enter__(self) -> Self:
        for name, work in (
            ("h1 a", self._http1),
            ("h1 b", self._http1),
            ("h2", self._http2),
            ("ws", self._websockets),
        ):
            tally = self.tallies[name] = Tally()
            thread = threading.Thread(target=self._guarded, args=(work, tally), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(15)
            assert not thread.is_alive()

    @property
    def failures(self) -> list[str]:
        """Stories of what failed, of all clients."""
        return [f"{name}: {one}" for name, t in self.tallies.items() for one in t.failures]

    @property
    def good(self) -> int:
        """Requests that were answered as they should."""
        return sum(tally.good for tally in self.tallies.values())

    def wait_for_more(self, count: int, seconds: float = 30) -> None:
        """Return when every client has had so many more good answers."""
        aims = {name: tally.good + count for name, tally in self.tallies.items()}
        end = time.monotonic() + seconds
        while any(self.tallies[name].good < aim for name, aim in aims.items()):
            assert time.monotonic() < end, (self.failures, self.tallies)
            time.sleep(0.02)

    def _guarded(self, work: Callable[[Tally], None], tally: Tally) -> None:
        while not self._stop.is_set():
            try:
                tally.connections += 1
                work(tally)
            except (OSError, ssl.SSLError, AssertionError, TimeoutError) as error:
                tally.failures.append(f"{type(error).__name__}: {error}")
                time.sleep(0.2)
            except ConnectionClosed as error:
                tally.failures.append(f"closed with {error.rcvd and error.rcvd.code}")
                time.sleep(0.2)

    def _http1(self, tally: Tally) -> None:
        with contextlib.closing(RawClient.connect(self._port, self._http, self._h1)) as client:
            while not self._stop.is_set():
                head, body, _ = client.ask(
                    b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % self._http.encode()
                )
                assert head.startswith(b"HTTP/1.1 200 "), f"{head!r} {tally.good}"
                assert body == b"ok"
                tally.good += 1
                if b"\r\nconnection: close\r\n" in head.lower():
                    tally.goodbyes += 1
                    return
                time.sleep(_PAUSE)

    def _http2(self, tally: Tally) -> None:
        with H2Client.connect(self._port, self._http, self._h2) as client:
            while not self._stop.is_set():
                streams = [client.request(self._http, "/v1/x") for _ in range(3)]
                for stream in streams:
                    answer = client.wait(stream)
                    assert answer.ended, f"reset {answer.reset}, ended {client.ended}"
                    assert answer.status == 200
                    tally.good += 1
                if client.goaway is not None:
                    tally.goodbyes += 1
                    return
                time.sleep(_PAUSE)

    def _websockets(self, tally: Tally) -> None:
        with connect_websocket(self._port, self._websocket, self._h1) as client:
            while not self._stop.is_set():
                try:
                    client.send("bonjour")
                    assert client.recv(10) == "bonjour"
                except ConnectionClosed as error:
                    if error.rcvd is None or error.rcvd.code != 1001:
                        raise
                    tally.goodbyes += 1
                    return
                tally.good += 1
                time.sleep(_PAUSE)
