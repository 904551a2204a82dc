"""What a name stands for, asked of the site's resolvers: UDP, and TCP for what UDP cuts short.

One question (type A, recursion wanted) brings the whole chain of CNAME records. Each question
has a socket and so a port of its own, and a random id; what does not answer it (another id or
question, garbage) is not looked at. Reading and writing messages is ``dnspython``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from proxy.blocking.cname import Answered, Outcome, follow

type Server = tuple[str, int]

RESOLV_CONF = Path("/etc/resolv.conf")
EACH = 1.0
"""Seconds that one resolver gets."""
ALTOGETHER = 4.0
_PAYLOAD = 1232
_UNUSABLE = (OSError, EOFError, TimeoutError, dns.exception.DNSException)


def system_resolvers(path: Path = RESOLV_CONF) -> tuple[Server, ...]:
    """The resolvers that this machine is set to; none when that cannot be read."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ()
    words = [line.split() for line in lines if line.startswith("nameserver")]
    return tuple((given[1], 53) for given in words if len(given) > 1)


async def stands_for(host: str, servers: Sequence[Server]) -> Answered:
    """The names that ``host`` leads to, from the first server that can tell. Never raises."""
    try:
        query = dns.message.make_query(host, "A", payload=_PAYLOAD)
    except dns.exception.DNSException:
        return Answered(Outcome.FAILED)
    try:
        async with asyncio.timeout(ALTOGETHER):
            for server in servers:
                answer = await _ask_one(query, server)
                if answer is not None:
                    return _read(host, answer)
    except TimeoutError:
        pass
    return Answered(Outcome.FAILED)


async def _ask_one(query: dns.message.Message, server: Server) -> dns.message.Message | None:
    """The server's answer, or ``None`` when it has none that says something of the name."""
    try:
        async with asyncio.timeout(EACH):
            answer = await _over_udp(query, server)
            if answer.flags & dns.flags.TC:
                answer = await _over_tcp(query, server)
    except _UNUSABLE:
        return None
    return answer if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) else None


class _Datagrams(asyncio.DatagramProtocol):
    """Waits for the one datagram that answers the question."""

    def __init__(self, query: dns.message.Message) -> None:
        self._query = query
        self.answer: asyncio.Future[dns.message.Message] = (
            asyncio.get_running_loop().create_future()
        )

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take it if it answers; anybody may send something else."""
        try:
            answer = dns.message.from_wire(data, ignore_trailing=True)
        except dns.exception.DNSException:
            return
        if self._query.is_response(answer) and not self.answer.done():
            self.answer.set_result(answer)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _over_udp(query: dns.message.Message, server: Server) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Datagrams(query), remote_addr=server
    )
    try:
        transport.sendto(query.to_wire())
        return await protocol.answer
    finally:
        transport.close()


async def _over_tcp(query: dns.message.Message, server: Server) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(*server)
    try:
        wire = query.to_wire()
        writer.write(len(wire).to_bytes(2) + wire)
        length = int.from_bytes(await reader.readexactly(2))
        answer = dns.message.from_wire(await reader.readexactly(length), ignore_trailing=True)
    finally:
        writer.close()
    if not query.is_response(answer):
        raise dns.exception.FormError
    return answer


def _read(host: str, answer: dns.message.Message) -> Answered:
    aliases: dict[str, str] = {}
    ttls: dict[str, int] = {}
    for rrset in answer.answer:
        owner = _text(rrset.name)
        ttls[owner] = min(rrset.ttl, ttls.get(owner, rrset.ttl))
        if rrset.rdtype == dns.rdatatype.CNAME:
            aliases.setdefault(owner, _text(rrset[0].target))
    names = follow(host, aliases)
    ttl = min((ttls[name] for name in (host, *names) if name in ttls), default=0)
    return Answered(Outcome.FOUND if names else Outcome.PLAIN, names, float(ttl))


def _text(name: object) -> str:
    return str(name).rstrip(".").lower()
