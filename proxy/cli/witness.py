"""``preau witness``: sign other sites' checkpoints, and never two histories."""

from __future__ import annotations

import argparse
import signal
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from proxy.cli.output import emit
from proxy.cli.sub_verbs import adder
from proxy.cli.sub_verbs import run as run
from proxy.errors import InputError
from proxy.frontends.witness import WitnessServer
from proxy.policy.site_schema import parse_address
from proxy.witness import Witness, WitnessState
from proxy.witness.cosignature import cosigned_at
from proxy.witness.state import read_log_key
from proxy.witness.witness import open_by_any

GROUP = "Proof and information"
HELP = "sign other sites' checkpoints, so that they cannot be rewritten"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-verbs and their options."""
    add = adder(parser)

    def verb(
        name: str, act: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        sub = add(name, act, text)
        sub.add_argument(
            "--dir", type=Path, default=Path("witness"), help="its folder (default: ./witness)"
        )
        return sub

    sub = verb("init", _init, "make a witness: its key and its folder")
    sub.add_argument("--name", required=True, help="its name for ever, such as rectorat.example/w1")
    sub = verb("watch", _watch, "watch a log from now on")
    sub.add_argument("key", metavar="VKEY", help="the log's public key, or a file holding it")
    sub = verb("serve", _serve, "answer the logs that are watched")
    sub.add_argument("--listen", default="127.0.0.1:7380", metavar="HOST:PORT")
    sub.add_argument("--certificate", type=Path, metavar="PEM", help="certificate and key: HTTPS")
    verb("status", _status, "what it has signed, and evidence it keeps")


def _init(args: argparse.Namespace) -> int:
    state = WitnessState.create(args.dir, args.name)
    emit(args, str(state.signer.key), {"key": str(state.signer.key), "dir": str(args.dir)})
    return 0


def _watch(args: argparse.Namespace) -> int:
    key = read_log_key(args.key)
    WitnessState(args.dir).add_log(key)
    emit(args, f"watching {key.name}", {"origin": key.name})
    return 0


def _serve(args: argparse.Namespace) -> int:
    try:
        host, port = parse_address(args.listen)
    except ValueError as error:
        raise InputError(f"--listen: {error}") from None
    state = WitnessState(args.dir)
    state.hold()
    server = WitnessServer(Witness(state), host, port, _context(args.certificate))
    scheme = "http" if args.certificate is None else "https"
    where = f"{scheme}://{args.listen.rpartition(':')[0]}:{server.port}"
    emit(args, f"witness {state.signer.key} on {where}", {"url": where})
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    stop.wait()
    server.stop()
    state.release()
    return 0


def _context(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError):
        raise InputError(f"{certificate}: expected a certificate and its key (PEM)") from None
    return context


def _status(args: argparse.Namespace) -> int:
    """0 when all is good, 1 when a log was caught or memory is lost."""
    state = WitnessState(args.dir)
    logs = []
    for origin in state.logs():
        note = state.last(origin)
        size = open_by_any(note, state.log_keys(origin)).size if note else 0
        at = cosigned_at(note, state.signer.key) if note else 0
        logs.append({"origin": origin, "size": size, "at": at})
    caught = state.evidence()
    lines = [f"witness {state.signer.key}"]
    lines += [f"{one['origin']}: {one['size']} events signed" for one in logs]
    if caught:
        lines.append(f"BAD   {caught} requests show two histories: {args.dir / 'evidence'}")
    document = {"key": str(state.signer.key), "logs": logs, "evidence": caught}
    emit(args, "\n".join(lines), document)
    return 1 if caught else 0
