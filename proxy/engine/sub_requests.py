"""Requests inside a request (``proxy.content.inner_requests``), as the policy sees each.

A batch must not carry what would not pass alone: each inner request is decided like a request of
its own, and what would be blocked or refused refuses the whole. Then its endpoint is looked for.

URLs in a batch are absolute, absolute in their path, or relative to something that the service
knows: Microsoft Graph's ``/users`` to the version of the API, OData's ``Customers('x')`` to the
root of the service. The batch's own path tells: what an endpoint is known for is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from proxy.blocking import facts_of
from proxy.blocking.lists import DEMANDED
from proxy.content.inner_requests import Inner, Rules
from proxy.engine import profiling
from proxy.engine.decide import decide_url
from proxy.engine.exchange import Exchange, first_value
from proxy.errors import Refused
from proxy.policy.model import Endpoint, EndpointTable
from proxy.reasons import Reason


class Place(NamedTuple):
    """Where an inner URL may lead: host, path and query, and how many parts of the path stand
    before what the URL itself writes."""

    host: str
    target: str
    before: int


class SubRequests:
    """Rules on the inner requests of one exchange."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __call__(self, inner: Inner) -> Endpoint:
        """The endpoint of an inner request. Raises ``Refused`` for what would not pass alone."""
        exchange = self._exchange
        host = first_value(inner.headers, b"host")
        found = places(exchange.head.host, exchange.head.target, inner.url, host)
        own = exchange.endpoint
        endpoint, used = endpoint_of(exchange.service.endpoints, inner.method, found, own)
        for place in found:
            self._decide(inner, place)
            if place is used:
                break
        return endpoint

    def _decide(self, inner: Inner, place: Place) -> None:
        exchange = self._exchange
        view = exchange.snapshot.view_by(exchange.sheet)
        facts = facts_of(inner.method, place.host, place.target, inner.headers)
        url = f"https://{place.host}{place.target}"
        verdict = decide_url(view, place.host, url, facts)
        if verdict.block is not None:
            demanded = verdict.block.category in DEMANDED
            raise Refused(Reason.PROFILING_BLOCKED if demanded else Reason.TRACKER_BLOCKED)
        if verdict.reason is not None:
            raise Refused(verdict.reason, "a request of a batch")
        service = verdict.host.service
        if service is None or service.name != exchange.service.name:
            raise Refused(Reason.HOST_MISMATCH, "a request of a batch leads elsewhere")
        profiling.check_inner(exchange, inner, place.target)


def endpoint_inside(table: EndpointTable, own: Endpoint, host: str, batch: str) -> Rules:
    """The endpoints of requests inside one to ``batch``, where nothing is decided."""
    return lambda inner: endpoint_of(table, inner.method, places(host, batch, inner.url), own)[0]


def places(host: str, batch: str, url: str, said: str = "") -> list[Place]:
    """Where ``url`` may lead in a batch that was sent to ``batch`` on ``host``, likeliest first.

    ``said``: the host that the inner request itself names.
    """
    if "://" in url[:2000]:
        authority, _, path = url.split("://", 1)[1].partition("/")
        return [Place(_plain_host(authority.partition("?")[0]), "/" + path, 0)]
    host = _plain_host(said) if said else host
    folders = [part for part in batch.partition("?")[0].split("/") if part][:-1]
    if not url.startswith("/"):
        return [_below(host, folders[:count], url) for count in range(len(folders), -1, -1)]
    absolute = Place(host, url, 0)
    below = _below(host, folders, url.lstrip("/"))
    if not folders or url.lower().startswith(f"/{folders[0].lower()}/"):
        return [absolute, below]
    return [below, absolute]


def _below(host: str, folders: list[str], url: str) -> Place:
    return Place(host, "/" + "/".join((*folders, url)), len(folders))


def _plain_host(authority: str) -> str:
    name, colon, port = authority.rpartition("@")[2].rpartition(":")
    return (name if colon and port.isdigit() else authority.rpartition("@")[2]).lower()


def endpoint_of(
    table: EndpointTable, method: str, found: list[Place], own: Endpoint
) -> tuple[Endpoint, Place]:
    """The first endpoint that a rule names, and its place; else the default and the first place.

    ``own``: the batch's. It may stand for all that is below it (``/batch/...``), which says
    nothing of what is inside.
    """
    for place in found:
        endpoint = table.find(method, _path(place))
        if endpoint.ref is not None and endpoint.template != own.template:
            return _moved(endpoint, place.before), place
    return table.default, found[0]


def _path(place: Place) -> str:
    return place.target.partition("?")[0].partition("#")[0]


def _moved(endpoint: Endpoint, by: int) -> Endpoint:
    """The endpoint with the places of its path counted from the start of the inner URL."""
    if not by or not (endpoint.path_fields or endpoint.path_parts):
        return endpoint
    return replace(
        endpoint,
        path_fields=_counted(endpoint.path_fields, by),
        path_parts=_counted(endpoint.path_parts, by),
    )


def _counted[T](by_place: Mapping[int, T], by: int) -> dict[int, T]:
    return {index - by: value for index, value in by_place.items() if index >= by}
