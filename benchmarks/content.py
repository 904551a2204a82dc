"""How fast bodies are read: megabytes a second through the whole engine, no socket in the way.

A line is one shape and size of body. *nothing*: nobody is in it; *dense*: a person in every
record. ``of plain`` says how many times longer a byte takes than in the plain JSON of the same
size. Processor time, the best of several goes, since other work may run beside it.

``python -m benchmarks.content`` for all, ``--only json`` for shapes whose name begins so.
"""

from __future__ import annotations

import argparse
import html
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from proxy.ca import create_ca
from proxy.cli.demo import furnish
from proxy.decisions import Forward
from proxy.demo.cloud import SERVICE
from proxy.demo.people import Person, cast
from proxy.demo.site import SCHOOL, write_site
from proxy.engine import Client, Head
from proxy.engine.engine import Engine
from proxy.runtime import Runtime

PEOPLE = 2000
SIZES = {"2 KB": 2_000, "20 KB": 20_000, "200 KB": 200_000, "1 MB": 1_000_000}
_GOES = 5
_A_GO = 0.05
_WORDS = (
    "Bien construit, sources à citer.",
    "Le réseau hydrographique de la région, à compléter pour jeudi.",
    "Relire le chapitre sur la photosynthèse, exercices 4 à 9 page 112.",
    "Exposé sur les volcans d'Auvergne : la Chaîne des Puys.",
    "À rendre avant la fin du trimestre, merci.",
)


class Shape(NamedTuple):
    """A way to write records: the type it is declared as, and the writing."""

    name: str
    content_type: str
    write: Callable[[list[dict[str, Any]]], str]


def _record(number: int, person: Person | None) -> dict[str, Any]:
    return {
        "id": f"{358120441207 + number}",
        "etag": f"c{number * 7919 % 1000003:06x}-{number:04x}-4d1a-9b7e-00c04fd430c8",
        "author": person.full_name if person else f"poste-{number:03d}",
        "at": f"2026-11-{number % 28 + 1:02d}T10:{number % 60:02d}:00Z",
        "state": ("NEW", "TURNED_IN", "RETURNED")[number % 3],
        "late": number % 5 == 0,
        "points": 14.5 + number % 5,
        "url": f"https://{SERVICE}/courses/{number * 31 % 9999}/tasks/{number}",
        "text": _WORDS[number % len(_WORDS)],
    }


def _form(records: list[dict[str, Any]]) -> str:
    return "&".join(
        quote_plus(f"items[{number}][{key}]") + "=" + quote_plus(str(value))
        for number, record in enumerate(records)
        for key, value in record.items()
    )


def _json_in_form(records: list[dict[str, Any]]) -> str:
    inner = json.dumps(records, ensure_ascii=False)
    return "f.req=" + quote_plus(json.dumps([[["rpc", inner, None, "generic"]]]))


def _html(records: list[dict[str, Any]], entities: bool) -> str:
    def cell(value: object) -> str:
        text = html.escape(str(value))
        return text.encode("ascii", "xmlcharrefreplace").decode() if entities else text

    rows = "\n".join(
        "<tr>"
        + "".join(f'<td class="c-{key}">{cell(value)}</td>' for key, value in record.items())
        + "</tr>"
        for record in records
    )
    return f"<!doctype html>\n<html><body><table>\n{rows}\n</table></body></html>\n"


def _csv(records: list[dict[str, Any]]) -> str:
    return "\n".join(
        ";".join('"' + str(value) + '"' for value in record.values()) for record in records
    )


SHAPES = (
    Shape("json", "application/json", lambda r: json.dumps(r, ensure_ascii=False)),
    Shape("json \\u00e9", "application/json", json.dumps),
    Shape(
        "json in json",
        "application/json",
        lambda r: json.dumps({"payload": json.dumps(r, ensure_ascii=False)}, ensure_ascii=False),
    ),
    Shape("form %C3%A9", "application/x-www-form-urlencoded", _form),
    Shape("json in form", "application/x-www-form-urlencoded", _json_in_form),
    Shape("html", "text/html", lambda r: _html(r, entities=False)),
    Shape("html &#233;", "text/html", lambda r: _html(r, entities=True)),
    Shape("csv", "text/csv", _csv),
    Shape("text", "text/plain", lambda r: "\n".join(str(v) for x in r for v in x.values())),
)


def body_of(shape: Shape, size: int, people: list[Person] | None) -> bytes:
    """A body of about ``size`` bytes; with ``people``, one in each record."""
    count = max(1, size // 300)
    while True:
        records = [_record(n, people[n % len(people)] if people else None) for n in range(count)]
        body = shape.write(records).encode()
        if abs(len(body) - size) * 5 < size or count == 1:
            return body
        count = max(1, count * size // len(body))


def seconds(call: Callable[[], object]) -> float:
    """Processor seconds of one call: the best of several goes."""
    start = time.process_time()
    call()
    once = max(time.process_time() - start, 1e-6)
    repeat = max(1, int(_A_GO / once))
    best = once
    for _ in range(_GOES):
        start = time.process_time()
        for _ in range(repeat):
            call()
        best = min(best, (time.process_time() - start) / repeat)
    return best


class Door(NamedTuple):
    """The engine and who asks it."""

    engine: Engine
    client: Client

    def protect(self, content_type: str, body: bytes) -> Callable[[], bytes]:
        """What reads ``body`` on its way up; gives what would leave."""
        headers = (
            (b"Host", SERVICE.encode()),
            (b"Content-Type", content_type.encode()),
            (b"Accept", b"application/json"),
            (b"Content-Length", b"%d" % len(body)),
        )
        head = Head("POST", "https", SERVICE, 443, "/v1/comments", headers, SERVICE)
        exchange = self.engine.begin(head, self.client).exchange
        assert exchange is not None

        def protect() -> bytes:
            exchange.hits.clear()
            decision = self.engine.protect(exchange, body).decision
            assert isinstance(decision, Forward)
            return decision.body or b""

        return protect

    def restore(self, content_type: str, body: bytes) -> Callable[[], bytes]:
        """What reads ``body`` on its way down; gives what the client sees."""
        asked = ((b"Host", SERVICE.encode()),)
        head = Head("GET", "https", SERVICE, 443, "/v1/comments", asked, SERVICE)
        exchange = self.engine.begin(head, self.client).exchange
        assert exchange is not None
        headers = ((b"content-type", content_type.encode()),)

        def restore() -> bytes:
            decision = self.engine.restore(exchange, headers, body).decision
            assert isinstance(decision, Forward)
            return decision.body or b""

        return restore


@contextmanager
def opened(people: list[Person]) -> Iterator[Door]:
    """An engine over a site with these people in its directory."""
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
        folder = Path(scratch)
        create_ca(folder / "upstream")
        root = folder / "site"
        write_site(root, folder / "upstream" / "mitmproxy-ca-cert.pem")
        furnish(root, people, folder / "roster")
        runtime = Runtime.open(root)
        try:
            runtime.started()
            yield Door(runtime.engine, runtime.client("127.0.0.1"))
        finally:
            runtime.close()


def measure(door: Door, people: list[Person], only: str, sizes: list[str]) -> None:
    """The table."""
    print(f"{'shape':<14}{'size':>8}{'nothing':>10}{'of plain':>9}{'dense':>9}{'of plain':>9}"
          f"{'restore absent':>16}{'present':>9}   MB/s")  # fmt: skip
    plain: dict[str, tuple[float, float]] = {}
    for shape in SHAPES:
        if not shape.name.startswith(only) and shape.name != "json":
            continue
        for label in sizes:
            size = SIZES[label]
            empty, dense = body_of(shape, size, None), body_of(shape, size, people)
            sent = door.protect(shape.content_type, dense)()
            assert sent != dense
            assert door.protect(shape.content_type, empty)() == empty
            rates = [
                len(body) / seconds(call) / 1e6
                for body, call in (
                    (empty, door.protect(shape.content_type, empty)),
                    (dense, door.protect(shape.content_type, dense)),
                    (empty, door.restore(shape.content_type, empty)),
                    (sent, door.restore(shape.content_type, sent)),
                )
            ]
            plain.setdefault(label, (rates[0], rates[1]))
            of = [plain[label][0] / rates[0], plain[label][1] / rates[1]]
            print(f"{shape.name:<14}{label:>8}{rates[0]:>10.1f}{of[0]:>9.1f}{rates[1]:>9.1f}{of[1]:>9.1f}"
                  f"{rates[2]:>16.0f}{rates[3]:>9.1f}", flush=True)  # fmt: skip


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.content")
    parser.add_argument("--only", default="", help="shapes whose name begins so, and plain JSON")
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    args = parser.parse_args()
    people = cast(PEOPLE, school=SCHOOL)
    with opened(people) as door:
        measure(door, people, args.only, args.sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
