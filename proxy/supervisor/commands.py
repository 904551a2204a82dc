"""The command lines of the children. A worker is named by its module: nothing here imports it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from proxy.supervisor.options import Options

WORKER = "addons.supervised"

type Command = Callable[[int], Sequence[str]]
"""From the descriptor of the child's line to its arguments."""


def signer_command(options: Options, listener: int) -> Command:
    """The signer, on its inherited socket."""

    def command(line: int) -> Sequence[str]:
        where = (str(options.site), str(options.run), str(listener), str(line))
        return ("-m", "proxy.supervisor.signer", *where, str(_linger(options)))

    return command


def writer_command(options: Options) -> Command:
    """The audit writer."""

    def command(line: int) -> Sequence[str]:
        return (
            "-m",
            "proxy.supervisor.writer",
            str(options.site),
            str(line),
            str(_linger(options)),
        )

    return command


def worker_command(options: Options, slot: int, listener: int) -> Command:
    """A worker, on the inherited port."""

    def command(line: int) -> Sequence[str]:
        document = {
            "site": str(options.site),
            "signer": str(options.signer or options.run),
            "slot": slot,
            "listener": listener,
            "line": line,
            "drain": options.drain,
            "transparent": options.transparent,
            "resolve": {name: list(where) for name, where in options.resolve.items()},
        }
        return ("-m", WORKER, json.dumps(document))

    return command


def _linger(options: Options) -> float:
    """Signer and writer outlive a supervisor that died for as long as the workers drain."""
    return options.drain + 2.0
