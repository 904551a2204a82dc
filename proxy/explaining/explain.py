"""The answer to a question, put together from the gateway's own decision."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from proxy.blocking import Block, RequestFacts, RequestType, facts_of
from proxy.engine import Client
from proxy.engine.decide import Verdict, View, decide_url, looks_behind
from proxy.engine.gate import is_ip
from proxy.engine.profiling import as_block, spared_by, standing_of
from proxy.engine.snapshot import Snapshot
from proxy.engine.sub_requests import endpoint_inside
from proxy.errors import InputError
from proxy.explaining.bodies import FieldUse, uses
from proxy.explaining.considered import Considered, weigh_entries, weigh_lists
from proxy.explaining.ways import Way, ways
from proxy.policy.hosts import normal_host
from proxy.policy.model import OnProfiling, RuleRef, Treatment
from proxy.privacy import Plan
from proxy.profiling import detect
from proxy.reasons import Reason
from proxy.timetable import Person
from proxy.timetable.moments import instant, shown


@dataclass(frozen=True, slots=True)
class Question:
    """One URL, what a client would say of it, who asks and when."""

    url: str
    type: str = ""
    source: str = ""
    method: str = "GET"
    client: str = "127.0.0.1"
    """An address; ``school``, ``group`` and ``classes`` win over what its network says."""
    school: str = ""
    group: str = ""
    classes: str = ""
    """With commas between them."""
    content_type: str = ""
    """What the body is declared to be."""
    at: str = ""
    """A moment of the site's wall clock; empty: now."""


@dataclass(frozen=True, slots=True)
class PrivacyWord:
    """One privacy rule of a service: its words, and where they stand."""

    rule: str
    in_force: bool
    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer; empty strings and a zero line where a field does not apply."""

    decision: str
    reason: str
    rule: str
    list: str
    file: str
    line: int
    service: str
    treatment: str
    category: str = ""
    redirect: str = ""
    """The stand-in that a blocked script is answered with."""
    endpoint: str = ""
    at: str = ""
    school: str = ""
    group: str = ""
    who_when: str = ""
    """The rule or exception by school, group or hour that made this decision, by its name."""
    who_when_at: str = ""
    """Its file and line."""
    spared: str = ""
    """The rule of a list that would have blocked, had a rule or an exception not let it pass."""
    stripped: tuple[str, ...] = ()
    """Rules that take parameters out of the address."""
    uncloaked: str = ""
    """The name behind the host that the rule is for (CNAME); empty when it is for the host."""
    privacy: tuple[PrivacyWord, ...] = ()
    """What the service's privacy rules say of what passes."""
    considered: tuple[Considered, ...] = ()
    unblock: tuple[Way, ...] = ()
    fields: tuple[FieldUse, ...] = field(default=())
    """With a body: the field rules that meet something in it."""

    def document(self) -> dict[str, object]:
        """The JSON form, stable: other tools read it."""
        return asdict(self)


def explain(
    snapshot: Snapshot,
    question: Question,
    body: bytes | None = None,
    stands_for: Callable[[str], tuple[str, ...]] = lambda host: (),
) -> Explanation:
    """Decide as the gateway would. Raises ``InputError`` for what is not a question.

    ``stands_for`` tells what names a host stands for; it is asked only where the gateway would.
    """
    host, target = _parts(question.url)
    policy = snapshot.policy
    if is_ip(host):
        return _unidentified(policy.site.unidentified, policy.site.ref("unidentified"))
    now, client = _moment(snapshot, question.at), _client(snapshot, question)
    view = snapshot.view(client, now)
    facts = _facts(question, host, target)
    verdict = decide_url(view, host, question.url, facts)
    if looks_behind(view, host, verdict, facts) and (names := stands_for(host)):
        verdict = decide_url(view, host, question.url, facts, names)
    verdict = _by_form(view, verdict, question, host, target, body or b"")
    service = verdict.host.service
    open_ = verdict.word == "forward" and service is not None
    endpoint = (
        service.endpoints.find(question.method, target.partition("?")[0]) if service else None
    )
    person = Person(client.school, client.group, client.classes)
    return Explanation(
        **_decided(verdict),
        endpoint=endpoint.template if endpoint else "",
        at=shown(now, policy.timetable.calendar.zone),
        school=client.school,
        group=client.group,
        stripped=_stripped(view, host, question.url, facts) if open_ else (),
        considered=(
            *weigh_entries(view, host, verdict, person, now),
            *weigh_lists(view, question.url, facts, verdict),
        ),
        unblock=tuple(ways(host, verdict, person, page=facts.top_level)),
        fields=tuple(
            uses(
                snapshot, endpoint, body, endpoint_inside(service.endpoints, endpoint, host, target)
            )
        )
        if body and endpoint and service and open_
        else (),
    )


def _by_form(
    view: View, verdict: Verdict, question: Question, host: str, target: str, body: bytes
) -> Verdict:
    """The verdict, or a block by the form of what would be sent."""
    service = verdict.host.service
    if verdict.word != "forward" or service is None:
        return verdict
    method = "POST" if body and question.method == "GET" else question.method
    headers = ((b"content-type", question.content_type.encode()),)
    found = detect.in_head(method, target) or detect.in_body(method, target, headers, body)
    if found is None:
        return verdict
    says = standing_of(view.policy, service, found)
    if says.do is not OnProfiling.BLOCK:
        return verdict
    block, entry = as_block(found, says.ref), spared_by(view.sheet, host, found)
    if entry is not None:
        return replace(verdict, spared=block, spared_by=entry)
    return Verdict(verdict.host, block, Reason.PROFILING_BLOCKED, verdict.by)


def _moment(snapshot: Snapshot, text: str) -> float:
    if not text:
        return time.time()
    try:
        return instant(text, snapshot.policy.timetable.calendar.zone)
    except ValueError as error:
        raise InputError(f"at {text}: {error}") from None


def _client(snapshot: Snapshot, question: Question) -> Client:
    known = snapshot.policy.site.client_of(question.client)
    classes = tuple(part.strip() for part in question.classes.split(",") if part.strip())
    school, group = question.school or known.school, question.group or known.group
    return Client(school, group, "", classes or known.classes, known.restore_scope)


def _facts(question: Question, host: str, target: str) -> RequestFacts:
    """What the question says, and what a request without headers shows where it is silent."""
    kind = _kind(question.type) or facts_of(question.method, host, target, ()).type
    return RequestFacts(kind, kind is RequestType.DOCUMENT, question.source)


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host = normal_host(parts.hostname or "")
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https", "ws", "wss"):
        raise InputError("not a URL: expected https://host/path")
    query = f"?{parts.query}" if parts.query else ""
    return host, (parts.path or "/") + query


def _kind(name: str) -> RequestType | None:
    if not name:
        return None
    try:
        return RequestType(name)
    except ValueError:
        words = ", ".join(RequestType)
        raise InputError(f"unknown request type; expected one of: {words}") from None


def _unidentified(treatment: Treatment, ref: RuleRef) -> Explanation:
    tunnel = treatment is Treatment.TUNNEL
    return Explanation(
        decision="tunnel" if tunnel else "refuse",
        reason="" if tunnel else Reason.IP_LITERAL.value,
        rule=ref.text,
        list="",
        file=ref.file,
        line=ref.line,
        service="",
        treatment=treatment.value,
    )


def _decided(verdict: Verdict) -> dict[str, Any]:
    """The decision itself: what, by which rule, where it stands."""
    block, host = verdict.block, verdict.host
    by = verdict.spared_by or verdict.by
    return {
        "decision": verdict.word,
        "reason": verdict.reason.value if verdict.reason else "",
        "rule": block.rule if block else _rule_text(verdict),
        "list": block.list if block else "",
        "file": block.file if block else host.ref.file,
        "line": block.line if block else host.ref.line,
        "service": host.service.name if host.service else "",
        "treatment": host.treatment.value,
        "category": block.category.value if block else "",
        "redirect": block.redirect if block else "",
        "who_when": by.name if by else "",
        "who_when_at": str(by.ref) if by else "",
        "spared": _placed(verdict.spared),
        "uncloaked": verdict.uncloaked,
        "privacy": _privacy(host.service.privacy) if host.service else (),
    }


def _privacy(plan: Plan) -> tuple[PrivacyWord, ...]:
    return tuple(
        PrivacyWord(rule.value, rule in plan, ref.text, ref.file, ref.line)
        for rule, ref in plan.refs.items()
    )


def _rule_text(verdict: Verdict) -> str:
    by = verdict.by
    return f"{by.name}: {by.says} ({by.who}; {by.when})" if by else verdict.host.ref.text


def _placed(block: Block | None) -> str:
    return str(block) if block else ""


def _stripped(view: View, host: str, url: str, facts: RequestFacts) -> tuple[str, ...]:
    found = None if view.sheet.sparing(host) else view.blocker.strip(url, facts)
    return tuple(map(str, found.rules)) if found else ()
