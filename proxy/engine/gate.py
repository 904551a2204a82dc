"""The gate: what happens to a connection before a byte of it is decrypted.

Two moments. At CONNECT the client names a host; at the ClientHello the SNI names one too.
They must agree, else a tunnel allowed for one host would carry another. A connection is then
tunnelled unread, closed, or ended here (``Inspect``). Ended here does not mean sent on: a
denied or blocked host gets a page or a fitting answer from us, and no connection is opened
to it (docs/adr/0003).
"""

from __future__ import annotations

import ipaddress

from proxy.decisions import Inspect, Refuse, Tunnel
from proxy.engine import pages, record
from proxy.engine.decide import View, decide_host
from proxy.engine.exchange import Client, new_incident
from proxy.engine.ruling import Ruling
from proxy.engine.snapshot import Snapshot
from proxy.policy.hosts import normal_host
from proxy.policy.model import Treatment
from proxy.reasons import Reason

RAW_PORTS = {53, 5353}
"""mitmproxy would read DNS on these ports of a CONNECT, past every HTTP hook."""


def at_connect(snapshot: Snapshot, host: str, port: int, client: Client, now: float) -> Ruling:
    """The ruling on a CONNECT (or its like): ``Tunnel``, ``Inspect`` or ``Refuse``."""
    if port in RAW_PORTS:
        return deny(snapshot, client, Reason.MALFORMED_REQUEST)
    if is_ip(host):
        return _unidentified(snapshot, client, now, Reason.IP_LITERAL)
    verdict = decide_host(snapshot.view(client, now), host)
    if verdict.host.treatment is not Treatment.TUNNEL:
        return Ruling(Inspect())
    if verdict.block:
        incident = new_incident()
        event = record.blocked(snapshot.policy, client, verdict, incident)
        refusal = _refuse(snapshot, Reason.TRACKER_BLOCKED, incident)
        return Ruling(refusal, [event], hit=verdict.block.list)
    return Ruling(Tunnel())


def at_hello(
    snapshot: Snapshot,
    host: str,
    port: int,
    sni: str | None,
    client: Client,
    now: float,
    hidden: bool = False,
) -> Ruling:
    """The ruling on a ClientHello inside a connection that was opened for ``host``.

    ``hidden``: it carries a second name, encrypted (ECH), or what looks like one. That matters
    only where it would pass unread: where TLS ends here, the second name is never used.
    """
    if not sni:
        ruling = _unidentified(snapshot, client, now, Reason.NO_SNI, host)
    elif normal_host(sni) != host:
        ruling = _unidentified(snapshot, client, now, Reason.HOST_MISMATCH, host, sni)
    else:
        ruling = at_connect(snapshot, host, port, client, now)
    may_hide = snapshot.policy.site.hidden_names is Treatment.TUNNEL
    if hidden and not may_hide and isinstance(ruling.decision, Tunnel):
        return deny(snapshot, client, Reason.HIDDEN_NAME)
    if isinstance(ruling.decision, Tunnel) and not ruling.events:
        verdict = decide_host(snapshot.view(client, now), host)
        policy, service = snapshot.policy, verdict.host.service
        events = [
            record.tunnelled(policy, client, verdict),
            *record.passed(policy, client, verdict),
        ]
        if verdict.observed:
            events.append(record.profiling_observed(policy, client, service, verdict.observed))
        return Ruling(Tunnel(service.name if service else ""), events)
    return ruling


def is_ip(host: str) -> bool:
    """Whether ``host`` is an address, in any form that a resolver might accept as one."""
    text = host.strip("[]").rstrip(".")
    try:
        ipaddress.ip_address(text)
    except ValueError:
        last = text.rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
    return True


def _unidentified(
    snapshot: Snapshot, client: Client, now: float, reason: Reason, *names: str
) -> Ruling:
    """The site's treatment, where no name that the connection did give forbids it.

    Else leaving the SNI out would lead an inspected, denied or blocked host past us.
    """
    treatment = snapshot.policy.site.unidentified
    view = snapshot.view(client, now)
    if treatment is Treatment.TUNNEL and all(_may_tunnel(view, name) for name in names):
        return Ruling(Tunnel())
    return deny(snapshot, client, reason)


def deny(snapshot: Snapshot, client: Client, reason: Reason) -> Ruling:
    """The ruling that a connection is not made."""
    incident = new_incident()
    event = record.denied(snapshot.policy, client, reason, incident)
    return Ruling(_refuse(snapshot, reason, incident), [event])


def _may_tunnel(view: View, name: str) -> bool:
    host = normal_host(name)
    if not host or is_ip(host):
        return True
    return decide_host(view, host).word == "tunnel"


def _refuse(snapshot: Snapshot, reason: Reason, incident: str) -> Refuse:
    contact = snapshot.policy.site.contact
    return Refuse(reason, incident, pages.refusal(reason, incident, "text/plain", contact))
