"""Printing for people by default and for programs with ``--json``."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from proxy.errors import InputError, PreauError, Refused


def emit(args: argparse.Namespace, text: str, document: Any) -> None:
    """Print ``text`` for a person, or ``document`` as one JSON document with ``--json``."""
    print(json.dumps(document, ensure_ascii=False, indent=2) if args.json else text)


def fail(args: argparse.Namespace, error: PreauError) -> int:
    """Say what went wrong on stderr; 1 for a refusal, 2 for anything the user must mend."""
    problems = error.problems if isinstance(error, InputError) else ()
    reason = error.reason.value if isinstance(error, Refused) else "error"
    if getattr(args, "json", False):
        document = {"error": reason, "message": str(error), "problems": list(problems)}
        print(json.dumps(document, ensure_ascii=False), file=sys.stderr)
    else:
        print("\n".join((f"preau: {error}", *problems)), file=sys.stderr)
    return 1 if isinstance(error, Refused) else 2
