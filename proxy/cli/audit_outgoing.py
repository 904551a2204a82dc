"""The sub-verbs of ``preau audit`` that send something out: ``publish`` and ``follow``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence

from proxy.audit import Event, running_checkpoint
from proxy.audit.checkpoints import read_newest
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.outgoing import Follower, Plan, make_plan
from proxy.audit.outgoing.lock import held
from proxy.audit.outgoing.state import write_state
from proxy.audit.outgoing.tasks import PublishTask, Task, WitnessTask
from proxy.audit.publish import sheet, svg, to_words
from proxy.cli.output import emit
from proxy.errors import InputError, PreauError
from proxy.site import Site, load_site

log = logging.getLogger("preau.outgoing")


def publish(args: argparse.Namespace) -> int:
    """Print the checkpoint in a form for people, or publish it where the settings say."""
    if args.words or args.sheet or args.svg:
        return _print(args)
    site = load_site(args.site)
    if not (site.outgoing.publish or site.outgoing.witnesses):
        raise InputError(
            "site.yaml names no place under audit.publish; --words, --sheet or --svg print it"
        )
    running_checkpoint(site.audit_dir)
    results = []
    with held(Plan(site).folder):
        for task in _tasks(site):
            if isinstance(task, PublishTask | WitnessTask):
                results.append((task.name, _once(site, task)))
    lines = [f"{'good' if not bad else 'BAD ':<5} {name:<20} {bad}" for name, bad in results]
    document = [{"name": name, "good": not bad, "detail": bad} for name, bad in results]
    emit(args, "\n".join(line.rstrip() for line in lines), {"published": document})
    return 1 if any(bad for _, bad in results) else 0


def follow(args: argparse.Namespace) -> int:
    """Send what the settings ask for until told to stop."""
    site = load_site(args.site)
    plan = Plan(site)
    if not plan.names:
        raise InputError("site.yaml asks for nothing under audit: publish, witnesses, export, ship")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if args.while_stdin:
        threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    with held(plan.folder):
        while not Layout(site.audit_dir).public_key.exists():  # the gateway begins the log
            if stop.wait(0.5):
                return 0
        follower = Follower(_tasks(site), plan.folder)
        follower.start()
        stop.wait()
        follower.stop()
    return 0


def _wait_for_end(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    stop.set()


def _tasks(site: Site) -> list[Task]:
    from proxy.runtime import open_log  # brings the whole engine: not for 'audit verify'

    lock = threading.Lock()

    def record(events: Sequence[Event]) -> None:
        """Into the log, through its writer; for a moment as its writer when there is none."""
        if not events:
            return
        try:
            with lock, open_log(site) as audit:
                audit.record_sync(events)
        except PreauError as error:
            log.error("not recorded: %s", error)

    return make_plan(site, record)


def _once(site: Site, task: Task) -> str:
    """What was wrong with one round of a task, or nothing."""
    try:
        task.step()
    except PreauError as error:
        task.abandon()
        write_state(Plan(site).folder, task.name, str(error))
        return str(error)
    write_state(Plan(site).folder, task.name, "")
    return ""


def _print(args: argparse.Namespace) -> int:
    language = args.language
    if args.dir is not None:
        directory = args.dir
    else:
        site = load_site(args.site)
        directory, language = site.audit_dir, language or site.language
    layout = Layout(directory)
    note = running_checkpoint(directory) or read_newest(layout)
    if note is None:
        raise InputError(f"{directory}: the log has no checkpoint")
    checkpoint = read_ring(layout).open(note)
    words = " ".join(to_words(checkpoint))
    form = svg if args.svg else sheet
    text = words if args.words else form(note, language or "fr").rstrip("\n")
    emit(args, text, {"origin": checkpoint.origin, "size": checkpoint.size, "words": words})
    return 0
