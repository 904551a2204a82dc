"""``make bench``: Préau against its floor and its peers, in one run.

Requests a second (and processor milliseconds a request) for a 2 kB JSON POST over TLS
keep-alive, one person pseudonymised on the way up and restored on the way down:

- against (a) the bare mitmproxy library with no work in it, (b) stock mitmdump, (c) mitmproxy
  with Presidio doing the detection (only if ``.venv-bench`` is there: ``make bench`` makes it);
- tunnelled bytes a second against a direct connection;
- and bodies rewritten as they pass (``benchmarks.streaming``).

Then what pseudonyms cost by themselves (``benchmarks.pseudonyms``), and the audit log
(``benchmarks.audit``).
Then the directory: import, index and look-ups for a school, a town and an academy
(``benchmarks.directory``; minutes for the academy: ``--directory 1000 100000`` leaves it out).

Proxies take turns in short rounds so that a slow moment of the machine hits all alike; each
proxy is pinned to one core, the load and the origin to the other, where there are two.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import audit, directory, pseudonyms, streaming
from benchmarks.load import Target, download, posts
from benchmarks.stage import cpu_seconds, prepare_site, start, wait_for
from proxy.ca import export_ca
from proxy.demo.authority import make_cloud_files
from proxy.demo.cloud import BANK, SERVICE
from proxy.demo.people import Person, cast
from proxy.demo.site import SCHOOL
from proxy.site import load_site

PEOPLE = 2000
CONNECTIONS = 8
AIMS = {"bare": 0.80, "mitmdump": 1.6, "presidio": 50.0}


@dataclass
class Contestant:
    """A proxy under test: its process and what was measured."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    ca_file: str
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def body_of(people: list[Person], number: int) -> bytes:
    """About 2 kB of classwork with one person in it."""
    person = people[number % len(people)]
    document = {
        "courseId": "358120441207",
        "title": "Exposé sur les volcans d'Auvergne",
        "student": {"name": person.full_name, "email": person.email, "rank": number % 30},
        "state": "TURNED_IN",
        "late": False,
        "points": 14.5,
        "comments": [
            {"at": f"2026-11-{day:02d}T10:00:00Z", "text": "Bien construit, sources à citer. " * 3}
            for day in range(1, 13)
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode()


@contextlib.contextmanager
def contestants(
    folder: Path, root: Path, trusted: Path, origin: int, names: list[str]
) -> Iterator[list[Contestant]]:
    """Every proxy, started."""
    ca_dir = load_site(root).ca_dir
    ca_file = folder / "preau-ca.pem"
    ca_file.write_bytes(export_ca(ca_dir))
    running = []
    try:
        for name in names:
            port_file = folder / f"{name}.port"
            if name == "preau":
                command = [sys.executable, "-m", "benchmarks.gateway", str(root), SERVICE, BANK]
            else:
                python = ".venv-bench/bin/python" if name == "presidio" else sys.executable
                command = [python, "-m", "benchmarks.peers", name, str(ca_dir), str(trusted)]
                command.append(SERVICE)
            process = start([*command, str(origin), str(port_file)], 0)
            running.append(Contestant(name, process, wait_for(port_file, process), str(ca_file)))
        yield running
    finally:
        for contestant in running:
            contestant.process.send_signal(signal.SIGKILL)
            contestant.process.wait()


def measure(contestant: Contestant, origin: int, people: list[Person], seconds: float) -> None:
    """One round."""
    target = Target(SERVICE, origin, contestant.port, contestant.ca_file)
    before = cpu_seconds(contestant.process.pid)
    done, elapsed = asyncio.run(
        posts(target, lambda number: body_of(people, number), CONNECTIONS, seconds)
    )
    used = cpu_seconds(contestant.process.pid) - before
    contestant.rates.append(done / elapsed)
    contestant.cpu.append(used / done * 1000)


def report(running: list[Contestant]) -> None:
    """The table: medians over the rounds, and ratios.

    ``by CPU`` compares processor time a request, which is what requests/s comes to where the
    machine is ours alone, and the steadier figure where it is not.
    """
    ours = next(one for one in running if one.name == "preau")
    mine = statistics.median(ours.rates)
    ours_cpu = statistics.median(ours.cpu)
    print(
        f"{'':<10} {'requests/s':>11} {'CPU ms/req':>11} {'Préau is':>10} {'by CPU':>10} {'aim':>8}"
    )
    for one in running:
        rate = statistics.median(one.rates)
        ratio = "" if one is ours else f"{mine / rate:.2f} ×"
        aim = f"≥ {AIMS[one.name]}" if one.name in AIMS else ""
        cpu = statistics.median(one.cpu)
        by_cpu = "" if one is ours else f"{cpu / ours_cpu:.2f} ×"
        print(f"{one.name:<10} {rate:>11.0f} {cpu:>11.3f} {ratio:>10} {by_cpu:>10} {aim:>8}")


def tunnel(running: list[Contestant], origin: int, trusted: Path) -> None:
    """Bytes a second through a tunnel, against a direct connection."""
    ours = next(one for one in running if one.name == "preau")
    size = 256 << 20
    direct, tunnelled = [], []
    for _ in range(3):
        direct.append(asyncio.run(download(Target(BANK, origin, None, str(trusted)), size)))
        through = Target(BANK, origin, ours.port, str(trusted))
        tunnelled.append(asyncio.run(download(through, size)))
    a, b = statistics.median(direct) / 1e6, statistics.median(tunnelled) / 1e6
    print(f"tunnel     {b:.0f} MB/s, direct {a:.0f} MB/s: {b / a:.2f} ×")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="a round of one proxy")
    parser.add_argument("--only", nargs="*", default=["bare", "mitmdump", "presidio"])
    parser.add_argument("--megabytes", type=int, default=64, help="the long body; 2000 for 2 GB")
    parser.add_argument("--directory", nargs="*", type=int, default=directory.SIZES)
    args = parser.parse_args()
    names = ["preau", *(name for name in args.only if name != "presidio")]
    if "presidio" in args.only:
        if Path(".venv-bench/bin/python").exists():
            names.append("presidio")
        else:
            print("(c) Presidio is left out: .venv-bench is not there (`make bench` makes it)")
    cores = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="preau-bench-") as scratch:
        folder = Path(scratch)
        people = cast(PEOPLE, school=SCHOOL)
        files = make_cloud_files(folder, (SERVICE, BANK))
        port_file = folder / "origin.port"
        command = [sys.executable, "-m", "benchmarks.origin"]
        command += [str(files.certificate), str(files.key), str(port_file)]
        origin_process = start(command, 1)
        os.sched_setaffinity(0, {1 if (os.cpu_count() or 1) > 1 else 0})
        try:
            origin = wait_for(port_file, origin_process)
            root = prepare_site(folder, files.authority, people)
            with contestants(folder, root, files.authority, origin, names) as running:
                for _ in range(args.rounds):
                    for contestant in running:
                        measure(contestant, origin, people, args.seconds)
                report(running)
                tunnel(running, origin, files.authority)
            streaming.run(folder, root, files, args.megabytes)
        finally:
            origin_process.kill()
    print()
    pseudonyms.main()
    print()
    audit.main([])
    os.sched_setaffinity(0, cores)
    if args.directory:
        directory.report(tuple(args.directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
