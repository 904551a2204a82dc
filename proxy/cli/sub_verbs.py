"""What verbs about logs and checkpoints share: sub-verbs; and that a note or a file that cannot
be used is input."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from proxy.audit import NoteError
from proxy.cli.common import add_common
from proxy.errors import InputError


def adder(
    parser: argparse.ArgumentParser,
) -> Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]:
    """What adds sub-verbs to a verb: by name, what does it, and one line of help."""
    verbs = parser.add_subparsers(dest="sub", metavar="WHAT", required=True)

    def add(
        name: str, act: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=text)
        add_common(sub)
        sub.set_defaults(act=act)
        return sub

    return add


def run(args: argparse.Namespace) -> int:
    """Do what the sub-verb says."""
    try:
        return int(args.act(args))
    except NoteError as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}") from None
