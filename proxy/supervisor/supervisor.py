"""What the supervisor does, and when.

* **Start**: lock, listen, signer and audit writer, then the workers; "ready" when all are.
* **Every second** (``_beat``): ask every child for its report; kill what has not answered
  for ``silence`` seconds; look whether keys or CA changed; tell systemd's watchdog.
* **A child ends by accident**: its counts are carried over, another takes its post, at
  once the first time, then ever more rarely (``posts``). The listening socket is ours, so
  the kernel goes on queueing connections and the other workers go on taking them.
* **Reload** (SIGHUP, and by itself as files change): workers read policy, lists and
  directory again in place. New keys or a new CA replace the workers (**roll**): a new one
  first, then the old one drains; a new one that cannot start leaves the old ones in place.
* **Upgrade** (SIGUSR2): after a rehearsal (``preflight``) this program is replaced by the
  installed one (``handover``), which replaces the children as in a roll.
* **Stop** (SIGTERM, SIGINT): workers drain, then writer and signer end.

Everything here happens in one event loop; only the status server has threads, and they
come in through ``report.Reporter``.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from proxy.errors import InputError, PreauError
from proxy.supervisor import handover, local_socket, notify
from proxy.supervisor.channel import Document
from proxy.supervisor.commands import signer_command, worker_command, writer_command
from proxy.supervisor.control import SOCKET as CONTROL
from proxy.supervisor.fleet import Child, Fleet, Role, State
from proxy.supervisor.handover import Handover, LeftChild
from proxy.supervisor.leaves import SOCKET as SIGNER
from proxy.supervisor.leaves import is_answered
from proxy.supervisor.merge import Totals, snapshot
from proxy.supervisor.options import Options, private_folder
from proxy.supervisor.own_metrics import OwnMetrics
from proxy.supervisor.posts import Post
from proxy.supervisor.watching import Secrets

log = logging.getLogger("preau.supervisor")

BEAT = 1.0
_LATE = 5.0
"""Seconds that a beat may be late before nobody's silence counts: it was us who slept."""
_START = 60.0
_REHEARSAL = 120.0
_REFRESH = 30.0
_GRACE = 3.0
_END = 5.0
_BIND = 3.0
_QUEUE = 1024


class Supervisor:
    """One gateway of several processes."""

    def __init__(self, options: Options, left: Handover | None = None) -> None:
        self.options = options
        self.metrics = OwnMetrics()
        self.totals = Totals(left.carried if left else ())
        self.posts: dict[tuple[Role, int], Post] = {}
        self.generation = left.generation + 1 if left else 1
        self.since = left.since if left else time.time()
        self.stopping = False
        self.other_signer = ""
        """What is wrong with a signer that is a service of its own."""
        self.problems: dict[str, str] = {}
        """What does not hold now, by what it is about: keys, roll, upgrade, reload, signer."""
        self.fleet = Fleet(self._on_exit, self._on_word)
        self._left = left
        self._secrets = Secrets(options.site, left.seen if left else None)
        self._sockets: dict[str, socket.socket] = {}
        self._lock = -1
        self._rolling = asyncio.Lock()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._renewing = left is not None
        self._signed = (0, 0)
        self.before_exec: Callable[[], None] = lambda: None
        """Called before the program is replaced, to end what cannot be handed over."""

    # --- life ---

    async def open(self) -> None:
        """Serve, or raise ``InputError`` with nothing left running."""
        private_folder(self.options.run)
        try:
            if self._left is not None:
                await self._adopt(self._left)
            else:
                self._take_lock()
                self._listen()
                await self._start_all()
        except BaseException:
            await self.abandon()
            raise
        self._on_signals()
        self._spawn(self._beats())
        if self._left is not None:
            self._spawn(self._renew())

    async def run(self) -> int:
        """Until told to stop; the exit code."""
        notify.ready(f"{self.options.workers} workers")
        return await self._over

    @property
    def busy(self) -> bool:
        """Whether a reload, a roll or an upgrade is under way."""
        return self._rolling.locked() or self._reloading.locked() or self._renewing

    def socket(self, name: str) -> socket.socket:
        """A listening socket: ``proxy``, ``status``, ``signer`` or ``control``."""
        return self._sockets[name]

    def stop(self) -> None:
        """Drain and end; asked twice, end now."""
        if not self.stopping:
            self.stopping = True
            notify.stopping("draining")
            self._spawn(self._stop())
        else:
            for child in self.fleet.of(Role.WORKER):
                child.signal(signal.SIGKILL)

    # --- starting ---

    def _take_lock(self) -> None:
        self._lock = os.open(
            self.options.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = -1
            raise InputError(
                f"{self.options.run}: another gateway of this site runs here; stop it, or ask "
                "it to take in what changed (preau upgrade, or SIGHUP)"
            ) from None

    def _listen(self) -> None:
        run = self.options.run
        self._sockets = {
            "proxy": _listener("the gateway", *self.options.listen),
            "status": _listener("the status server", *self.options.status),
            "control": local_socket.listen(run, CONTROL, socket.SOCK_STREAM),
        }
        if self.options.signer is None:
            self._sockets["signer"] = local_socket.listen(run, SIGNER, socket.SOCK_SEQPACKET)

    async def _start_all(self) -> None:
        await self._all_ready([await self._start(role) for role in self._single_roles()])
        if problem := await self._ask_other_signer():
            raise InputError(f"the signer at {self.options.signer} does not answer: {problem}")
        await self._all_ready([await self._start_worker(n) for n in self._slots()])

    async def _all_ready(self, children: Sequence[Child]) -> None:
        for child in children:
            if not await self._is_ready(child):
                why = child.problem or child.ending or "not ready in time"
                raise InputError(f"the {_name(child)} could not start: {why}")

    async def _is_ready(self, child: Child) -> bool:
        end = time.monotonic() + _START
        while child.state is State.STARTING and not child.problem:
            left = end - time.monotonic()
            if left <= 0 or (child.role is Role.WRITER and child.facts.get("waits")):
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.changed.wait(), min(left, BEAT))
        return child.state is State.READY or bool(child.facts.get("waits"))

    async def _start(self, role: Role) -> Child:
        options = self.options
        if role is Role.SIGNER:
            listener = self._sockets["signer"]
            command = signer_command(options, listener.fileno())
            return await self.fleet.start(role, 0, command, [listener])
        return await self.fleet.start(role, 0, writer_command(options))

    async def _start_worker(self, slot: int) -> Child:
        listener = self._sockets["proxy"]
        command = worker_command(self.options, slot, listener.fileno())
        return await self.fleet.start(Role.WORKER, slot, command, [listener])

    def _single_roles(self) -> tuple[Role, ...]:
        return (Role.WRITER,) if self.options.signer else (Role.SIGNER, Role.WRITER)

    async def _ask_other_signer(self) -> str:
        """What is wrong with the signer that is a service of its own, if there is one."""
        where = self.options.signer
        self.other_signer = await asyncio.to_thread(is_answered, where) if where else ""
        return self.other_signer

    def _slots(self) -> range:
        return range(1, self.options.workers + 1)

    async def abandon(self) -> None:
        """End everything at once: this gateway could not start."""
        self.stopping = True
        gone = [child.changed.wait() for child in self.fleet.children]
        for child in list(self.fleet.children):
            child.signal(signal.SIGKILL)
        for waiting in gone:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waiting, _END)
        self._close()

    # --- what children say, and that they end ---

    def _on_word(self, child: Child, document: Document) -> None:
        match document.get("say"):
            case "ready" if child.state is State.STARTING:
                child.facts = {**document, "waits": False}
                child.problem = ""
                child.become(State.READY)
            case "waiting":
                child.facts = {"waits": True}
                child.changed.set()
            case "failed":
                child.problem = str(document.get("problem", ""))
                child.changed.set()
            case "last":
                child.snapshot = document["metrics"]

    def _on_exit(self, child: Child, ending: str) -> None:
        self.totals.bury(child.snapshot)
        if self.stopping or child.facts.get("dismissed"):
            return
        post = self.posts.setdefault((child.role, child.slot), Post())
        wait = post.lost(time.monotonic() - child.started, ending)
        self.metrics.restarts[child.role].inc()
        log.error("%s ended (%s); starting again in %.1f s", _name(child), ending, wait)
        self._spawn(self._fill(child.role, child.slot, wait))

    async def _fill(self, role: Role, slot: int, wait: float) -> None:
        await asyncio.sleep(wait)
        post = self.posts[role, slot]
        post.next_try = 0.0
        if self.stopping or self._filled(role, slot):
            return
        child = await (self._start_worker(slot) if role is Role.WORKER else self._start(role))
        if not await self._is_ready(child):
            log.error("%s did not start: %s", _name(child), child.problem or "no answer")
            child.signal(signal.SIGKILL)

    def _filled(self, role: Role, slot: int) -> bool:
        return any(c.slot == slot for c in self.fleet.of(role, State.STARTING, State.READY))

    # --- every second ---

    async def _beats(self) -> None:
        while not self.stopping:
            started = time.monotonic()
            asked = (self.ask(child) for child in list(self.fleet.children))
            await asyncio.gather(self._ask_other_signer(), *asked)
            self._count()
            if self.fleet.of(Role.WORKER, State.READY):
                notify.alive()
            await asyncio.sleep(max(0.1, BEAT - (time.monotonic() - started)))
            if time.monotonic() - started > BEAT + _LATE:
                for child in self.fleet.children:
                    child.heard = time.monotonic()
            self._kill_the_silent()
            if self._reloading.locked():
                continue
            if self._secrets.changed():
                self._spawn(self.reload())
            elif "keys" in self.problems and self._secrets.at_rest():
                self._note("keys", "")

    async def ask(self, child: Child) -> None:
        """Have a child report; what it last reported stays where it does not answer."""
        if child.state is State.STARTING:
            return
        answer = await child.channel.ask("report", BEAT, least=self._least_connections())
        if answer is None:
            return
        child.heard = time.monotonic()
        child.snapshot = answer.pop("metrics", child.snapshot)
        child.problem = answer.pop("problem", "")
        child.facts = {**child.facts, **answer}

    def _least_connections(self) -> int:
        """Of the workers that serve: who has more lets that one accept first."""
        ready = self.fleet.of(Role.WORKER, State.READY)
        return min((worker.facts.get("connections", 0) for worker in ready), default=0)

    def _kill_the_silent(self) -> None:
        for child in self.fleet.children:
            if child.state is State.DRAINING:
                continue  # its deadline is its own
            limit = _START if child.state is State.STARTING else self.options.silence
            if time.monotonic() - child.heard > limit and not child.facts.get("waits"):
                log.error("%s has not answered for %.0f s: killed", _name(child), limit)
                child.signal(signal.SIGKILL)

    def _count(self) -> None:
        for state, gauge in self.metrics.workers.items():
            gauge.set(len(self.fleet.of(Role.WORKER, state)))
        for role, gauge in self.metrics.up.items():
            gauge.set(bool(self.fleet.of(role, State.READY)))
        if self.options.signer is not None:
            self.metrics.up[Role.SIGNER].set(not self.other_signer)
        self.metrics.policies.set(len(self.policies()))
        for signer in self.fleet.of(Role.SIGNER, State.READY):
            signed, refused = signer.facts.get("signed", 0), signer.facts.get("refused", 0)
            before = self._signed if signer.facts.get("counted") else (0, 0)
            self.metrics.leaves_signed.inc(max(0, signed - before[0]))
            self.metrics.leaves_refused.inc(max(0, refused - before[1]))
            self._signed, signer.facts["counted"] = (signed, refused), True

    def policies(self) -> dict[str, list[int]]:
        """The policies in force, each with the workers that follow it."""
        found: dict[str, list[int]] = {}
        for child in self.fleet.of(Role.WORKER, State.READY):
            found.setdefault(child.facts.get("policy", ""), []).append(child.slot)
        return found

    # --- change ---

    async def reload(self) -> str:
        """Take in what changed on disk now; the problem, or nothing."""
        async with self._reloading:
            return await self._reload()

    async def _reload(self) -> str:
        notify.reloading("reloading")
        for signer in self.fleet.of(Role.SIGNER, State.READY):
            answer = await signer.channel.ask("reload", _REFRESH)
            self._note("signer", (answer or {}).get("problem", "no answer"))
        workers = self.fleet.of(Role.WORKER, State.READY)
        answers = await asyncio.gather(*(w.channel.ask("refresh", _REFRESH) for w in workers))
        silent = [w.slot for w, a in zip(workers, answers, strict=True) if a is None]
        self._note("reload", f"workers {silent} did not answer" if silent else "")
        problem = ""
        if self._secrets.changed():
            seen = self._secrets.look()
            problem = await self.roll("keys or CA changed")
            self._note("keys", problem)
            if not problem:
                self._secrets.taken(seen)
            else:
                self._secrets.refused(seen)
        notify.ready(f"{self.options.workers} workers")
        return problem or self.problems.get("reload", "") or self.problems.get("signer", "")

    async def roll(self, why: str) -> str:
        """Replace every worker, one after the other; the problem, or nothing."""
        async with self._rolling:
            log.warning("replacing the workers: %s", why)
            problem = ""
            for slot in self._slots():
                problem = await self._roll_one(slot)
                if problem:
                    self.metrics.rolls_failed.inc()
                    log.error("workers not replaced, the old ones go on: %s", problem)
                    break
            if not problem:
                self._note("roll", "")
            return problem

    async def _roll_one(self, slot: int) -> str:
        if self.stopping:
            return "the gateway stops"
        new = await self._start_worker(slot)
        if not await self._is_ready(new):
            problem = f"worker {slot}: {new.problem or new.ending or 'not ready in time'}"
            self._dismiss(new)
            new.signal(signal.SIGKILL)
            return problem
        for old in self.fleet.of(Role.WORKER, State.STARTING, State.READY):
            if old.slot == slot and old is not new:
                self._drain(old, self.options.roll_drain)
        return ""

    def _drain(self, worker: Child, seconds: float) -> None:
        self._dismiss(worker)
        worker.channel.send({"do": "drain", "deadline": seconds})
        self._spawn(self._kill_later(worker, seconds + _GRACE))

    def _dismiss(self, child: Child) -> None:
        child.facts = {**child.facts, "dismissed": True}
        child.become(State.DRAINING)

    async def _kill_later(self, child: Child, seconds: float) -> None:
        end = time.monotonic() + seconds
        while child.state is not State.GONE and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.changed.wait(), end - time.monotonic())
        child.signal(signal.SIGKILL)

    # --- upgrade ---

    async def upgrade(self) -> str:
        """Become the program that is installed now; returns only when that is refused."""
        problem = await self._rehearse()
        if self.stopping:
            return "the gateway stops"
        if not problem:
            async with self._rolling:
                await asyncio.gather(*(self.ask(child) for child in list(self.fleet.children)))
                notify.reloading("upgrading")
                await asyncio.to_thread(self.before_exec)
                try:
                    handover.become_the_new_program(self._hand_over())
                except OSError as error:
                    problem = f"the new program cannot be run ({error.strerror})"
                notify.ready(f"{self.options.workers} workers")
        log.error("not upgraded, the running program goes on: %s", problem)
        return problem

    async def _rehearse(self) -> str:
        command = ("-m", "proxy.supervisor.preflight", str(self.options.site))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stderr=asyncio.subprocess.PIPE
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), _REHEARSAL)
        except TimeoutError:
            return "the rehearsal did not end in time"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return ""
        return said.decode(errors="replace").strip()[-500:] or f"exit code {process.returncode}"

    def _hand_over(self) -> Handover:
        carried = Totals(self.totals.carried())  # a copy: the new program may not come
        carried.bury(snapshot(self.metrics.registry))
        children = [
            LeftChild(
                c.role.value,
                c.slot,
                c.pid,
                c.channel.fileno(),
                c.started,
                c.state.value,
                c.snapshot,
            )
            for c in self.fleet.children
        ]
        return Handover(
            generation=self.generation,
            since=self.since,
            sockets={name: s.fileno() for name, s in self._sockets.items()} | {"lock": self._lock},
            children=children,
            carried=carried.carried(),
            seen=self._secrets.document(),
        )

    async def _adopt(self, left: Handover) -> None:
        named = dict(left.sockets)
        self._lock = named.pop("lock")
        os.set_inheritable(self._lock, False)
        self._sockets = {name: handover.adopt_socket(fd) for name, fd in named.items()}
        for one in left.children:
            line = handover.adopt_socket(one.line)
            child = await self.fleet.adopt(Role(one.role), one.slot, one.pid, line, one.started)
            child.snapshot = one.snapshot
            if State(one.state) is State.DRAINING:
                self._drain(child, self.options.roll_drain)
            else:
                child.become(State(one.state))

    async def _renew(self) -> None:
        """After an upgrade: every child by one of the new program's, the new one first."""
        problems = []
        for role in reversed(self._single_roles()):
            old = self.fleet.of(role)
            new = await self._start(role)
            if await self._is_ready(new):
                for child in old:
                    self._dismiss(child)
                    child.channel.send({"do": "end"})
                    self._spawn(self._kill_later(child, _END))
            else:
                problems.append(f"{role.value}: {new.problem or 'not ready in time'}")
                self._dismiss(new)
                new.signal(signal.SIGKILL)
        problem = await self.roll("upgrade")
        self._renewing = False
        self._note("upgrade", "; ".join([*problems, problem] if problem else problems))
        notify.ready(f"{self.options.workers} workers")

    # --- the end ---

    async def _stop(self) -> None:
        self._sockets["proxy"].close()
        workers = self.fleet.of(Role.WORKER)
        for worker in workers:
            if worker.state is State.STARTING:
                worker.signal(signal.SIGKILL)
            self._drain(worker, self.options.drain)
        await self._until_gone(workers, self.options.drain + 2 * _GRACE)
        await asyncio.to_thread(self.before_exec)
        rest = [child for child in self.fleet.children if child.role is not Role.WORKER]
        for child in rest:
            child.channel.send({"do": "end"})
        await self._until_gone(rest, _END)
        self._close()
        if not self._over.done():
            self._over.set_result(0)

    async def _until_gone(self, children: Sequence[Child], seconds: float) -> None:
        end = time.monotonic() + seconds
        for child in children:
            while child.state is not State.GONE and time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(child.changed.wait(), 0.2)
            child.signal(signal.SIGKILL)

    def _close(self) -> None:
        for name, one in self._sockets.items():
            one.close()
            if name in (SIGNER, CONTROL):
                (self.options.run / name).unlink(missing_ok=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # --- small things ---

    def _on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self.reload()))
        loop.add_signal_handler(signal.SIGUSR2, lambda: self._spawn(self.upgrade()))
        handover.listening()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except (OSError, PreauError) as error:
            log.error("supervisor: %s: %s", type(error).__name__, error)

    async def replace_workers(self) -> str:
        """Because somebody asked for it; the problem, or nothing."""
        problem = await self.roll("asked for")
        self._note("roll", problem)
        return problem

    def _note(self, about: str, problem: str) -> None:
        if problem:
            self.problems[about] = problem
        else:
            self.problems.pop(about, None)


def _name(child: Child) -> str:
    return f"worker {child.slot}" if child.role is Role.WORKER else f"{child.role.value} process"


def _listener(what: str, host: str, port: int) -> socket.socket:
    """Workers of a gateway that was killed let go of the port within a moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    end = time.monotonic() + _BIND
    while True:
        try:
            return socket.create_server((host, port), family=family, backlog=_QUEUE)
        except OSError as error:
            if time.monotonic() > end:
                raise InputError(
                    f"{what} cannot listen on {host}:{port} ({error.strerror}): is another "
                    "program using it?"
                ) from None
            time.sleep(0.1)
