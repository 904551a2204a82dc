"""``preau upgrade``: have the running gateway become the program that is installed now."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from proxy.cli.output import emit
from proxy.cli.recording import record_first
from proxy.errors import InputError
from proxy.site import load_site
from proxy.supervisor.control import ask
from proxy.supervisor.options import run_folder

GROUP = "Run"
HELP = "replace the running gateway by the installed program, without losing a request"
_PATIENCE = 300.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to replace."""
    parser.add_argument(
        "--workers",
        action="store_true",
        help="replace only the workers, one after the other, each after its successor serves",
    )


def run(args: argparse.Namespace) -> int:
    """0 when everything was replaced; 1 with the reason when the old one goes on."""
    site = load_site(args.site)
    folder = run_folder(site.state_dir)
    before = ask(folder, "status")
    if before is None:
        raise InputError(
            "no gateway runs on this site here: start it with preau serve --workers 2 or more "
            "(a single process is restarted instead)"
        )
    record_first(site, "workers-replaced" if args.workers else "gateway-upgraded")
    answer = ask(folder, "roll" if args.workers else "upgrade", _PATIENCE)
    problem = (answer or {}).get("problem", "")
    if answer is None and not args.workers:
        problem = _wait(folder, before["generation"])
    elif answer is None:
        problem = "the gateway did not answer in time"
    good = "the workers were replaced" if args.workers else "the gateway was replaced"
    text = f"{good}" if not problem else f"not replaced, the old one goes on: {problem}"
    emit(args, text, {"replaced": not problem, "problem": problem})
    return 1 if problem else 0


def _wait(folder: Path, generation: int) -> str:
    """The new program answers on the same socket; it is done when it is no longer busy."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        status: dict[str, Any] = ask(folder, "status") or {}
        if status.get("generation", 0) > generation and not status["busy"]:
            problems = status["problems"]
            return str(problems.get("upgrade") or problems.get("roll") or "")
        time.sleep(0.2)
    return "the new program did not finish in time"
