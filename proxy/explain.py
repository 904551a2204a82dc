"""``preau explain``: what would happen to a URL, and which rule of which file says so.

It asks the very functions that the gateway asks (``proxy.engine.decide``), so an explanation
cannot differ from the deed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from proxy.blocking import RequestFacts, RequestType, facts_of
from proxy.engine.decide import Verdict, decide_url, looks_behind
from proxy.engine.gate import is_ip
from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError
from proxy.policy.hosts import normal_host
from proxy.policy.model import RuleRef, Treatment
from proxy.privacy import Plan
from proxy.reasons import Reason


@dataclass(frozen=True, slots=True)
class Question:
    """One URL, and what a client would say of it."""

    url: str
    type: str = ""
    source: str = ""
    method: str = "GET"
    client: str = "127.0.0.1"


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
    uncloaked: str = ""
    """The name behind the host that the rule is for (CNAME); empty when it is for the host."""
    privacy: tuple[PrivacyWord, ...] = ()
    """What the service's privacy rules say of what passes."""

    def document(self) -> dict[str, object]:
        """The JSON form, stable: other tools read it."""
        return asdict(self)


def explain(
    snapshot: Snapshot,
    question: Question,
    stands_for: Callable[[str], tuple[str, ...]] = lambda host: (),
) -> Explanation:
    """Decide as the gateway would. Raises ``InputError`` for what is not a URL.

    ``stands_for`` tells what names a host stands for; it is asked only where the gateway would.
    """
    host, target = _parts(question.url)
    policy = snapshot.policy
    if is_ip(host):
        return _unidentified(policy.site.unidentified, policy.site.ref("unidentified"))
    facts = _facts(question, host, target)
    verdict = decide_url(policy, snapshot.blocker, host, question.url, facts)
    if looks_behind(policy, verdict, facts):
        names = stands_for(host)
        verdict = decide_url(policy, snapshot.blocker, host, question.url, facts, names)
    return _of(verdict)


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


def _of(verdict: Verdict) -> Explanation:
    block, host = verdict.block, verdict.host
    return Explanation(
        decision=verdict.word,
        reason=verdict.reason.value if verdict.reason else "",
        rule=block.rule if block else host.ref.text,
        list=block.list if block else "",
        file=block.file if block else host.ref.file,
        line=block.line if block else host.ref.line,
        service=host.service.name if host.service else "",
        treatment=host.treatment.value,
        uncloaked=verdict.uncloaked,
        privacy=_privacy(host.service.privacy) if host.service else (),
    )


def _privacy(plan: Plan) -> tuple[PrivacyWord, ...]:
    return tuple(
        PrivacyWord(rule.value, rule in plan, ref.text, ref.file, ref.line)
        for rule, ref in plan.refs.items()
    )
