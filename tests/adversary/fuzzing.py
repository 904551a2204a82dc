"""Any bytes as a request: what they choose is built, sent through the engine, and judged.

The same for hypothesis (``test_adversary_fuzz``) and for atheris (``make fuzz``): a bug that
one of them finds is a byte string that the other can replay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from proxy.decisions import Forward, Headers
from proxy.engine import Client, Exchange, Head
from proxy.runtime import Runtime
from tests.adversary.oracle import Oracle
from tests.leak.layers import LAYERS, Layer, nests
from tests.leak.spellings import NEUTRAL, Author, Identifier, Said
from tests.sim.school import HOST, School

DEEPEST = 4


class Chosen:
    """Choices taken from bytes, zeros when they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1."""
        return (next(self._data, 0) * 256 + next(self._data, 0)) % bound


@dataclass(frozen=True, slots=True)
class Case:
    """A request body, how it was built, and who is in it."""

    layers: Sequence[Layer]
    said: Sequence[Said]
    body: bytes
    broken: bool

    @property
    def where(self) -> str:
        """The way in, for a failure message."""
        return " > ".join(layer.name for layer in self.layers) + (", broken" if self.broken else "")


def build(data: bytes, author: Author) -> Case:
    """One to three texts in up to ``DEEPEST`` formats, and every fourth time some damage."""
    chosen = Chosen(data)
    layers = [LAYERS[chosen.below(len(LAYERS))]]
    for _ in range(chosen.below(DEEPEST)):
        inner = [layer for layer in LAYERS if nests(layers[-1], layer)]
        if inner:
            layers.append(inner[chosen.below(len(inner))])
    charset = next((layer.charset for layer in layers if layer.charset != "utf-8"), "utf-8")
    said = author.texts(1 + chosen.below(3), charset)
    document = layers[-1].write([item.text for item in said])
    for layer in reversed(layers[:-1]):
        document = layer.write([NEUTRAL[chosen.below(3)], document])
    body = document.encode()
    broken = chosen.below(4) == 3
    return Case(layers, said, _damaged(body, chosen) if broken else body, broken)


def _damaged(body: bytes, chosen: Chosen) -> bytes:
    """Bytes cut out, changed or put in, at up to four places."""
    data = bytearray(body)
    for _ in range(1 + chosen.below(4)):
        at = chosen.below(len(data) + 1)
        match chosen.below(3):
            case 0:
                del data[at : at + 1 + chosen.below(8)]
            case 1:
                data[at : at + 1] = bytes([chosen.below(256)])
            case _:
                data[at:at] = bytes(chosen.below(256) for _ in range(1 + chosen.below(4)))
    return bytes(data)


class Target:
    """The engine of a site, asked without a socket."""

    def __init__(self, school: School, runtime: Runtime) -> None:
        self._runtime = runtime
        self._client: Client = runtime.client("127.0.0.1")
        # A name of fewer than eight letters is not looked for in base64 (docs/threat-model.md).
        self._people = [p for p in school.people if len(p.full_name) > 8]
        self.oracle = Oracle(school.people)

    def attempt(self, data: bytes) -> str:
        """Judge the request that ``data`` stands for; what is wrong, or nothing."""
        turn = sum(data) % len(self._people)
        case = build(data, Author(self._people[turn:] + self._people[:turn]))
        headers = ((b"content-type", case.layers[0].content_type(_head_of(case)).encode()),)
        out = self._protected(headers, case.body)
        if out is None:
            return "" if case.broken else f"{case.where}: refused"
        exchange, sent = out
        leaks = _in_clear(case, sent) if case.broken else self._leaks(case, sent)
        if leaks:
            return f"{case.where}: LEAK {leaks[0]} in {case.body!r}"
        return "" if case.broken else self._restored(exchange, headers, case, sent)

    def _protected(self, headers: Headers, body: bytes) -> tuple[Exchange, bytes] | None:
        fields = ((b"host", HOST.encode()), *headers)
        head = Head("POST", "https", HOST, 443, "/v1/notes", fields, HOST)
        exchange = self._runtime.engine.begin(head, self._client).exchange
        if exchange is None:
            return None  # the damage reached the boundary that the head declares
        decision = self._runtime.engine.protect(exchange, body).decision
        if not isinstance(decision, Forward):
            return None
        return exchange, body if decision.body is None else decision.body

    def _leaks(self, case: Case, sent: bytes) -> list[str]:
        here = [person for item in case.said for person in item.people]
        return [str(leak) for leak in self.oracle.near(sent, here)]

    def _restored(self, exchange: Exchange, headers: Headers, case: Case, sent: bytes) -> str:
        decision = self._runtime.engine.restore(exchange, headers, sent).decision
        if not isinstance(decision, Forward):
            return f"{case.where}: the answer was refused"
        back = sent if decision.body is None else decision.body
        if back == case.body:
            return ""
        if all(layer.exact for layer in case.layers):
            return f"{case.where}: not exact: {case.body!r} came back as {back!r}"
        return "" if self._says_the_same(case, back) else f"{case.where}: not restored: {back!r}"

    def _says_the_same(self, case: Case, back: bytes) -> bool:
        try:
            document = back.decode()
            for layer in case.layers[:-1]:
                document = layer.read(document)[1]
            return case.layers[-1].read(document) == [item.text for item in case.said]
        except (ValueError, AssertionError, LookupError, SyntaxError):
            return False


def _in_clear(case: Case, sent: bytes) -> list[str]:
    """Identifiers that stand whole and in clear in a damaged body, and still do in ``sent``.

    What damage made of a coding is no coding any more, and of a name no name.
    """
    before, after = (text.decode("utf-8", "replace") for text in (case.body, sent))
    pieces = (piece for item in case.said for piece in item.pieces)
    names = [piece.text for piece in pieces if isinstance(piece, Identifier)]
    whole = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in names]
    return [name for name in whole if re.search(name, before) and re.search(name, after)]


def _head_of(case: Case) -> str:
    """Enough of the document to see its boundary."""
    return case.body.decode("utf-8", "replace") or "--"
