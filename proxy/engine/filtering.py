"""Privacy filtering of what passes: an exchange's own address and fields, less what tells.

``proxy.privacy`` says what goes, by the plan of the exchange's service; here it is done, and
noted for the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from proxy.blocking import RequestFacts
from proxy.blocking.facts import is_dns
from proxy.content import compression, seals
from proxy.content.body import Rewritten
from proxy.decisions import Headers
from proxy.engine import record, transport
from proxy.engine.decide import View
from proxy.engine.exchange import Exchange
from proxy.errors import Refused
from proxy.privacy import Rule
from proxy.privacy.answers import filter_answer
from proxy.privacy.context import context_of, is_third_party
from proxy.privacy.name_answers import without_leads
from proxy.privacy.requests import Removed, filter_request
from proxy.reasons import Reason


def request(
    exchange: Exchange, view: View, facts: RequestFacts, on_hit: Callable[[str], None]
) -> Removed:
    """Filter the head of a request; how much each rule took. The events wait with it.

    ``on_hit`` is told the lists whose rules took parameters out.
    """
    head, plan = exchange.head, exchange.service.privacy
    headers, removed = filter_request(plan, head.headers, head.method, head.host, head.target)
    if headers is not head.headers:
        exchange.head = replace(head, headers=headers)
    if removed:
        exchange.events.append(record.filtered(exchange, removed))
    if "?" in head.target and Rule.TRACKING_PARAMETERS in plan:
        parameters = _strip(exchange, view, facts, on_hit)
        if parameters:
            return {**removed, Rule.TRACKING_PARAMETERS: parameters}
    return removed


def leaving(exchange: Exchange, headers: Headers) -> Headers:
    """A request's fields as the service sees them."""
    return transport.for_service(headers, exchange.service.privacy.signal)


def answer(exchange: Exchange, headers: Headers) -> Headers:
    """Filter the head of an answer; how much each rule took waits in ``exchange.removed``."""
    head, plan = exchange.head, exchange.service.privacy

    def third_party() -> bool:
        context = context_of(head.headers)
        return is_third_party(context, head.headers, head.method, head.host, head.target, plan)

    headers, removed = filter_answer(plan, headers, head.host, third_party)
    _note(exchange, removed)
    return headers


def refuse_names(exchange: Exchange, headers: Headers) -> None:
    """An answer that turns out to be that of a name look-up, though nothing said so before."""
    if Rule.DNS_OVER_HTTPS in exchange.service.privacy and is_dns(_type(headers)):
        raise Refused(Reason.TRACKER_BLOCKED, "names are looked up at the school's resolver")


def names(exchange: Exchange, headers: Headers, written: Rewritten) -> Rewritten:
    """The answer to a name look-up that may pass, without what leads past the gateway."""
    declared = _type(headers)
    if Rule.ALTERNATIVE_SERVICES not in exchange.service.privacy:
        return written
    if not (is_dns(declared) or (b"json" in declared and "name=" in exchange.head.target)):
        return written
    limits = exchange.snapshot.limits(True)
    codings = compression.parse((written.content_encoding or b"").decode("latin-1"), limits)
    plain, exact = compression.decode(written.body, codings, limits)
    clear, removed = without_leads(declared, plain)
    if not removed:
        return written
    _note(exchange, {Rule.ALTERNATIVE_SERVICES: removed})
    return replace(written, body=compression.encode(clear, exact), changed=True)


def _note(exchange: Exchange, removed: Removed) -> None:
    """What was taken out of an answer, beside what was before: head, body and trailers."""
    if removed:
        before = exchange.removed
        exchange.removed = {
            rule: before.get(rule, 0) + removed.get(rule, 0) for rule in {**before, **removed}
        }


def _type(headers: Headers) -> bytes:
    return next((value for name, value in headers if name.lower() == b"content-type"), b"")


def _strip(
    exchange: Exchange, view: View, facts: RequestFacts, on_hit: Callable[[str], None]
) -> int:
    """Take tracking parameters out of the target, and tell how many.

    A target that a signature covers stays as it is: the service would reject it.
    """
    head = exchange.head
    stripped = view.blocker.strip(head.url, facts)
    if stripped is None or view.sheet.sparing(head.host):
        return 0
    if seals.covered(head.headers, head.target, b"") & seals.Covered.TARGET:
        return 0
    exchange.head = replace(head, target=_target_of(stripped.url))
    exchange.events.append(record.stripped(exchange, stripped))
    for rule in stripped.rules:
        on_hit(rule.list)
    return stripped.count


def _target_of(url: str) -> str:
    """Path and query of an absolute URL."""
    return url[url.index("/", url.index("://") + 3) :]
