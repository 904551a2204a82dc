"""``python -m benchmarks.privacy``: what the privacy rules and looking behind names cost a request.

Processor time a request, and its share of a proxied request's. A browser's fields, as it sends
them inside a site and across sites; nothing of the network is in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.blocking import PROXIED_MS
from proxy.blocking import ListFile, RequestFacts, RequestType, build
from proxy.blocking.cname import uncloak
from proxy.decisions import Headers
from proxy.privacy import Plan
from proxy.privacy.answers import filter_answer
from proxy.privacy.requests import filter_request

HOST = "app.service.example"
URL = f"https://{HOST}/v1/things/1"


def fields(site: bytes, page: bytes) -> Headers:
    """A request of Chromium's."""
    return (
        (b"Host", HOST.encode()),
        (b"Connection", b"keep-alive"),
        (b"sec-ch-ua-platform", b'"Linux"'),
        (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        (b"sec-ch-ua", b'"Chromium";v="140"'),
        (b"sec-ch-ua-mobile", b"?0"),
        (b"Accept", b"*/*"),
        (b"Origin", page),
        (b"Sec-Fetch-Site", site),
        (b"Sec-Fetch-Mode", b"cors"),
        (b"Sec-Fetch-Dest", b"empty"),
        (b"Referer", page + b"/class/3"),
        (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
        (b"Accept-Language", b"fr-FR,fr;q=0.9"),
        (b"Cookie", b"session=abcdefgh; theme=dark"),
    )


ANSWER: Headers = (
    (b"Content-Type", b"application/json"),
    (b"Date", b"Tue, 24 Nov 2026 08:00:00 GMT"),
    (b"Cache-Control", b"no-store"),
    (b"Set-Cookie", b"a=b; Secure"),
    (b"Alt-Svc", b'h3=":443"'),
    (b"Strict-Transport-Security", b"max-age=1"),
    (b"Vary", b"Origin"),
)


def microseconds(step: Callable[[], object], times: int = 20_000) -> float:
    """The best of five rounds: the machine is shared."""
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(times):
            step()
        rounds.append(time.process_time() - started)
    return min(rounds) / times * 1e6


def main() -> None:
    """Print one line a case."""
    plan = Plan()
    near = fields(b"same-site", b"https://www.service.example")
    far = fields(b"cross-site", b"https://news.example")
    facts = RequestFacts(RequestType.XMLHTTPREQUEST, False, "www.service.example")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.txt"
        path.write_text("! Title: x\n||tracker.example^\n")
        blocker = build([ListFile("x", path, "x.txt")])
    cases: dict[str, Callable[[], object]] = {
        "request inside a site": lambda: filter_request(plan, near, "GET", HOST, "/"),
        "request across sites": lambda: filter_request(plan, far, "GET", HOST, "/"),
        "answer": lambda: filter_answer(plan, ANSWER, HOST, lambda: False),
        "a known name behind": lambda: uncloak(blocker, URL, facts, ("d1.cloud.example",)),
    }
    for name, step in cases.items():
        spent = microseconds(step)
        print(f"{name:<22} {spent:6.2f} µs  {spent / PROXIED_MS / 10:.2f} % of a request")


if __name__ == "__main__":
    main()
