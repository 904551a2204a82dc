"""Privacy filtering of what passes: an exchange's own address and fields, less what tells.

``proxy.privacy`` says what goes, by the plan of the exchange's service; here it is done, and
noted for the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from proxy.blocking import RequestFacts
from proxy.content import seals
from proxy.decisions import Headers
from proxy.engine import record, transport
from proxy.engine.decide import View
from proxy.engine.exchange import Exchange
from proxy.privacy import Rule
from proxy.privacy.answers import filter_answer
from proxy.privacy.context import context_of, is_third_party
from proxy.privacy.requests import Removed, filter_request


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

    headers, exchange.removed = filter_answer(plan, headers, head.host, third_party)
    return headers


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
