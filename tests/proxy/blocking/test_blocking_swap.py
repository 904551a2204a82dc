"""Swapping lists under load: requests go on at the pace they had.

On a shared machine the ratio scatters (1.8 to 4 in one run of three swaps), so that one swap
of three within the bound passes: this notices requests that wait for a list, nothing finer.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import School

pytestmark = pytest.mark.long


def big_list(seed: int) -> str:
    rng = random.Random(seed)

    def word() -> str:
        return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 12)))

    rules = [f"||{word()}.{word()}.example^" for _ in range(12_000)]
    rules += [f"/{word()}/{word()}.$script,third-party" for _ in range(6_000)]
    return "! x\n" + "\n".join(rules)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


class Load:
    """Requests through the engine, one after another, each with its time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._client = runtime.client("127.0.0.1")
        self._number = 0

    def run(self, until) -> list[float]:
        times = []
        while not until():
            self._number += 1
            started = time.perf_counter()
            begun = self._runtime.engine.begin(head(target=f"/v1/x/{self._number}"), self._client)
            self._runtime.engine.protect(begun.exchange, b'{"a": "Bien construit"}' * 40)
            times.append(time.perf_counter() - started)
            time.sleep(0.001)
        return times


@contextmanager
def another_process_at_work() -> Iterator[None]:
    """A core taken, as compiling takes one: the rest of a wait is this process's own doing."""
    process = subprocess.Popen([sys.executable, "-c", "while True: sum(range(10_000))"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_no_request_waits_while_lists_are_compiled_and_swapped(tmp_path: Path) -> None:
    school = School(tmp_path, 2)
    folder = school.root / "lists" / "block"
    (folder / "big.txt").write_text(big_list(1))
    runtime = Runtime.open(school.root)
    try:
        load = Load(runtime)
        ends = time.monotonic() + 1
        load.run(lambda: time.monotonic() > ends)  # warm
        ratios = []
        for attempt in range(2, 5):  # the machine is shared: one quiet swap of three will do
            ends = time.monotonic() + 1
            with another_process_at_work():
                before = load.run(lambda: time.monotonic() > ends)  # noqa: B023 - used at once
            (folder / "big.txt").write_text(big_list(attempt))
            old = runtime.snapshot().blocker
            swap = threading.Thread(target=runtime.refresh)  # as the gateway does
            swap.start()
            during = load.run(lambda: not swap.is_alive())  # noqa: B023 - used at once
            swap.join()
            assert runtime.snapshot().blocker is not old
            assert len(during) > 50
            ratios.append(percentile(during, 0.99) / max(percentile(before, 0.99), 0.001))
            assert max(during) < 1.0
            if ratios[-1] <= 2:
                break
        assert min(ratios) <= 2, ratios
    finally:
        runtime.close()
