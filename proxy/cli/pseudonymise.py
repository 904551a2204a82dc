"""``preau pseudonymise --service S``: stdin to stdout, as the gateway would send it."""

from __future__ import annotations

import argparse

from proxy.cli.filter import add_filter_arguments, exchange_of, opened, record_or_refuse
from proxy.cli.filter import write as write_out

GROUP = "See and try"
HELP = "stdin to stdout: what the service would see"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The service, and what the request is."""
    add_filter_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Refused: exit 1, the reason on stderr, nothing on stdout."""
    with opened(args) as (runtime, body):
        exchange = exchange_of(runtime, args, body)
        ruling = runtime.engine.protect(exchange, body)
        record_or_refuse(runtime, ruling)
        write_out(args, ruling.decision, body, exchange.hits)
    return 0
