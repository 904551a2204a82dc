"""``preau serve``: run the gateway of a site until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence

from proxy.audit.outgoing import Child
from proxy.errors import InputError, KeysUnavailable
from proxy.frontends.status import StatusServer
from proxy.policy.policy import Policy, load_policy
from proxy.policy.site_schema import parse_address
from proxy.pseudonyms.keys import status as keys_status
from proxy.supervisor import handover
from proxy.supervisor.control import Control
from proxy.supervisor.options import MOST_WORKERS, Options, run_folder, usable_cores
from proxy.supervisor.report import Reporter
from proxy.supervisor.supervisor import Supervisor

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
    parser.add_argument(
        "--mode",
        choices=("explicit", "transparent"),
        default="explicit",
        help="explicit: clients know this proxy; transparent: the firewall of this machine "
        "redirects them (docs/install/transparent.md) (default: explicit)",
    )
    parser.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes that serve (default: the usable cores); 1 is a single process that "
        "also holds the CA's key and writes the audit log",
    )
    parser.add_argument(
        "--drain",
        type=_seconds,
        default=20.0,
        metavar="SECONDS",
        help="time that requests under way get when the gateway stops (default: 20)",
    )
    parser.add_argument(
        "--silence",
        type=_seconds,
        default=15.0,
        metavar="SECONDS",
        help="a worker that does not answer its supervisor for so long is replaced (default: 15)",
    )


def run(args: argparse.Namespace) -> int:
    """Open the site, listen, serve, drain on SIGTERM."""
    workers = args.workers or usable_cores()
    return _run_one(args) if workers == 1 else asyncio.run(_run_many(args, workers))


async def _run_many(args: argparse.Namespace, workers: int) -> int:
    """The supervisor; its children serve."""
    left = handover.take()
    policy = load_policy(args.site)
    site = policy.site
    try:
        keys_status(site.keys_dir)
    except KeysUnavailable as error:
        raise InputError(str(error)) from error
    options = Options(
        site=site.root,
        listen=address(args.listen) if args.listen else (site.listen.host, site.listen.port),
        status=address(args.status) if args.status else (site.status.host, site.status.port),
        workers=workers,
        run=run_folder(site.state_dir),
        signer=site.signer_dir,
        resolve=resolve_map(args.resolve),
        transparent=args.mode == "transparent",
        drain=args.drain,
        silence=args.silence,
    )
    supervisor = Supervisor(options, left)
    outgoing = Child(args.site, wanted=site.outgoing.asked)
    supervisor.before_exec = outgoing.stop
    await supervisor.open()
    reporter = Reporter(supervisor)
    status = StatusServer(
        reporter,
        reporter.checks(),
        host=options.status[0],
        listener=supervisor.socket("status"),
        details=reporter.details,
    )
    control = Control(reporter.verbs())
    try:
        await control.start(supervisor.socket("control"))
        await asyncio.to_thread(status.start)
        outgoing.start()
        if left is None:
            where = "{}:{}".format(*supervisor.socket("proxy").getsockname()[:2])
            _announce(args, where, f"{options.status[0]}:{status.port}", policy, workers)
        return await supervisor.run()
    except BaseException:
        await supervisor.abandon()
        raise
    finally:
        await asyncio.to_thread(outgoing.stop)
        await asyncio.to_thread(status.stop)


def _run_one(args: argparse.Namespace) -> int:
    """Everything in this process."""
    # mitmproxy and the engine, which the supervisor does without
    from addons.alone import Alone
    from addons.gateway import Gateway, worker_settings
    from addons.worker import run as run_worker
    from proxy.runtime import Runtime
    from proxy.supervisor.leaves import RemoteSigner

    runtime = Runtime.open(args.site)
    overrides: dict[str, object] = {
        "resolve": resolve_map(args.resolve),
        "transparent": args.mode == "transparent",
        "drain_timeout": args.drain,
    }
    if args.listen:
        overrides["listen_host"], overrides["listen_port"] = address(args.listen)
    status_host, status_port = (
        address(args.status)
        if args.status
        else (runtime.site.status.host, runtime.site.status.port)
    )
    gateway = Gateway(runtime)
    status = StatusServer(runtime.metrics, runtime.checks(), status_host, status_port)
    if runtime.site.signer_dir is not None:
        overrides["signer"] = RemoteSigner(runtime.site.signer_dir)
    settings = worker_settings(runtime, **overrides)
    outgoing = Child(args.site, wanted=runtime.site.outgoing.asked)

    def ready(port: int) -> None:
        where = f"{settings.listen_host}:{port}"
        runtime.started()
        _announce(args, where, f"{status_host}:{status.port}", runtime.snapshot().policy, 1)

    try:
        status.start()
        outgoing.start()
        alone = Alone(gateway.keeper, runtime, run_folder(runtime.site.state_dir))
        addons = [*gateway.addons, alone]
        asyncio.run(run_worker(settings, addons, gateway.refusal, ready))
    finally:
        outgoing.stop()
        status.stop()
        runtime.close()
    return 0


def _announce(
    args: argparse.Namespace, proxy: str, status: str, policy: Policy, workers: int
) -> None:
    if args.json:
        document = {
            "listen": proxy,
            "status": status,
            "policy": policy.digest,
            "workers": workers,
        }
        print(json.dumps(document), flush=True)
        return
    print(
        f"preau: serving {policy.site.name} on {proxy}, policy {policy.digest}, "
        f"{len(policy.services)} services, {workers} workers; status http://{status}/",
        flush=True,
    )


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_WORKERS} workers, not {text}")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number <= 3600:
        raise argparse.ArgumentTypeError(f"more than 0 and at most 3600 seconds, not {text}")
    return number


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
