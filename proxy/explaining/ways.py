"""What would change a decision: the line to write, or the command to run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from proxy.engine.decide import Verdict
from proxy.reasons import Reason
from proxy.timetable import Person


@dataclass(frozen=True, slots=True)
class Way:
    """One way. ``where`` is a file and perhaps a line; empty for a command."""

    text: str
    what: str
    where: str = ""


def ways(host: str, verdict: Verdict, person: Person, *, page: bool) -> Iterator[Way]:
    """The narrowest first. ``page``: a person opens it."""
    if verdict.block is not None:
        yield Way("for some time, for these people", _add(host, person))
        if not verdict.block.important:
            head = " (with '! Top-level: yes' at its head)" if page else ""
            yield Way("for everybody", f"@@||{host}^", f"lists/block/ours.txt{head}")
        yield Way("for some people or hours, from now on", _rule(host, person), "rules.yaml")
    service, ref = verdict.host.service, str(verdict.host.ref)
    match verdict.host.reason:  # a blocked host may be denied besides
        case Reason.UNKNOWN_SERVICE:
            yield Way("for some time, unread", _add(host, person, "--treatment tunnel"))
            yield Way("as a service of yours", f"hosts: [{host}]", "services/NAME.yaml")
            yield Way("never read, from now on", host, "lists/never-inspect.txt")
        case Reason.SERVICE_DENIED | Reason.RULE_DENIED if service is not None:
            more = f"--service {service.name} --treatment inspect"
            yield Way("for some time, for these people", _add("", person, more))
            yield Way("from now on, change this line", "treatment: inspect", ref)
        case Reason.RULE_DENIED:
            yield Way("for some time, unread", _add(host, person, "--treatment tunnel"))
            yield Way("from now on, change or remove this rule", verdict.host.ref.text, ref)
        case Reason.CHARTER_NOT_ADHERED:
            yield Way("when you have the signed paper", "charter: {adhered: yes, …}", ref)
        case _:
            return


def _add(host: str, person: Person, more: str = "") -> str:
    words = ["preau exception add", shlex.quote(host) if host else "", more]
    words += [f"--school {shlex.quote(person.school)}" if person.school else ""]
    words += [f"--group {person.group}" if person.group else "", "--for 30m --owner … --reason …"]
    return " ".join(word for word in words if word)


def _rule(host: str, person: Person) -> str:
    who = f"groups: {person.group}" if person.group else ""
    if person.school:
        who = f"schools: {person.school}, {who}"
    return f"- {{rule: NAME, who: {{{who}}}, hosts: {host}, blocking: off}}"
