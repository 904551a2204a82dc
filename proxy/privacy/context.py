"""Across sites or not, a page being opened or not: what a request says of where it comes from.

``Sec-Fetch-*`` is the browser's own word (no script can set it) and wins where it stands.
Without it (old browsers, applications) the page in ``Referer`` or ``Origin`` is compared by
registrable domain, and what asks for HTML counts as a page being opened.

A cookie is a third party's when the request crosses sites and opens no page: sign-ins by
redirection (SAML, CAS, OpenID Connect) open pages, in the window or in a frame, and keep
theirs. So do FedCM (``Sec-Fetch-Dest: webidentity``), hosts of one service among themselves,
hosts of the allow list, and requests whose browser says that it sent no cookie shared between
sites (``Sec-Fetch-Storage-Access: none`` or ``inactive``: what it sent is partitioned).
``active`` only says that such cookies were sent, be it by default, and protects nothing.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from proxy.blocking import RequestType, facts_of, host_of
from proxy.blocking.parties import other_site
from proxy.decisions import Headers
from proxy.privacy.plan import Plan

_WANTED = frozenset(
    b"sec-fetch-site sec-fetch-mode sec-fetch-dest sec-fetch-storage-access origin referer".split()
)
_OPENS = frozenset((b"navigate", b"nested-navigate"))
_PAGES = frozenset((RequestType.DOCUMENT, RequestType.SUBDOCUMENT))
_PARTITIONED = frozenset((b"none", b"inactive"))


class Context(NamedTuple):
    """What the fields of a request say; empty where they say nothing."""

    site: bytes
    mode: bytes
    dest: bytes
    storage: bytes
    page: str


def context_of(headers: Headers) -> Context:
    """Gathered in one pass, only where it matters."""
    known: dict[bytes, bytes] = {}
    for name, value in headers:
        lower = name.lower()
        if lower in _WANTED:
            known[lower] = value.strip()
    page = b""
    for name in (b"referer", b"origin"):
        value = known.get(name, b"")
        if value[:8].lower().startswith((b"https://", b"http://")):
            page = value
            break
    return Context(
        known.get(b"sec-fetch-site", b"").lower(),
        known.get(b"sec-fetch-mode", b"").lower(),
        known.get(b"sec-fetch-dest", b"").lower(),
        known.get(b"sec-fetch-storage-access", b"").lower(),
        host_of(page.decode("latin-1")),
    )


def crosses_sites(context: Context, host: str) -> bool:
    """Whether another site's page asked."""
    if context.site:
        return context.site == b"cross-site"
    return bool(context.page) and other_site(host, context.page)


def is_third_party(
    context: Context, headers: Headers, method: str, host: str, target: str, plan: Plan
) -> bool:
    """Whether cookies of this request (and its answer) are a third party's."""
    if not crosses_sites(context, host):
        return False
    if context.mode in _OPENS or context.dest == b"webidentity":
        return False
    if context.storage in _PARTITIONED:
        return False
    if not context.site:
        if _is_local(context.page):  # an application with pages of its own
            return False
        if facts_of(method, host, target, headers).type in _PAGES:
            return False
    if plan.keeps_cookies(host):
        return False
    return not (context.page and plan.is_own(context.page))


def _is_local(host: str) -> bool:
    if host == "localhost" or "." not in host:
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
