"""``python -m benchmarks.blocking --swaps N``: do requests wait while lists are swapped?

First what people see: a gateway on a core of its own answers requests over TLS at a third of its
full load, by the clock, while its lists change (another process compiles, a thread of the gateway
loads). Then the engine alone, request by request in this process: a hundredth of the time of a
whole request, so that a stall of a few milliseconds shows.

Windows with a swap and windows of the same length without one take turns, so that whatever else the
machine does falls on both. All requests of a kind are one distribution: a p99 of thousands of
requests, not of a few dozen.

A shared machine is calm at times: of the pairs the half whose window without a swap went best is
shown beside all of them. Choosing by that window only cannot favour the swap.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.__main__ import body_of
from benchmarks.latency import at_rate, stage
from benchmarks.load import Target, connect, posts
from benchmarks.stage import prepare_site
from proxy.blocking import ListFile
from proxy.demo.authority import make_cloud_files
from proxy.demo.cloud import SERVICE as HOST
from proxy.demo.people import cast
from proxy.demo.site import SCHOOL
from proxy.engine import Head
from proxy.runtime import Runtime
from tests.sim.served import Served

_WINDOW = 8.0
"""Seconds: to notice the change, compile it and load it."""
_FIELDS = ((b"host", HOST.encode()), (b"content-type", b"application/json"))
_BODY = b'{"title": "Exercice 3", "text": "Bien construit"}' * 40


class Pair(NamedTuple):
    """Times of requests in seconds: without a swap, and right after it with one."""

    before: list[float]
    during: list[float]


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of them stay below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Load:
    """Requests through an engine, some 300 a second."""

    def __init__(self, runtime: Runtime, host: str) -> None:
        self._runtime, self._host, self._number = runtime, host, 0
        self._client = runtime.client("127.0.0.1")

    def run(self, until: Callable[[], bool]) -> list[float]:
        """Times of requests, until it is told to stop."""
        times: list[float] = []
        while not until():
            self._number += 1
            target = f"/v1/x/{self._number}"
            head = Head("POST", "https", self._host, 443, target, _FIELDS, self._host, self._host)
            started = time.perf_counter()
            begun = self._runtime.engine.begin(head, self._client)
            if begun.exchange is None:
                raise SystemExit(f"a request was not taken: {begun.decision}")
            self._runtime.engine.protect(begun.exchange, _BODY)
            times.append(time.perf_counter() - started)
            time.sleep(0.002)
        return times


def swapped(runtime: Runtime, load: Load, seconds: float) -> Pair:
    """A window of ``seconds``, then one that lasts as long as a swap."""
    ends = time.monotonic() + seconds
    before = load.run(lambda: time.monotonic() > ends)
    old = runtime.snapshot().blocker
    swap = threading.Thread(target=runtime.refresh)
    path = runtime.site.root / "lists" / "block" / "changed.txt"
    path.write_text(f"! x\n||changed{time.monotonic_ns()}.example^\n")
    swap.start()
    during = load.run(lambda: not swap.is_alive())
    swap.join()
    if runtime.snapshot().blocker is old:
        raise SystemExit("the lists were not swapped")
    return Pair(before, during)


def measure(swaps: int, lists: Iterable[ListFile]) -> None:
    """Swap that often under load, and show what it did."""
    lists = list(lists)
    through_gateway(swaps, lists)
    in_engine(swaps, lists)


def through_gateway(swaps: int, lists: Iterable[ListFile]) -> None:
    """As clients of a running gateway see it."""
    people = cast(200, school=SCHOOL)
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
        folder = Path(scratch)
        with stage(folder, people) as (root, origin, _, ca_file):
            for source in lists:
                (root / "lists" / "block" / f"{source.name}.txt").write_bytes(source.read())
            with Served(root, {HOST: ("127.0.0.1", origin)}) as gateway:
                target = Target(HOST, origin, gateway.port, ca_file)
                done, took = asyncio.run(posts(target, lambda n: body_of(people, n), 8, 3.0))
                rate = done / took / 3
                pairs = []
                for number in range(swaps + 1):  # the first of everything does not count
                    (before,) = asyncio.run(at_rate([target], people, rate, _WINDOW))
                    _change(root, number)
                    (during,) = asyncio.run(at_rate([target], people, rate, _WINDOW))
                    if not asyncio.run(_is_blocked(target, number)):
                        raise SystemExit("the lists were not swapped within the window")
                    pairs.append(Pair(before, during))
    print(f"through a gateway at {rate:.0f} requests/s")
    show("all", pairs[1:])


def _change(root: Path, number: int) -> None:
    """A list with one rule more: whether it is in force can be asked."""
    path = root / "lists" / "block" / "changed.txt"
    path.write_text(f"! x\n||{HOST}/changed/{number}.js^\n")


async def _is_blocked(target: Target, number: int) -> bool:
    reader, writer = await connect(target)
    request = f"GET /changed/{number}.js HTTP/1.1\r\nHost: {HOST}\r\nSec-Fetch-Dest: script\r\n\r\n"
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return b"no-store" in head.lower()


def in_engine(swaps: int, lists: Iterable[ListFile]) -> None:
    """What the engine itself makes a request wait."""
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
        folder = Path(scratch)
        root = prepare_site(folder, make_cloud_files(folder, (HOST,)).authority, cast(30))
        for source in lists:
            (root / "lists" / "block" / f"{source.name}.txt").write_bytes(source.read())
        runtime = Runtime.open(root)
        try:
            load = Load(runtime, HOST)
            swapped(runtime, load, 1.0)  # the first of everything
            gc.collect()
            gc.freeze()  # as a worker does when it is ready
            pairs = [swapped(runtime, load, 3.0) for _ in range(swaps)]
        finally:
            runtime.close()
    show("all", pairs)
    calm = sorted(pairs, key=lambda pair: percentile(pair.before, 0.99))[: (swaps + 1) // 2]
    show("calm", calm)


def show(name: str, pairs: list[Pair]) -> None:
    """Both distributions, and how they compare."""
    before = [each for pair in pairs for each in pair.before]
    during = [each for pair in pairs for each in pair.during]
    ratio = percentile(during, 0.99) / percentile(before, 0.99)
    each = [percentile(pair.during, 0.99) / percentile(pair.before, 0.99) for pair in pairs]
    print(
        f"swaps, {name:<5} {len(pairs):>3} pairs of windows, "
        f"{len(before):,} + {len(during):,} requests"
    )
    for title, times in (("without", before), ("with", during)):
        shares = [f"{percentile(times, share) * 1e3:6.1f}" for share in (0.5, 0.9, 0.99)]
        print(f"  {title:<8} p50, p90, p99 {' '.join(shares)} ms, longest {max(times) * 1e3:.1f}")
    print(f"  p99 with / without {ratio:8.2f}   of each pair {median(each):.2f} (aim ≤ 2)")
