"""The ``preau`` command: one file a verb.

Each verb module holds ``GROUP`` (a heading of ``preau --help``), ``HELP`` (one line),
``add_arguments(parser)`` and ``run(args) -> int``. Exit codes: 0 good, 1 the check failed,
2 usage or input error. ``--site DIR`` and ``--json`` are there for every verb; a verb with
sub-verbs calls ``common.add_common`` on each of them too.
"""

from __future__ import annotations

import argparse
import importlib
import io
import resource
import sys
from collections.abc import Sequence
from itertools import pairwise

from proxy import __version__
from proxy.cli.common import add_common, with_defaults
from proxy.cli.output import fail
from proxy.errors import PreauError

VERBS = (
    "demo",
    "serve",
    "upgrade",
    "init",
    "check",
    "test",
    "explain",
    "pseudonymise",
    "restore",
    "directory",
    "roster",
    "subject",
    "canary",
    "lists",
    "exception",
    "block",
    "backup",
    "keys",
    "ca",
    "pac",
    "audit",
    "report",
    "witness",
    "status",
    "doctor",
)
"""In the order of ``preau --help``; a verb's module has the same name."""


def build_parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The command line for ``argv``: one verb if it names one, else all, for the help.

    A verb's module is loaded only when it is needed: ``serve`` brings mitmproxy with it.
    """
    parser = argparse.ArgumentParser(
        prog="preau",
        description="Préau, a privacy gateway for schools.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"preau {__version__}")
    add_common(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    named = [word for before, word in pairwise(("", *argv)) if word in VERBS and before != "--site"]
    groups: dict[str, list[str]] = {}
    for name in named[:1] or VERBS:
        module = importlib.import_module(f"proxy.cli.{name}")
        verb = verbs.add_parser(name, description=module.HELP)
        add_common(verb)
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
        groups.setdefault(module.GROUP, []).append(f"  {name:<13} {module.HELP}")
    parser.epilog = "\n\n".join(f"{group}:\n" + "\n".join(lines) for group, lines in groups.items())
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; errors become a message on stderr and an exit code, never a traceback."""
    words = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):  # a terminal without é, ✔ or … is no error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = with_defaults(build_parser(words).parse_args(words))
    _leave_no_core_file()
    try:
        return int(args.run(args))
    except PreauError as error:
        return fail(args, error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _leave_no_core_file() -> None:
    """What a process has in memory, people's names too, must not land on the disk when it dies.

    Its children inherit this. Whoever hunts a crash raises the soft limit again.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
