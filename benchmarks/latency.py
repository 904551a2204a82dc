"""What the gateway adds to an answer's time at half of full load, and what a second worker gives.

    python -m benchmarks.latency

**At half load**: full load is what eight clients that never wait reach; then requests are sent at
half that rate, by the clock and not when the last answer is there (a slow answer must not thin
out the load), half through the gateway and half straight to the origin, in turn; p50 and p99 of
both, and their difference. Aim: p99 ≤ 5 ms more.

**Two workers**: requests a second need free cores for gateway, origin and load. Where there are
none, processor time a request says what two could reach: two workers that spend no more on a
request than one does serve twice as many. Aim: 2 × one / two ≥ 1.8.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.__main__ import CONNECTIONS, PEOPLE, body_of
from benchmarks.load import Target, connect, post, posts
from benchmarks.soak import processes
from benchmarks.stage import cpu_seconds, prepare_site, start, wait_for
from proxy.ca import export_ca
from proxy.demo.authority import make_cloud_files
from proxy.demo.cloud import BANK, SERVICE
from proxy.demo.people import Person, cast
from proxy.demo.site import SCHOOL
from proxy.site import load_site
from tests.sim.served import Served

MOST_ADDED = 0.005
LEAST_GAIN = 1.8


@contextmanager
def stage(folder: Path, people: list[Person]) -> Iterator[tuple[Path, int, str, str]]:
    """Site, the origin's port, and what trusts origin and gateway."""
    files = make_cloud_files(folder, (SERVICE, BANK))
    port_file = folder / "origin.port"
    command = [sys.executable, "-m", "benchmarks.origin"]
    process = start([*command, str(files.certificate), str(files.key), str(port_file)], 1)
    try:
        origin = wait_for(port_file, process)
        root = prepare_site(folder, files.authority, people)
        ca_file = folder / "preau-ca.pem"
        ca_file.write_bytes(export_ca(load_site(root).ca_dir))
        yield root, origin, str(files.authority), str(ca_file)
    finally:
        process.kill()


async def at_rate(
    targets: list[Target], people: list[Person], rate: float, seconds: float
) -> list[list[float]]:
    """Seconds of each request, by target, from the moment in which it was due."""
    times: list[list[float]] = [[] for _ in targets]
    free: list[asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = []
    for target in targets:
        queue: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            reader, writer = await connect(target)
            await post(reader, writer, target.host, body_of(people, 0))
            queue.put_nowait((reader, writer))
        free.append(queue)

    async def one(which: int, number: int, due: float) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        reader, writer = await free[which].get()
        await post(reader, writer, SERVICE, body_of(people, number))
        times[which].append(time.perf_counter() - due)
        free[which].put_nowait((reader, writer))

    begin = time.perf_counter() + 0.1
    count = int(rate * seconds) * len(targets)
    due = [begin + number / (rate * len(targets)) for number in range(count)]
    await asyncio.gather(*(one(n % len(targets), n, when) for n, when in enumerate(due)))
    return times


def p(values: list[float], hundredth: int) -> float:
    """A percentile."""
    return statistics.quantiles(values, n=100)[hundredth - 1]


def half_load(folder: Path, people: list[Person], seconds: float) -> bool:
    """Prints the figures; whether the aim is met."""
    with (
        stage(folder, people) as (root, origin, trusted, ca_file),
        Served(root, {SERVICE: ("127.0.0.1", origin)}) as gateway,
    ):
        through = Target(SERVICE, origin, gateway.port, ca_file)
        direct = Target(SERVICE, origin, None, trusted)
        done, elapsed = asyncio.run(
            posts(through, lambda n: body_of(people, n), CONNECTIONS, seconds / 2)
        )
        full = done / elapsed
        ours, bare = asyncio.run(at_rate([through, direct], people, full / 2, seconds))
    added = p(ours, 99) - p(bare, 99)
    print(
        f"full load {full:.0f} requests/s; at half: p50 {p(ours, 50) * 1e3:.1f} ms through, "
        f"{p(bare, 50) * 1e3:.1f} direct; p99 {p(ours, 99) * 1e3:.1f} and {p(bare, 99) * 1e3:.1f}, "
        f"{added * 1e3:+.1f} ms (aim ≤ {MOST_ADDED * 1e3:.0f})"
    )
    return added <= MOST_ADDED


def cost(folder: Path, people: list[Person], workers: int, seconds: float) -> tuple[float, float]:
    """Processor seconds a request of all processes, and requests a second."""
    with (
        stage(folder, people) as (root, origin, _, ca_file),
        Served(root, {SERVICE: ("127.0.0.1", origin)}, workers=workers) as gateway,
    ):
        target = Target(SERVICE, origin, gateway.port, ca_file)
        asyncio.run(posts(target, lambda n: body_of(people, n), CONNECTIONS, 1.0))
        before = sum(map(cpu_seconds, processes(gateway.pid)))
        done, elapsed = asyncio.run(
            posts(target, lambda n: body_of(people, n), CONNECTIONS, seconds)
        )
        used = sum(map(cpu_seconds, processes(gateway.pid))) - before
    return used / done, done / elapsed


def two_workers(folder: Path, people: list[Person], seconds: float) -> bool:
    """Prints the figures; whether the aim is met by processor time."""
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for turn in range(2):
        for workers in found:
            place = folder / f"{workers}-{turn}"
            place.mkdir()
            found[workers].append(cost(place, people, workers, seconds))
    one, two = (min(cpu for cpu, _ in found[n]) for n in (1, 2))
    rates = [max(rate for _, rate in found[n]) for n in (1, 2)]
    gain = 2 * one / two
    print(
        f"CPU a request: one process {one * 1e3:.2f} ms, supervisor with two workers "
        f"{two * 1e3:.2f} ms: on free cores up to {gain:.2f} × one (aim ≥ {LEAST_GAIN}); "
        f"here {rates[1] / rates[0]:.2f} × in requests/s, with load and origin on the same cores"
    )
    return gain >= LEAST_GAIN


def main() -> int:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement")
    given = parser.parse_args()
    people = cast(PEOPLE, school=SCHOOL)
    good = []
    for measure in (half_load, two_workers):
        with tempfile.TemporaryDirectory(prefix="preau-bench-") as folder:
            good.append(measure(Path(folder), people, given.seconds))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
