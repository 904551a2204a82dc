"""A name server of ours on loopback, honest or not, over UDP and TCP on one port.

with NameServer({"metrics.school.example": ["school.tracker.example"]}) as dns:
    site = f"dns: {{resolvers: ['{dns.address}']}}"
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

type Reply = Callable[[dns.message.Message], Sequence[bytes]]
"""From a query to the datagrams that answer it: none, one, or several."""


def chain(query: dns.message.Message, names: Sequence[str], ttl: int = 300) -> dns.message.Message:
    """An honest answer: the question's name stands for these, the last of which has an address."""
    answer = dns.message.make_response(query)
    owner = str(query.question[0].name)
    for name in names:
        answer.answer.append(dns.rrset.from_text(owner, ttl, "IN", "CNAME", f"{name}."))
        owner = f"{name}."
    answer.answer.append(dns.rrset.from_text(owner, ttl, "IN", "A", "127.0.0.1"))
    return answer


def refused(query: dns.message.Message, rcode: dns.rcode.Rcode) -> bytes:
    """An answer with nothing but a code."""
    answer = dns.message.make_response(query)
    answer.set_rcode(rcode)
    return answer.to_wire()


class NameServer:
    """``zone`` gives the chain of a name (none: NXDOMAIN); ``reply`` replaces UDP's answer."""

    def __init__(
        self,
        zone: Mapping[str, Sequence[str]] | None = None,
        reply: Reply | None = None,
        *,
        delay: float = 0.0,
        ttl: int = 300,
    ) -> None:
        self.zone = dict(zone or {})
        self.reply = reply
        self.delay = delay
        self.ttl = ttl
        self.asked: list[str] = []
        """Names asked for over UDP, in order."""
        self.over_tcp: list[str] = []
        self._udp, self._tcp = self._sockets()

    @staticmethod
    def _sockets() -> tuple[socket.socket, socket.socket]:
        while True:
            tcp = socket.create_server(("127.0.0.1", 0))
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind(tcp.getsockname())
            except OSError:  # taken by somebody else's UDP: another
                tcp.close()
                udp.close()
                continue
            return udp, tcp

    @property
    def server(self) -> tuple[str, int]:
        """Address and port."""
        host, port = self._udp.getsockname()
        return host, port

    @property
    def address(self) -> str:
        """The same, as the settings write it."""
        return "{}:{}".format(*self.server)

    def honest(self, query: dns.message.Message) -> dns.message.Message:
        """What the zone says."""
        name = str(query.question[0].name).rstrip(".").lower()
        if name not in self.zone:
            answer = dns.message.make_response(query)
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        return chain(query, self.zone[name], self.ttl)

    def __enter__(self) -> Self:
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._udp, self._tcp):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve_udp(self) -> None:
        while True:
            try:
                data, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            threading.Thread(target=self._answer_udp, args=(data, peer), daemon=True).start()

    def _answer_udp(self, data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self.asked.append(str(query.question[0].name).rstrip("."))
        time.sleep(self.delay)
        replies = self.reply(query) if self.reply else [self.honest(query).to_wire()]
        with contextlib.suppress(OSError):
            for reply in replies:
                self._udp.sendto(reply, peer)

    def _serve_tcp(self) -> None:
        while True:
            try:
                sock, _ = self._tcp.accept()
            except OSError:
                return
            with sock, contextlib.suppress(OSError):
                sock.settimeout(5)
                length = int.from_bytes(sock.recv(2))
                query = dns.message.from_wire(sock.recv(length))
                self.over_tcp.append(str(query.question[0].name).rstrip("."))
                wire = self.honest(query).to_wire()
                sock.sendall(len(wire).to_bytes(2) + wire)


def truncated(query: dns.message.Message) -> Sequence[bytes]:
    """Nothing but the word that TCP has more."""
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.TC
    return [answer.to_wire()]
