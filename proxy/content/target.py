"""Request targets: the door for the URL of a request (``url`` reads it)."""

from __future__ import annotations

from proxy.content.data import start
from proxy.content.edits import splice
from proxy.content.limits import Limits
from proxy.content.url import url_edits as url_edits
from proxy.content.visitor import Visitor
from proxy.policy.model import Endpoint


def rewrite_target(
    target: str, endpoint: Endpoint, visitor: Visitor, limits: Limits | None = None
) -> str:
    """``target`` (origin form or absolute) rewritten; the same object when nothing changed."""
    walk = start(visitor, limits or Limits(), "request", len(target), endpoint.inside)
    edits = url_edits(target, endpoint, walk)
    return splice(target, edits) if edits else target
