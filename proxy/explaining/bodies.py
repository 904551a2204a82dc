"""Which field rules meet something in a body. Values are neither shown nor kept."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.content.body import rewrite_body
from proxy.content.data import BodyFields
from proxy.content.inner_requests import Rules
from proxy.content.visitor import Drop, Edit, Thorough
from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError, Refused
from proxy.policy.model import Endpoint, FieldRule


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field rule and how many values of the body it treats."""

    kind: str
    action: str
    rule: str
    file: str
    line: int
    values: int


class _Noting(Thorough):
    """A visitor that changes nothing and counts what each rule was asked about."""

    def __init__(self) -> None:
        self.met: dict[FieldRule, int] = {}

    def field(self, rule: FieldRule, text: str) -> str | Drop | None:
        if text:
            self.met[rule] = self.met.get(rule, 0) + 1
        return None

    def text(self, text: str) -> list[Edit]:
        return []

    def typed(self) -> _Noting:
        return self


def uses(
    snapshot: Snapshot, endpoint: Endpoint, body: bytes, inner: Rules | None = None
) -> list[FieldUse]:
    """The rules that a body of this endpoint meets, as the gateway's own reader finds it.

    ``inner``: the endpoints of requests inside it.
    """
    noting = _Noting()
    fields = BodyFields.of(endpoint, inner)
    kind = b"application/json" if body.lstrip()[:1] in (b"{", b"[") else b"text/plain"
    if kind == b"text/plain" and b"=" in body.partition(b"\n")[0]:
        kind = b"application/x-www-form-urlencoded"
    try:
        rewrite_body(
            body, ((b"content-type", kind),), noting, fields, snapshot.limits(True), "request"
        )
    except Refused as error:
        raise InputError(f"this body would be refused: {error.reason.value}") from None
    return [
        FieldUse(
            rule.kind.value, rule.action.value, rule.ref.text, rule.ref.file, rule.ref.line, count
        )
        for rule, count in noting.met.items()
    ]
