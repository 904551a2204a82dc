"""``preau serve``: run the gateway of a site until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence

from addons.gateway import Gateway, worker_settings
from addons.worker import run as run_worker
from proxy.audit.outgoing import Child
from proxy.errors import InputError
from proxy.frontends.status import StatusServer
from proxy.policy.site_schema import parse_address
from proxy.runtime import Runtime

GROUP = "Run"
HELP = "run the gateway"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and names to resolve otherwise."""
    parser.add_argument("--listen", metavar="HOST:PORT", help="instead of the site's listen")
    parser.add_argument("--status", metavar="HOST:PORT", help="instead of the site's status")
    parser.add_argument(
        "--resolve",
        action="append",
        default=[],
        metavar="NAME:HOST:PORT",
        help="connect to HOST:PORT for NAME (as curl's --resolve; for tests and split DNS); "
        "the certificate must still be NAME's",
    )


def run(args: argparse.Namespace) -> int:
    """Open the site, listen, serve, drain on SIGTERM."""
    runtime = Runtime.open(args.site)
    overrides: dict[str, object] = {"resolve": resolve_map(args.resolve)}
    if args.listen:
        overrides["listen_host"], overrides["listen_port"] = address(args.listen)
    status_host, status_port = (
        address(args.status)
        if args.status
        else (runtime.site.status.host, runtime.site.status.port)
    )
    gateway = Gateway(runtime)
    status = StatusServer(runtime.metrics, runtime.checks(), status_host, status_port)
    settings = worker_settings(runtime, **overrides)
    outgoing = Child(args.site, wanted=runtime.site.outgoing.asked)

    def ready(port: int) -> None:
        where = f"{settings.listen_host}:{port}"
        runtime.started()
        _announce(args, where, f"{status_host}:{status.port}", runtime)

    try:
        status.start()
        outgoing.start()
        asyncio.run(run_worker(settings, gateway.addons, gateway.refusal, ready))
    finally:
        outgoing.stop()
        status.stop()
        runtime.close()
    return 0


def _announce(args: argparse.Namespace, proxy: str, status: str, runtime: Runtime) -> None:
    policy = runtime.snapshot().policy
    if args.json:
        document = {"listen": proxy, "status": status, "policy": policy.digest}
        print(json.dumps(document), flush=True)
        return
    print(
        f"preau: serving {policy.site.name} on {proxy}, policy {policy.digest}, "
        f"{len(policy.services)} services; status http://{status}/",
        flush=True,
    )


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT``. Raises ``InputError``."""
    try:
        host, port = parse_address(text)
    except ValueError as error:
        raise InputError(str(error)) from None
    return host, port


def resolve_map(entries: Sequence[str]) -> Mapping[str, tuple[str, int]]:
    """``NAME:HOST:PORT`` entries as the worker takes them. Raises ``InputError``."""
    resolved = {}
    for entry in entries:
        name, colon, rest = entry.partition(":")
        if not name or not colon:
            raise InputError("--resolve: expected NAME:HOST:PORT")
        resolved[name.lower()] = address(rest)
    return resolved
