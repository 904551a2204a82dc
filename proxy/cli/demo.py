"""``preau demo``: the whole story on this machine, no server needed."""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from addons.background import BackgroundWorker
from addons.gateway import Gateway, worker_settings
from proxy.ca import create_ca, export_ca
from proxy.cli.directory import import_files
from proxy.demo.authority import CloudFiles, make_cloud_files
from proxy.demo.browser import Browser
from proxy.demo.cloud import HOSTS, SERVICE, Cloud
from proxy.demo.people import Person, cast
from proxy.demo.rosters import write_oneroster
from proxy.demo.screen import Screen
from proxy.demo.site import SCHOOL, write_site
from proxy.demo.story import Story
from proxy.demo.texts import texts
from proxy.frontends.status import StatusServer
from proxy.kinds import SubjectKind
from proxy.pseudonyms.keyfiles import initialise
from proxy.runtime import Runtime
from proxy.site import load_site

GROUP = "Run"
HELP = "the whole story on this machine, no server needed"
PEOPLE = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--once`` for tests and CI."""
    parser.add_argument(
        "--once", action="store_true", help="end by itself; non-zero if a promise failed"
    )


def run(args: argparse.Namespace) -> int:
    """Tell the story, then stay up unless ``--once``."""
    text = texts(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    screen = Screen()
    screen.title(text["title"])
    screen.line(text["starting"].format(count=PEOPLE))
    with tempfile.TemporaryDirectory(prefix="preau-demo-") as name, open_stage(Path(name)) as stage:
        browser = Browser(stage.port, stage.authority, stage.files.authority)
        scratch = Path(name)
        story = Story(screen, text, stage.cloud, browser, stage.runtime, stage.pupils, scratch)
        kept = story.tell()
        if not args.once:
            _stay(stage, text, browser.pin(SERVICE))
    return 0 if kept else 1


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs for the demo."""

    files: CloudFiles
    cloud: Cloud
    runtime: Runtime
    pupils: list[Person]
    port: int
    status: StatusServer
    authority: Path


@contextlib.contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    files = make_cloud_files(folder, HOSTS)
    cloud = Cloud(files.certificate, files.key)
    cloud.start()
    root = folder / "site"
    people = cast(PEOPLE, school=SCHOOL)
    write_site(root, files.authority)
    furnish(root, people, folder / "roster")
    runtime = Runtime.open(root)
    gateway = Gateway(runtime)
    resolve = dict.fromkeys(HOSTS, ("127.0.0.1", cloud.port))
    settings = worker_settings(runtime, resolve=resolve)
    status = StatusServer(runtime.metrics, runtime.checks(), "127.0.0.1", 0)
    authority = folder / "preau-ca.pem"
    authority.write_bytes(export_ca(runtime.site.ca_dir))
    pupils = [person for person in people if person.kind is SubjectKind.PUPIL]
    status.start()
    try:
        with BackgroundWorker(settings, gateway.addons, gateway.refusal) as worker:
            runtime.started()
            yield Stage(files, cloud, runtime, pupils, worker.port, status, authority)
    finally:
        status.stop()
        runtime.close()
        cloud.stop()


def furnish(root: Path, people: list[Person], roster: Path) -> None:
    """Give a written site its keys, its authority, and ``people`` as its directory."""
    site = load_site(root)
    initialise(site.keys_dir)
    create_ca(site.ca_dir)
    write_oneroster(people, roster)
    import_files(root, [roster])


def _stay(stage: Stage, text: dict[str, str], pin: str) -> None:
    proxy = f"127.0.0.1:{stage.port}"
    print()
    print(
        text["browser"].format(
            proxy=proxy,
            host=SERVICE,
            ca=stage.authority,
            spki=pin,
        )
    )
    print(text["addresses"].format(status=f"127.0.0.1:{stage.status.port}"), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
