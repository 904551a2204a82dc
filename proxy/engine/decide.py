"""What happens to a URL, before any body is read: the one function that the gateway, ``preau
explain`` and policy tests all ask, so that an explanation can never differ from the deed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from proxy.blocking import Block, Blocker, Category, RequestFacts
from proxy.blocking.cname import uncloak
from proxy.policy.model import HostVerdict, Treatment
from proxy.policy.policy import Policy
from proxy.privacy import Rule
from proxy.reasons import Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on a URL and who made it. ``reason`` is empty unless nothing leaves."""

    host: HostVerdict
    block: Block | None
    reason: Reason | None
    uncloaked: str = ""
    """The name behind the host that the block is for; empty when it is for the host itself."""

    @property
    def word(self) -> str:
        """``forward``, ``tunnel``, ``block`` or ``refuse``."""
        if self.block:
            return "block"
        if self.reason:
            return "refuse"
        return "tunnel" if self.host.treatment is Treatment.TUNNEL else "forward"


def decide_host(policy: Policy, blocker: Blocker, host: str) -> Verdict:
    """What can be said when only the host is known (CONNECT, SNI).

    A whole-host block rule wins over a tunnel: nothing of a tracker needs reading to be
    closed. It does not win over ``inspect``: there the URL decides, later.
    """
    verdict = policy.verdict(host)
    if verdict.treatment is not Treatment.INSPECT:
        block = blocker.check_host(host)
        if block:
            return Verdict(verdict, block, Reason.TRACKER_BLOCKED)
    if verdict.treatment is Treatment.DENY:
        return Verdict(verdict, None, Reason(verdict.reason or Reason.SERVICE_DENIED))
    return Verdict(verdict, None, None)


def decide_url(
    policy: Policy,
    blocker: Blocker,
    host: str,
    url: str,
    facts: RequestFacts,
    names: Iterable[str] = (),
) -> Verdict:
    """The full decision for one request of a connection that is not tunnelled.

    ``names`` are those of other sites that the host is known to stand for.
    """
    by_host = decide_host(policy, blocker, host)
    if not by_host.block and by_host.host.treatment is Treatment.TUNNEL:
        return by_host
    block = blocker.check(url, facts.source, facts.type, facts.top_level)
    if by_host.block and not (block and block.redirect):
        return by_host  # else the rule on the URL: it says what to answer with
    if block is None and facts.dns:
        block = _dns_block(by_host)
    if block:
        return Verdict(by_host.host, block, Reason.TRACKER_BLOCKED)
    if names and looks_behind(policy, by_host, facts):
        found = uncloak(blocker, url, facts, names)
        if found is not None:
            return Verdict(by_host.host, found.block, Reason.TRACKER_BLOCKED, found.name)
    return by_host


def looks_behind(policy: Policy, verdict: Verdict, facts: RequestFacts) -> bool:
    """Whether it matters what the host stands for: nothing else decided, and no page is opened."""
    if verdict.block or verdict.reason or facts.top_level or not policy.site.dns.uncloak:
        return False
    service = verdict.host.service
    return (
        verdict.host.treatment is Treatment.INSPECT
        and service is not None
        and Rule.CLOAKED_NAMES in service.privacy
    )


def _dns_block(verdict: Verdict) -> Block | None:
    """A name look-up inside HTTP, as the service's policy says."""
    service = verdict.host.service
    if service is None or Rule.DNS_OVER_HTTPS not in service.privacy:
        return None
    ref = service.privacy.refs.get(Rule.DNS_OVER_HTTPS)
    if ref is None:
        return Block(Rule.DNS_OVER_HTTPS, "privacy", "site.yaml", 1, Category.BYPASS)
    return Block(ref.text, "privacy", ref.file, ref.line, Category.BYPASS)
