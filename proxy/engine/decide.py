"""What happens to a URL, before any body is read: the one function that the gateway, ``preau
explain`` and policy tests all ask, so that an explanation can never differ from the deed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from proxy.blocking import Block, Blocker, RequestFacts
from proxy.blocking.lists import DEMANDED
from proxy.policy.model import HostVerdict, OnProfiling, Treatment
from proxy.policy.policy import Policy
from proxy.reasons import Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on a URL and who made it. ``reason`` is empty unless nothing leaves."""

    host: HostVerdict
    block: Block | None
    reason: Reason | None
    observed: Block | None = None
    """A rule about reports on behaviour that would block, where the policy only observes."""

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
    observed = None
    if verdict.treatment is not Treatment.INSPECT:
        block, observed = _in_force(policy, verdict, blocker.check_host(host))
        if block:
            return Verdict(verdict, block, Reason.TRACKER_BLOCKED)
    if verdict.treatment is Treatment.DENY:
        return Verdict(verdict, None, Reason(verdict.reason or Reason.SERVICE_DENIED))
    return Verdict(verdict, None, None, observed)


def decide_url(
    policy: Policy,
    blocker: Blocker,
    host: str,
    url: str,
    facts: RequestFacts,
) -> Verdict:
    """The full decision for one request of a connection that is not tunnelled."""
    by_host = decide_host(policy, blocker, host)
    if not by_host.block and by_host.host.treatment is Treatment.TUNNEL:
        return by_host
    block = blocker.check(url, facts.source, facts.type, facts.top_level)
    if by_host.block and not (block and block.redirect):
        return by_host  # else the rule on the URL: it says what to answer with
    block, observed = _in_force(policy, by_host.host, block)
    if block:
        return Verdict(by_host.host, block, Reason.TRACKER_BLOCKED)
    return replace(by_host, observed=observed) if observed else by_host


def _in_force(
    policy: Policy, verdict: HostVerdict, block: Block | None
) -> tuple[Block | None, Block | None]:
    """The rule that blocks, and the one that is only observed.

    A service may be spared rules about reports on behaviour. Where no service is named nothing
    is: such a host is denied anyhow, and its client is quieter with an answer.
    """
    service = verdict.service
    if block is None or service is None or block.category not in DEMANDED:
        return block, None
    do = service.profiling.do or policy.site.profiling
    if do is OnProfiling.BLOCK:
        return block, None
    return None, block if do is OnProfiling.OBSERVE else None
