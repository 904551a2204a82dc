"""What happens to a URL, before any body is read: the one function that the gateway, ``preau
explain`` and policy tests all ask, so that an explanation can never differ from the deed.

A decision is a function of the facts, the policy, who asks and what time it is. Whoever asks
brings a ``View``: the policy and lists as they hold for one client at one moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from proxy.blocking import Block, Blocker, Category, RequestFacts
from proxy.blocking.cname import uncloak
from proxy.blocking.lists import DEMANDED
from proxy.policy.hosts import normal_host
from proxy.policy.model import HostVerdict, OnProfiling, Treatment
from proxy.policy.policy import Policy
from proxy.privacy import Rule
from proxy.reasons import Reason
from proxy.timetable import NOTHING, Entry, Sheet


class View(NamedTuple):
    """What holds for one client at one moment."""

    policy: Policy
    blocker: Blocker
    """The lists that are in force for this client now."""
    sheet: Sheet = NOTHING
    all_lists: Blocker | None = None
    """Every list of the site, where some are off for this client: to say what they let pass."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on a URL and who made it. ``reason`` is empty unless nothing leaves."""

    host: HostVerdict
    block: Block | None
    reason: Reason | None
    by: Entry | None = None
    """The rule or exception that gave the host its treatment, where one did."""
    spared: Block | None = None
    """What a list would have blocked, where a rule or an exception let it pass."""
    spared_by: Entry | None = None
    observed: Block | None = None
    """A rule about reports on behaviour that would block, where the policy only observes."""
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

    @property
    def exceptions(self) -> list[Entry]:
        """The exceptions without which this would have been another decision."""
        used = (self.by, self.spared_by)
        return [one for one in used if one is not None and one.terms is not None]


def decide_host(view: View, host: str) -> Verdict:
    """What can be said when only the host is known (CONNECT, SNI).

    A whole-host block rule wins over a tunnel: nothing of a tracker needs reading to be
    closed. It does not win over ``inspect``: there the URL decides, later.
    """
    treated, by = _treatment(view, host)
    if treated.treatment is Treatment.INSPECT:
        return Verdict(treated, None, None, by)
    return _by_host(view, host, treated, by)


def decide_url(
    view: View, host: str, url: str, facts: RequestFacts, names: Iterable[str] = ()
) -> Verdict:
    """The full decision for one request of a connection that is not tunnelled.

    The URL is asked first of a denied host too: it may name the very line, and the stand-in
    for a script. What the URL leaves open the host may close. ``names`` are those of other
    sites that the host is known to stand for.
    """
    treated, by = _treatment(view, host)
    if treated.treatment is Treatment.TUNNEL:
        by_host = _by_host(view, host, treated, by)
        if by_host.block is None:
            return by_host
    spared = None
    block = view.blocker.check(url, facts.source, facts.type, facts.top_level)
    if block is None and facts.dns:
        block = _dns_block(treated)
    if block is None:
        if treated.treatment is not Treatment.INSPECT:
            return _by_host(view, host, treated, by)
        if names:
            behind = _behind(view, host, url, facts, names, treated, by)
            if behind is not None:
                return behind
        if view.all_lists is None:
            return Verdict(treated, None, None, by)
        spared = view.all_lists.check(url, facts.source, facts.type, facts.top_level)
    return _verdict(view, host, treated, by, block, spared)


def _behind(
    view: View,
    host: str,
    url: str,
    facts: RequestFacts,
    names: Iterable[str],
    treated: HostVerdict,
    by: Entry | None,
) -> Verdict | None:
    """The block by a name that the host stands for, if there is one."""
    if not looks_behind(view, host, Verdict(treated, None, None, by), facts):
        return None
    found = uncloak(view.blocker, url, facts, names)
    if found is None or view.sheet.sparing(normal_host(found.name)):
        return None
    return Verdict(treated, found.block, Reason.TRACKER_BLOCKED, by, uncloaked=found.name)


def _by_host(view: View, host: str, treated: HostVerdict, by: Entry | None) -> Verdict:
    """A verdict on a host whose URLs are not read, or are not known to any list."""
    spared = None
    block = view.blocker.check_host(host)
    if block is None and view.all_lists is not None:
        spared = view.all_lists.check_host(host)
    return _verdict(view, host, treated, by, block, spared)


def _verdict(
    view: View,
    host: str,
    treated: HostVerdict,
    by: Entry | None,
    block: Block | None,
    spared: Block | None,
) -> Verdict:
    observed = None
    if block is not None:
        block, observed = _in_force(view.policy, treated, block)
    block, spared, spared_by = _spare(view, host, block, spared)
    if block is not None:
        return Verdict(treated, block, Reason.TRACKER_BLOCKED, by)
    reason = None
    if treated.treatment is Treatment.DENY:
        reason = Reason(treated.reason or Reason.SERVICE_DENIED)
    return Verdict(treated, None, reason, by, spared, spared_by, observed)


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


_NOTHING_SPARED = (None, None, None)


def _spare(
    view: View, host: str, block: Block | None, spared: Block | None
) -> tuple[Block | None, Block | None, Entry | None]:
    """What still blocks, what would have, and the entry that lets it pass."""
    if block is not None:
        entry = view.sheet.sparing(normal_host(host))
        return (block, None, None) if entry is None else (None, block, entry)
    if spared is None:
        return _NOTHING_SPARED
    return None, spared, view.sheet.switched_off(spared.list, spared.category.value)


def _treatment(view: View, host: str) -> tuple[HostVerdict, Entry | None]:
    """The treatment that the files give a host, unless a rule or an exception gives another.

    Two things no rule can do: decrypt what is never to be inspected, and let data go to a
    supplier who has not adhered.
    """
    verdict = view.policy.verdict(host)
    if not view.sheet.treats:
        return verdict, None
    name = verdict.service.name if verdict.service else ""
    entry = view.sheet.treatment(normal_host(host), name)
    if entry is None or verdict.reason == Reason.CHARTER_NOT_ADHERED:
        return verdict, None
    treatment = entry.treatment or verdict.treatment
    if treatment is Treatment.DENY:
        reason = Reason.RULE_DENIED.value
        return HostVerdict(treatment, entry.ref, verdict.service, reason), entry
    if treatment is Treatment.INSPECT:
        never = view.policy.never_decrypted(normal_host(host))
        if never is not None:
            return HostVerdict(Treatment.TUNNEL, never, verdict.service), None
    return HostVerdict(treatment, entry.ref, verdict.service), entry


def looks_behind(view: View, host: str, verdict: Verdict, facts: RequestFacts) -> bool:
    """Whether it matters what the host stands for: nothing else decided, and no page is opened."""
    site, service = view.policy.site, verdict.host.service
    if verdict.block or verdict.reason or facts.top_level or not site.dns.uncloak:
        return False
    return (
        verdict.host.treatment is Treatment.INSPECT
        and service is not None
        and Rule.CLOAKED_NAMES in service.privacy
        and view.sheet.sparing(normal_host(host)) is None
    )


def _dns_block(treated: HostVerdict) -> Block | None:
    """A name look-up inside HTTP, as the service's policy says."""
    service = treated.service
    if service is None or Rule.DNS_OVER_HTTPS not in service.privacy:
        return None
    ref = service.privacy.refs.get(Rule.DNS_OVER_HTTPS)
    if ref is None:
        return Block(Rule.DNS_OVER_HTTPS, "privacy", "site.yaml", 1, Category.BYPASS)
    return Block(ref.text, "privacy", ref.file, ref.line, Category.BYPASS)
