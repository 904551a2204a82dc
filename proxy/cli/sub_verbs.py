"""What verbs about logs and checkpoints share: a note or a file that cannot be used is input."""

from __future__ import annotations

import argparse

from proxy.audit import NoteError
from proxy.errors import InputError


def run(args: argparse.Namespace) -> int:
    """Do what the sub-verb says."""
    try:
        return int(args.act(args))
    except NoteError as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}") from None
