"""``preau explain``: what would happen to a URL, and which rule of which file says so.

It asks the very functions that the gateway asks (``proxy.engine.decide``), so an explanation
cannot differ from the deed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from proxy.blocking import RequestFacts, RequestType, facts_of
from proxy.engine.decide import Verdict, decide_url
from proxy.engine.gate import is_ip
from proxy.engine.profiling import as_block, standing_of
from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError
from proxy.policy.hosts import normal_host
from proxy.policy.model import OnProfiling, RuleRef, Treatment
from proxy.policy.policy import Policy
from proxy.profiling import detect
from proxy.reasons import Reason


@dataclass(frozen=True, slots=True)
class Question:
    """One URL, and what a client would say of it."""

    url: str
    type: str = ""
    source: str = ""
    method: str = "GET"
    client: str = "127.0.0.1"
    body: bytes = b""
    """What a request sends: its form may say that it reports on behaviour."""
    content_type: str = ""


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

    def document(self) -> dict[str, object]:
        """The JSON form, stable: other tools read it."""
        return asdict(self)


def explain(snapshot: Snapshot, question: Question) -> Explanation:
    """Decide as the gateway would. Raises ``InputError`` for what is not a URL."""
    host, target = _parts(question.url)
    policy = snapshot.policy
    if is_ip(host):
        return _unidentified(policy.site.unidentified, policy.site.ref("unidentified"))
    verdict = decide_url(
        policy, snapshot.blocker, host, question.url, _facts(question, host, target)
    )
    return _of(_by_form(policy, verdict, question, target))


def _by_form(policy: Policy, verdict: Verdict, question: Question, target: str) -> Verdict:
    """The verdict, or a block by the form of what would be sent."""
    service = verdict.host.service
    if verdict.word != "forward" or service is None:
        return verdict
    method = "POST" if question.body and question.method == "GET" else question.method
    headers = ((b"content-type", question.content_type.encode()),)
    found = detect.in_head(method, target)
    found = found or detect.in_body(method, target, headers, question.body)
    if found is None:
        return verdict
    says = standing_of(policy, service, found)
    if says.do is not OnProfiling.BLOCK:
        return verdict
    return Verdict(verdict.host, as_block(found, says.ref), Reason.PROFILING_BLOCKED)


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
    )
