"""What the supervisor says of itself and its children: status, checks, metrics.

The status server asks from its threads; every question is carried into the supervisor's
event loop and answered there, so that nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from proxy import __version__
from proxy.frontends.status import Check
from proxy.supervisor.channel import Document
from proxy.supervisor.control import Verb
from proxy.supervisor.fleet import Child, Role, State
from proxy.supervisor.merge import exposition, snapshot
from proxy.supervisor.posts import Post
from proxy.supervisor.supervisor import Supervisor

_WAIT = 3.0
_CHECKS = 2.5
_SPLIT_GRACE = 10.0
"""Seconds in which workers may follow different policies: each looks once a second."""


class Reporter:
    """Answers in the place of a single worker's metrics and checks."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._loop = asyncio.get_running_loop()
        self._split_since: float | None = None

    # --- from the status server's threads ---

    def render(self) -> bytes:
        """The merged metrics, as fresh as the workers answer."""
        return self._inside(self._metrics())

    def checks(self) -> Mapping[str, Callable[[], Check]]:
        """Readiness over all processes, by name."""
        return {
            "workers": lambda: self._inside(self._workers()),
            "policy": lambda: self._inside(self._policy()),
            "signer": lambda: self._inside(self._signer()),
            "audit": lambda: self._inside(self._asked("audit")),
            "store": lambda: self._inside(self._asked("store")),
        }

    def details(self) -> Document:
        """What ``/-/ready?verbose`` adds."""
        return {"workers": self._inside(self._status())["workers"]}

    # --- in the loop ---

    def verbs(self) -> Mapping[str, Verb]:
        """What the control socket answers."""
        supervisor = self._supervisor

        async def reload() -> Document:
            return {"problem": await supervisor.reload()}

        async def upgrade() -> Document:
            return {"problem": await supervisor.upgrade()}

        async def roll() -> Document:
            return {"problem": await supervisor.replace_workers()}

        return {"status": self._status, "reload": reload, "roll": roll, "upgrade": upgrade}

    async def _status(self) -> Document:
        supervisor = self._supervisor
        return {
            "version": __version__,
            "generation": supervisor.generation,
            "since": supervisor.since,
            "stopping": supervisor.stopping,
            "listen": self._listen(),
            "workers": [self._document(c) for c in self._wanted()],
            "processes": [
                self._document(c)
                for r in (Role.SIGNER, Role.WRITER)
                for c in supervisor.fleet.of(r)
            ],
            "policies": supervisor.policies(),
            "busy": supervisor.busy,
            "problems": dict(supervisor.problems),
        }

    def _listen(self) -> str:
        if self._supervisor.stopping:
            return ""
        host, port = self._supervisor.socket("proxy").getsockname()[:2]
        return f"{host}:{port}"

    def _wanted(self) -> list[Child | int]:
        """Every worker, and the number of each slot that has none."""
        workers = self._supervisor.fleet.of(Role.WORKER)
        here = {w.slot for w in workers if w.state is not State.DRAINING}
        missing = [n for n in range(1, self._supervisor.options.workers + 1) if n not in here]
        found: list[Child | int] = [*workers, *missing]
        return sorted(found, key=lambda one: one if isinstance(one, int) else one.slot)

    def _document(self, one: Child | int) -> Document:
        role, slot = (Role.WORKER, one) if isinstance(one, int) else (one.role, one.slot)
        post = self._supervisor.posts.get((role, slot), Post()).document()
        if isinstance(one, int):
            return {"role": role.value, "slot": slot, "state": "awaited", **post}
        facts = {k: v for k, v in one.facts.items() if k in _SHOWN}
        return {
            "role": role.value,
            "slot": slot,
            "pid": one.pid,
            "state": one.state.value,
            "seconds": round(time.monotonic() - one.started),
            "silent": round(time.monotonic() - one.heard, 1),
            "problem": one.problem,
            **facts,
            **post,
        }

    async def _metrics(self) -> bytes:
        supervisor = self._supervisor
        await asyncio.gather(*(supervisor.ask(c) for c in supervisor.fleet.of(Role.WORKER)))
        living = {}
        for child in supervisor.fleet.of(Role.WORKER):
            ending = " draining" if child.state is State.DRAINING else ""
            living[f"{child.slot}{ending}", child.pid] = child.snapshot
        own = snapshot(supervisor.metrics.registry)
        everyone = [(label, one) for (label, _), one in living.items()]
        return exposition(supervisor.totals.merge([*everyone, ("supervisor", own)]))

    async def _workers(self) -> Check:
        supervisor = self._supervisor
        ready = len(supervisor.fleet.of(Role.WORKER, State.READY))
        wanted = supervisor.options.workers
        problem = "; ".join(supervisor.problems.values())
        return Check(
            ready > 0 and not supervisor.stopping, f"{ready} of {wanted} serve{_after(problem)}"
        )

    async def _policy(self) -> Check:
        policies = self._supervisor.policies()
        if len(policies) <= 1:
            self._split_since = None
            return Check(bool(policies), "".join(policies) or "no worker serves")
        now = time.monotonic()
        self._split_since = self._split_since or now
        told = "; ".join(f"workers {slots} follow {digest}" for digest, slots in policies.items())
        return Check(now - self._split_since < _SPLIT_GRACE, f"split: {told}")

    async def _signer(self) -> Check:
        if (where := self._supervisor.options.signer) is not None:
            problem = self._supervisor.other_signer
            return Check(not problem, problem or f"a service of its own, at {where}")
        found = self._supervisor.fleet.of(Role.SIGNER, State.READY)
        if not found:
            return Check(False, "not running: hosts that are new to a worker are refused")
        return Check(
            not found[0].problem,
            found[0].problem or f"{found[0].facts.get('signed', 0)} leaves signed",
        )

    async def _asked(self, name: str) -> Check:
        """A check of the workers': holds when it does for every one that serves."""
        workers = self._supervisor.fleet.of(Role.WORKER, State.READY)
        answers = await asyncio.gather(
            *(w.channel.ask("check", _CHECKS, name=name) for w in workers)
        )
        told = [
            (worker.slot, bool(answer and answer.get("ok")), (answer or {}).get("detail", "silent"))
            for worker, answer in zip(workers, answers, strict=True)
        ]
        writers = self._supervisor.fleet.of(Role.WRITER, State.READY)
        if name == "audit" and writers and told:
            written = f"{writers[0].facts.get('size', 0)} events"
            told = [(slot, ok, written if ok else detail) for slot, ok, detail in told]
        bad = [f"worker {slot}: {detail}" for slot, ok, detail in told if not ok]
        return Check(bool(told) and not bad, "; ".join(bad) or (told[0][2] if told else "nobody"))

    def _inside[T](self, question: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result(_WAIT)


_SHOWN = ("policy", "directory", "lists", "connections", "signed", "refused", "size", "sealed")


def _after(problem: str) -> str:
    return f"; {problem}" if problem else ""
