"""``preau serve`` as people run it: a process of its own, told where to listen, ended by a signal.

with Served(site, {"classroom.example": cloud.address}) as gateway:
    curl(f"--proxy http://{gateway.listen}")
assert gateway.ended == 0
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from proxy.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
PREAU = (sys.executable, "-m", "proxy.cli")


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what would change a site's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREAU_")}
    return kept | {"PYTHONPATH": str(ROOT)} | changes


def preau(
    *words: str | Path, stdin: bytes = b"", **kwargs: Any
) -> subprocess.CompletedProcess[Any]:
    """One verb in a process of its own; never waits longer than 30 s."""
    command = [*PREAU, *map(str, words)]
    settings: dict[str, Any] = {"input": stdin, "capture_output": True, "timeout": 30}
    return subprocess.run(command, **settings | {"env": environment()} | kwargs, check=False)


def inside(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The same in this process: a tenth of the time, for tests that need no process."""
    streams = io.BytesIO(stdin), io.BytesIO(), io.BytesIO()
    texts = [io.TextIOWrapper(s, "utf-8", "surrogateescape", write_through=True) for s in streams]
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = texts
    try:
        code = main([str(word) for word in words])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    _, out, err = streams
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


class Served:
    """A gateway process; ``listen`` and ``status`` are its addresses, ``ended`` its exit code."""

    def __init__(
        self,
        root: Path,
        resolve: Mapping[str, tuple[str, int]],
        workers: int = 1,
        options: Sequence[str] = (),
        listen: str = "127.0.0.1:0",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = environment(**(variables or {}))
        self._log = root.parent / f"{root.name}-serve.log"
        options = [*options, "--workers", str(workers), "--site", str(root)]
        options += ["--listen", listen, "--status", "127.0.0.1:0"]
        for name, (host, port) in resolve.items():
            options += ["--resolve", f"{name}:{host}:{port}"]
        self._command = [*PREAU, "serve", "--json", *options]
        self.listen = self.status = ""
        self.ended: int | None = None

    @property
    def port(self) -> int:
        """The proxy's port."""
        return int(self.listen.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """The process that was started: the supervisor, or the one worker."""
        return self._process.pid

    @property
    def peak(self) -> int:
        """The highest resident set of the process so far, in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10

    @property
    def said(self) -> str:
        """What it wrote to stderr so far."""
        return self._log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the status server."""
        try:
            with urllib.request.urlopen(f"http://{self.status}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        """The value of the one series called ``name`` (with its labels)."""
        text = self.get("/metrics")[1]
        return float(
            next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[-1]
        )

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, env=self._environment
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise AssertionError(f"the gateway did not start: {self.said}")
        told = json.loads(line)
        self.listen, self.status = told["listen"], told["status"]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self, number: int = signal.SIGTERM, seconds: float = 15) -> int:
        """Send a signal and wait; a gateway that does not end is killed and gives -9."""
        if self.ended is None:
            self._process.send_signal(number)
            try:
                self.ended = self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self.ended = self._process.wait()
        return self.ended


@contextmanager
def edited(path: Path, text: str) -> Iterator[None]:
    """The file holds ``text`` meanwhile, put in place as an editor does (all at once)."""
    before = path.read_bytes()
    replace(path, text.encode())
    try:
        yield
    finally:
        replace(path, before)


def replace(path: Path, content: bytes) -> None:
    """Write beside, then rename over."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
