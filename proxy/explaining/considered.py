"""What else speaks of a request, and why it does not decide: rules, exceptions, list lines."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.blocking import RequestFacts
from proxy.engine.decide import Verdict, View
from proxy.policy.hosts import normal_host
from proxy.policy.model import Treatment
from proxy.reasons import Reason
from proxy.timetable import Entry, Person, Why
from proxy.timetable.moments import shown

_WORDS = {
    Why.REVOKED: "it was revoked",
    Why.NOT_YET: "it has not begun",
    Why.OTHER_SCHOOL: "it is for other schools",
    Why.OTHER_GROUP: "it is for another group",
    Why.OTHER_CLASS: "it is for another class",
    Why.OTHER_TIME: "it does not hold at this time",
}


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule that speaks of the request without deciding it."""

    rule: str
    where: str
    why: str


def weigh_entries(
    view: View, host: str, verdict: Verdict, person: Person, now: float
) -> list[Considered]:
    """Rules and exceptions about this host, its service, or the list that has it."""
    deciding = {id(verdict.by), id(verdict.spared_by)}
    found = []
    for entry in view.policy.timetable.entries:
        if id(entry) in deciding or not _concerns(entry, host, verdict):
            continue
        why = _why(view, entry, verdict, person, now)
        found.append(Considered(f"{entry.name}: {entry.says}", str(entry.ref), why))
    return found


def weigh_lists(view: View, url: str, facts: RequestFacts, verdict: Verdict) -> list[Considered]:
    """Lines of lists that name this request and are kept from blocking it."""
    if verdict.block is not None or verdict.host.treatment is Treatment.TUNNEL:
        return []
    weighed = view.blocker.weigh(url, facts.source, facts.type, facts.top_level)
    if weighed is None:
        return []
    rule, exception = weighed
    if exception is None:
        why = "this list is about what pages load, not about pages that a person opens"
    else:
        why = f"an exception spares it: {exception.rule} ({exception.file}:{exception.line})"
    return [Considered(rule.rule, f"{rule.file}:{rule.line}", why)]


def _concerns(entry: Entry, host: str, verdict: Verdict) -> bool:
    what, block = entry.what, verdict.block or verdict.spared
    name = normal_host(host)
    service = verdict.host.service
    if service is not None and service.name in what.services:
        return True
    if any(name == one or (one[:2] == "*." and name.endswith(one[1:])) for one in what.hosts):
        return True
    if block is None:
        return False
    return bool({block.list, "*"} & set(what.lists)) or block.category.value in what.categories


def _why(view: View, entry: Entry, verdict: Verdict, person: Person, now: float) -> str:
    calendar = view.policy.timetable.calendar
    missed = entry.misses(calendar, person, now)
    if missed is Why.EXPIRED and entry.terms is not None:
        return f"it ended at {shown(entry.terms.ends, calendar.zone)}"
    if missed is not None:
        return _WORDS[missed]
    if entry.treatment is not None:
        if verdict.reason is Reason.CHARTER_NOT_ADHERED:
            return "no rule lets data go to a supplier who has not adhered to the charter"
        if entry.treatment is Treatment.INSPECT and verdict.by is None:
            return "the host is on a never-inspect list: no rule decrypts it"
    if entry.blocking:
        return "it leaves the lists in force"
    return "it changes nothing here" if verdict.block is None else "another one comes first"
