"""A request's fields as they may leave."""

from __future__ import annotations

from proxy.decisions import Headers
from proxy.privacy.context import Context, context_of, crosses_sites, is_third_party
from proxy.privacy.plan import Plan
from proxy.privacy.rules import KEPT_HINTS, Rule

_NEAR = frozenset((b"same-origin", b"same-site", b"none"))

type Removed = dict[Rule, int]
"""How many fields each rule took away or shortened: all that is ever said about them."""


def filter_request(
    plan: Plan, headers: Headers, method: str, host: str, target: str
) -> tuple[Headers, Removed]:
    """The fields that may leave, and how many each rule took away or shortened.

    The same object when nothing changed. (``Sec-GPC`` is added by ``engine.transport``, which
    writes the fields anew anyway.)
    """
    met = _met(plan, headers)
    removed: Removed = {}
    if not met:
        return headers, removed
    changes: dict[int, bytes | None] = {}
    context: Context | None = None
    for index, rule in met:
        value = headers[index][1]
        kept: bytes | None = None
        if rule is Rule.THIRD_PARTY_COOKIES or rule is Rule.REFERER:
            context = context or context_of(headers)
            if not crosses_sites(context, host):
                continue
            if rule is Rule.REFERER:
                kept = origin_of(value)
            elif not is_third_party(context, headers, method, host, target, plan):
                continue
        if kept != value:
            changes[index] = kept
            removed[rule] = removed.get(rule, 0) + 1
    return (_changed(headers, changes) if changes else headers), removed


def _met(plan: Plan, headers: Headers) -> list[tuple[int, Rule]]:
    """Fields that a rule speaks of.

    When the browser says that nothing crosses sites, cookies and referer are none of them.
    """
    rules, hints = plan.request, plan.hints
    met: list[tuple[int, Rule]] = []
    near = False
    for index, (name, value) in enumerate(headers):
        lower = name.lower()
        rule = rules.get(lower)
        if rule is None:
            if lower[:4] != b"sec-":
                continue
            if lower == b"sec-fetch-site":
                near = value in _NEAR
                continue
            if lower[:7] != hints or lower in KEPT_HINTS:
                continue
            rule = Rule.CLIENT_HINTS
        met.append((index, rule))
    return [one for one in met if one[1] not in _ACROSS] if near else met


_ACROSS = (Rule.THIRD_PARTY_COOKIES, Rule.REFERER)


def origin_of(value: bytes) -> bytes:
    """``https://host/`` of a web address; anything else as it is."""
    scheme, mark, rest = value.partition(b"://")
    if not mark or scheme.strip().lower() not in (b"https", b"http"):
        return value
    end = min((at for at in (rest.find(c) for c in (b"/", b"?", b"#")) if at >= 0), default=-1)
    if end < 0:
        return value
    return value if rest[end:] == b"/" else scheme + mark + rest[:end] + b"/"


def _changed(headers: Headers, changes: dict[int, bytes | None]) -> Headers:
    out = []
    for index, field in enumerate(headers):
        if index in changes:
            value = changes[index]
            if value is None:
                continue
            field = (field[0], value)
        out.append(field)
    return tuple(out)
