"""HTTP/2 peers made of hyper-h2: a client with control of each frame, a server that records."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from hyperframe.frame import GoAwayFrame

from tests.sim.raw_client import open_tunnel
from tests.sim.raw_server import TIMEOUT

type Fields = list[tuple[bytes, bytes]]


@dataclass
class H2Message:
    """A request or an answer as received."""

    headers: Fields = field(default_factory=list)
    body: bytes = b""
    trailers: Fields = field(default_factory=list)
    ended: bool = False
    reset: int | None = None
    """The error code when the stream was reset."""

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(dict(self.headers)[b":status"])

    def header(self, name: bytes) -> bytes | None:
        """One field's value."""
        return dict(self.headers).get(name)


class _Peer:
    def __init__(self, sock: socket.socket, client_side: bool) -> None:
        self.sock = sock
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=client_side,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        # hyper-h2 takes any GOAWAY for the end; streams in flight may well finish after it
        self.h2._frame_dispatch_table[GoAwayFrame] = self._receive_goaway
        self.messages: dict[int, H2Message] = {}
        self.goaway: int | None = None
        self.ended = False
        self.timed_out = False
        """Whether it ended because nothing came, not because the peer did."""
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(2**24)
        self.flush()

    def _receive_goaway(self, frame: GoAwayFrame) -> tuple[list[Any], list[Any]]:
        self.goaway = frame.error_code
        return [], []

    def flush(self) -> None:
        """Send what hyper-h2 has ready."""
        with contextlib.suppress(OSError):
            self.sock.sendall(self.h2.data_to_send())

    def pump(self) -> list[h2.events.Event]:
        """Receive once; gives the events, and records messages."""
        try:
            data = self.sock.recv(65536)
            events = self.h2.receive_data(data) if data else []
        except (OSError, h2.exceptions.ProtocolError) as error:
            self.timed_out = isinstance(error, TimeoutError)
            data, events = b"", []
        self.ended = self.ended or not data
        for event in events:
            self._record(event)
        self.flush()
        return events

    def _record(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived() | h2.events.ResponseReceived():
                self.messages[event.stream_id] = H2Message(list(event.headers))
            case h2.events.DataReceived():
                message = self.messages.setdefault(event.stream_id, H2Message())
                message.body += event.data
                if event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.TrailersReceived():
                self.messages[event.stream_id].trailers = list(event.headers)
            case h2.events.StreamEnded():
                self.messages[event.stream_id].ended = True
            case h2.events.StreamReset():
                message = self.messages.setdefault(event.stream_id, H2Message())
                message.reset = int(event.error_code)

    def close(self) -> None:
        """Close at once."""
        self.ended = True
        with contextlib.suppress(OSError):
            self.sock.close()


class H2Client(_Peer):
    """``client.wait(client.request("classroom.example", "/v1/x"))`` gives the answer."""

    @classmethod
    def connect(
        cls, proxy_port: int, host: str, context: ssl.SSLContext, *, sni: str | None = None
    ) -> Self:
        """Through the gateway; ``context`` must offer h2."""
        sock = open_tunnel(proxy_port, host, context, sni=sni)
        assert isinstance(sock, ssl.SSLSocket)
        assert sock.selected_alpn_protocol() == "h2"
        return cls(sock, client_side=True)

    def request(
        self,
        host: str,
        path: str = "/",
        method: str = "GET",
        body: bytes | None = None,
        fields: Fields | None = None,
        *,
        end: bool = True,
    ) -> int:
        """Send a request, give its stream; no ``content-length`` unless in ``fields``."""
        stream = self.h2.get_next_available_stream_id()
        headers = [
            (b":method", method.encode()),
            (b":scheme", b"https"),
            (b":path", path.encode()),
            (b":authority", host.encode()),
            *(fields or []),
        ]
        self.h2.send_headers(stream, headers, end_stream=body is None and end)
        self.messages[stream] = H2Message()
        self.flush()
        if body is not None:
            self.data(stream, body, end=end)
        return stream

    def data(self, stream: int, data: bytes, *, end: bool) -> None:
        """Send body bytes, waiting for window as needed."""
        while data or end:
            window = self.h2.local_flow_control_window(stream)
            if data and not window:
                self.pump()
                continue
            piece, data = data[: min(window, 16384)], data[min(window, 16384) :]
            self.h2.send_data(stream, piece, end_stream=end and not data)
            self.flush()
            if end and not data:
                return

    def wait(self, stream: int) -> H2Message:
        """Receive until ``stream`` has ended, was reset, or the connection ended."""
        message = self.messages[stream]
        while not (message.ended or message.reset is not None or self.ended):
            self.pump()
            message = self.messages[stream]
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class H2Answer:
    """What the server answers."""

    status: int = 200
    body: bytes = b"ok"
    fields: Fields = field(default_factory=list)
    trailers: Fields = field(default_factory=list)


type Responder = Callable[[H2Message], H2Answer | None]
"""``None`` leaves the request unanswered (the test answers by itself, or not)."""


class H2Server:
    """An HTTP/2 service on a free port; ``requests`` records every request in order."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        responder: Responder = lambda _request: H2Answer(),
        *,
        goodbye_every: int = 0,
    ) -> None:
        self._tls = tls
        self._responder = responder
        self._goodbye_every = goodbye_every
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[H2Message] = []
        self.peers: list[_Peer] = []

    @property
    def address(self) -> tuple[str, int]:
        """For ``WorkerSettings.resolve``."""
        return "127.0.0.1", self.port

    @property
    def everything(self) -> bytes:
        """Every header, body and trailer byte received, in one string to search in."""
        parts: list[bytes] = []
        for peer in self.peers:
            for message in peer.messages.values():
                for name, value in [*message.headers, *message.trailers]:
                    parts += [name, b": ", value, b"\r\n"]
                parts.append(message.body)
        return b"".join(parts)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            peer.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(TIMEOUT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            peer = _Peer(self._tls.wrap_socket(sock, server_side=True), client_side=False)
        except OSError:
            return
        self.peers.append(peer)
        while not peer.ended:
            for event in peer.pump():
                if isinstance(event, h2.events.StreamEnded):
                    self._answer(peer, event.stream_id)
        peer.close()

    def _answer(self, peer: _Peer, stream: int) -> None:
        request = peer.messages[stream]
        self.requests.append(request)
        answer = self._responder(request)
        if self._goodbye_every and len(peer.messages) % self._goodbye_every == 0:
            _say_goodbye(peer, stream)
        if answer is not None:
            with contextlib.suppress(h2.exceptions.ProtocolError):
                send_answer(peer, stream, answer)


def _say_goodbye(peer: _Peer, last_stream: int) -> None:
    """GOAWAY without hyper-h2 noticing, which would refuse to answer afterwards."""
    peer.h2._prepare_for_sending([GoAwayFrame(0, last_stream_id=last_stream, error_code=0)])
    peer.flush()


def send_answer(peer: _Peer, stream: int, answer: H2Answer) -> None:
    """Send a whole answer on a stream."""
    headers = [(b":status", b"%d" % answer.status), *answer.fields]
    peer.h2.send_headers(stream, headers, end_stream=not (answer.body or answer.trailers))
    for start in range(0, len(answer.body), 16384):
        piece = answer.body[start : start + 16384]
        last = start + 16384 >= len(answer.body)
        while peer.h2.local_flow_control_window(stream) < len(piece) and not peer.ended:
            peer.flush()
            peer.pump()
        peer.h2.send_data(stream, piece, end_stream=last and not answer.trailers)
    if answer.trailers:
        peer.h2.send_headers(stream, answer.trailers, end_stream=True)
    peer.flush()
