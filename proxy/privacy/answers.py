"""An answer's fields as the client may see them."""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson

from proxy.blocking import host_of
from proxy.blocking.parties import other_site
from proxy.decisions import Headers
from proxy.privacy.plan import Plan
from proxy.privacy.requests import Removed
from proxy.privacy.rules import KEPT_HINTS, Rule

_PARTITIONED = re.compile(rb";\s*partitioned\s*(?:;|=|$)", re.I)
_ENDPOINT = re.compile(rb'=\s*"((?:[^"\\]|\\.)*)"')


def filter_answer(
    plan: Plan, headers: Headers, host: str, third_party: Callable[[], bool]
) -> tuple[Headers, Removed]:
    """The fields that the client may see, and how many each rule took away.

    ``third_party`` says whether the request was one; it is asked only if cookies are set.
    """
    rules = plan.answer
    met = [field for field in headers if field[0].lower() in rules]
    if not met:
        return headers, {}
    removed: Removed = {}
    answer = _Answer(host, third_party, headers)
    out = []
    for field in headers:
        name = field[0].lower()
        rule = rules.get(name)
        kept = field[1] if rule is None else answer.kept(rule, name, field[1])
        if rule is not None and kept != field[1]:
            removed[rule] = removed.get(rule, 0) + 1
        if kept is not None:
            out.append(field if kept is field[1] else (field[0], kept))
    return tuple(out), removed


class _Answer:
    """What several fields of one answer need to know together."""

    def __init__(self, host: str, third_party: Callable[[], bool], headers: Headers) -> None:
        self._host = host
        self._headers = headers
        self._ask = third_party
        self._third_party: bool | None = None
        self._abroad: bool | None = None

    def kept(self, rule: Rule, name: bytes, value: bytes) -> bytes | None:
        """What is left of a field's value; ``None`` for nothing."""
        if rule is Rule.THIRD_PARTY_COOKIES:
            return value if self._may_set(value) else None
        if rule is Rule.CLIENT_HINTS:
            return _modest(value)
        if rule is Rule.THIRD_PARTY_REPORTS:
            return None if self._leads_abroad(name, value) else value
        return None

    def _may_set(self, value: bytes) -> bool:
        """A partitioned cookie is another one on every site: it follows nobody."""
        if self._third_party is None:
            self._third_party = self._ask()
        return not self._third_party or _PARTITIONED.search(value) is not None

    def _leads_abroad(self, name: bytes, value: bytes) -> bool:
        """``NEL`` names a group of ``Report-To``: it goes when that leads to another site."""
        if name == b"reporting-endpoints":
            return self._any_abroad([url.decode("latin-1") for url in _ENDPOINT.findall(value)])
        if self._abroad is None:
            values = [v for n, v in self._headers if n.lower() == b"report-to"]
            self._abroad = any(self._any_abroad(_report_to(v)) for v in values)
        return self._abroad

    def _any_abroad(self, urls: list[str]) -> bool:
        """Nothing understood leads who knows where."""
        return not urls or any(
            "//" in url and other_site(self._host, host_of(url.strip())) for url in urls
        )


def _report_to(value: bytes) -> list[str]:
    """The addresses of a ``Report-To``: JSON objects with commas between them."""
    try:
        groups = orjson.loads(b"[" + value + b"]")
        return [str(place["url"]) for group in groups for place in group["endpoints"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []


def _modest(value: bytes) -> bytes | None:
    """Of the hints that a service asks for, those that anybody may know."""
    asked = [hint.strip() for hint in value.split(b",")]
    kept = [hint for hint in asked if hint.lower() in KEPT_HINTS]
    if len(kept) == len(asked):
        return value
    return b", ".join(kept) or None
