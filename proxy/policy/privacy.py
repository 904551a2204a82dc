"""From the words of the site and of a service to the service's ``Plan``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proxy.policy.document import Document, Location
from proxy.policy.hosts import HostTable, normal_host
from proxy.policy.model import RuleRef
from proxy.policy.privacy_schema import IN_FORCE, SIGN_IN_HOSTS, PrivacyFile, setting
from proxy.privacy.plan import Matches, Plan
from proxy.privacy.rules import Rule

type Words = Mapping[Rule, tuple[bool, RuleRef]]
"""Of each rule that is written: whether it is in force, and where that is said."""

_SAFE = {
    Rule.REFERER: "trim",
    Rule.PRIVACY_SIGNAL: "send",
    Rule.DNS_OVER_HTTPS: "block",
    Rule.CLOAKED_NAMES: "check",
}


def words(document: Document, written: PrivacyFile) -> Words:
    """What one file says, rule by rule."""
    found = {}
    for rule in Rule:
        word = written.word(rule)
        if word is not None:
            location: Location = ("privacy", setting(rule))
            line = document.key_mark(location).line
            text = f"{setting(rule)}: {word.value}"
            found[rule] = (word in IN_FORCE, RuleRef(document.file, line, text))
    return found


def plan(site: Words, service: Words, hosts: Sequence[str], kept: Sequence[str], file: str) -> Plan:
    """The plan of a service: its own word, else the site's, else the safe one."""
    on, refs = set(), {}
    for rule in Rule:
        said = service.get(rule) or site.get(rule)
        if said is None:
            text = f"{setting(rule)}: {_SAFE.get(rule, 'remove')} (default)"
            said = (True, RuleRef(file, 1, text))
        in_force, refs[rule] = said
        if in_force:
            on.add(rule)
    return Plan(on, refs, matcher(hosts), matcher((*SIGN_IN_HOSTS, *kept)))


def matcher(hosts: Sequence[str]) -> Matches:
    """Whether a host is one of these, or below one of their ``*.``."""
    table: HostTable[bool] = HostTable()
    for host in hosts:
        table.add(host, True)
    return lambda host: table.find(normal_host(host)) is not None
