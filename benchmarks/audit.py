"""What the audit log costs: ``python -m benchmarks.audit`` (also at the end of ``make bench``).

One run, one disk, four ways to record a request, at 1, 8 and 64 concurrent: nothing at all,
an fsync for each event, Python's logging into JSON lines (no fsync, no proof), and the log
(durable before the waiter goes on). Then bytes an event, verification, and proofs in a large
log: its tiles are generated (``--events``), since writing so many lines would take minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from proxy.audit import Event, make_event, open_audit, serialise, verify
from proxy.audit.layout import Layout
from proxy.audit.merkle import Tree, inclusion, verify_inclusion
from proxy.audit.tiles import TileHashes, write_partial

CONCURRENT = (1, 8, 64)
type Record = Callable[[Event], Awaitable[object]]


def event() -> Event:
    """What a request leaves."""
    return make_event(
        "request-pseudonymised",
        gateway="gw1",
        client="0123456789abcdef",
        group="pupils",
        school="0750001A",
        service="google-classroom",
        host="classroom.googleapis.com",
        endpoint="/v1/courses/{courseId}/…",
        method="POST",
        policy="0123456789abcdef",
        counts={"full_name": 1, "email": 1},
    )


async def load(record: Record, concurrent: int, seconds: float) -> tuple[float, float, float]:
    """Events a second, and p50 and p99 of the wait in milliseconds."""
    waits: list[float] = []
    until = time.perf_counter() + seconds

    async def one() -> None:
        while (began := time.perf_counter()) < until:
            await record(event())
            waits.append(time.perf_counter() - began)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(concurrent)))
    rate = len(waits) / (time.perf_counter() - started)
    waits.sort()
    return rate, statistics.median(waits) * 1000, waits[int(len(waits) * 0.99)] * 1000


async def nothing(_event: Event) -> None:
    """No audit: make the event, let another task run."""
    await asyncio.sleep(0)


def fsync_each(path: Path) -> Record:
    """The simplest durable log."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def record(one: Event) -> None:
        os.write(file, serialise(one) + b"\n")
        os.fsync(file)
        await asyncio.sleep(0)

    return record


def python_logging(path: Path) -> Record:
    """What most programs do: not durable, nothing proven."""
    logger = logging.getLogger("benchmark")
    logger.propagate = False
    logger.addHandler(logging.FileHandler(path))
    logger.setLevel(logging.INFO)

    async def record(one: Event) -> None:
        logger.info(json.dumps(one, default=str))
        await asyncio.sleep(0)

    return record


def waits(folder: Path, seconds: float) -> None:
    """The table of waits; the ways take turns."""
    log = open_audit(folder / "log", key_path=folder / "key.pem", origin="preau.example/bench")
    ways: dict[str, Record] = {
        "no audit": nothing,
        "Python logging": python_logging(folder / "python.jsonl"),
        "fsync an event": fsync_each(folder / "fsync.jsonl"),
        "Préau": lambda one: log.record([one]),
    }
    print(f"{'':<16}" + "".join(f"{f'{n} at once: ev/s, p50, p99 ms':>34}" for n in CONCURRENT))
    for name, way in ways.items():
        cells = []
        for concurrent in CONCURRENT:
            rate, middle, late = asyncio.run(load(way, concurrent, seconds))
            cells.append(f"{rate:>16,.0f} {middle:>8.3f} {late:>8.3f}")
        print(f"{name:<16}" + "".join(cells))
    log.close()
    size = sum(path.stat().st_size for path in (folder / "log").rglob("*") if path.is_file())
    began = time.process_time()
    report = verify(folder / "log")
    spent = time.process_time() - began
    line = len(serialise(event())) + 1
    print(
        f"on disk {size / report.events:.0f} bytes an event ({line} of them its line); verified "
        f"{report.events / spent:,.0f} events a CPU second, {report.events:,} events, "
        f"{'good' if report.ok else 'BAD'}"
    )


def seals(folder: Path) -> None:
    """What signing a checkpoint costs the writer."""
    with open_audit(folder / "s", key_path=folder / "k.pem", origin="preau.example/seal") as log:
        times = []
        for _ in range(30):
            log.record_sync([event()] * 100)
            began = time.perf_counter()
            log.checkpoint()
            times.append((time.perf_counter() - began) * 1000)
    print(f"a checkpoint: {statistics.median(times):.2f} ms (at most one a second)")


def large(folder: Path, events: int) -> None:
    """Proofs in a log of so many events, from generated tiles."""
    layout, tree = Layout(folder), Tree()
    began = time.process_time()
    for start in range(0, events, 256 * 256):
        hashes = [
            hashlib.sha256(b"%d" % number).digest()
            for number in range(start, min(start + 65536, events))
        ]
        for level, index, data in tree.extend(hashes):
            path = layout.tile(level, index)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for level, index, data in tree.partial():
        write_partial(layout, level, index, data)
    made = time.process_time() - began
    root, times, sizes = tree.root(), [], []
    for index in range(0, events, events // 50):
        began = time.process_time()
        proof = inclusion(index, events, TileHashes(layout, events).range)
        times.append((time.process_time() - began) * 1000)
        sizes.append(len(proof))
        leaf = hashlib.sha256(b"%d" % index).digest()
        if not verify_inclusion(leaf, index, events, proof, root):
            raise SystemExit("a proof does not hold")
    print(
        f"{events:,} events: proof of {max(sizes)} hashes ({max(sizes) * 45} bytes as text), made "
        f"from tiles in {statistics.median(times):.2f} ms; tree hashed in {made:.0f} CPU s"
    )


def main(argv: list[str] | None = None) -> None:
    """All of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit")
    parser.add_argument("--seconds", type=float, default=1.0, help="a way and a concurrency")
    parser.add_argument("--events", type=int, default=10**7)
    parser.add_argument("--dir", type=Path, help="a folder on the disk to measure")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="preau-audit-", dir=args.dir) as scratch:
        folder = Path(scratch)
        waits(folder, args.seconds)
        seals(folder)
        large(folder / "large", args.events)


if __name__ == "__main__":
    main()
