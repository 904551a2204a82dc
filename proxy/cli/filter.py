"""What ``pseudonymise`` and ``restore`` share: one exchange through the very same engine."""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from proxy.audit import make_event
from proxy.decisions import Forward, Refuse
from proxy.engine import Client, Exchange, Head
from proxy.engine.exchange import Hits
from proxy.engine.ruling import Decision, Ruling
from proxy.errors import InputError, Refused
from proxy.policy.problems import did_you_mean
from proxy.runtime import Runtime


def add_filter_arguments(parser: argparse.ArgumentParser) -> None:
    """What a request through the gateway would have told by itself."""
    parser.add_argument("--service", required=True, help="the service's short name")
    parser.add_argument("--method", default="POST")
    parser.add_argument("--url", help="the request's URL (default: the service's first host)")
    parser.add_argument("--content-type", default="application/json")
    parser.add_argument(
        "--client", default="127.0.0.1", help="the client's address: decides what it may see"
    )


@contextlib.contextmanager
def opened(args: argparse.Namespace) -> Iterator[tuple[Runtime, bytes]]:
    """The site, open, and what stands on stdin."""
    runtime = Runtime.open(args.site)
    try:
        yield runtime, sys.stdin.buffer.read()
    finally:
        runtime.close()


def exchange_of(runtime: Runtime, args: argparse.Namespace, body: bytes) -> Exchange:
    """The exchange that the gateway would have begun. Raises ``InputError`` or ``Refused``."""
    service = runtime.snapshot().policy.services.get(args.service)
    if service is None:
        names = runtime.snapshot().policy.services
        raise InputError(f"no service {args.service}, {did_you_mean(args.service, names)}")
    url = urlsplit(args.url or f"https://{service.hosts[0].removeprefix('*.')}/")
    host = (url.hostname or "").lower()
    head = Head(
        method=args.method.upper(),
        scheme=url.scheme,
        host=host,
        port=url.port or 443,
        target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        headers=(
            (b"host", host.encode()),
            (b"content-type", args.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ),
        gate_host=host,
    )
    told = make_event(
        "admin-act",
        act=args.verb,
        service=service.name,
        policy=runtime.snapshot().policy.digest,
    )
    runtime.audit.record_sync([told])
    client: Client = runtime.client(args.client)
    ruling = runtime.engine.begin(head, client)
    record_or_refuse(runtime, ruling)
    exchange = ruling.exchange
    if exchange is None or exchange.service.name != args.service:
        raise InputError(f"{args.url} is not an address of the service {args.service}")
    return exchange


def restored(runtime: Runtime, exchange: Exchange, content_type: str, body: bytes) -> Ruling:
    """The ruling on an answer with this body."""
    headers = ((b"content-type", content_type.encode()),)
    return runtime.engine.restore(exchange, headers, body)


def record_or_refuse(runtime: Runtime, ruling: Ruling) -> None:
    """Put the events on disk; a refusal becomes ``Refused`` for the command line."""
    if ruling.events:
        runtime.audit.record_sync(ruling.events)
    if isinstance(ruling.decision, Refuse):
        raise Refused(ruling.decision.reason, f"incident {ruling.decision.incident}")


def write(args: argparse.Namespace, decision: Decision, body: bytes, hits: Hits) -> None:
    """The body to stdout as it is, or with ``--json`` a document with body and counts."""
    if not isinstance(decision, Forward):
        raise InputError("this request is answered by the gateway; see preau explain")
    out = body if decision.body is None else decision.body
    if not args.json:
        sys.stdout.buffer.write(out)
        sys.stdout.buffer.flush()
        return
    counts = [
        {"kind": kind.value, "action": action.value, "count": number}
        for (kind, action), number in sorted(hits.items())
    ]
    document: dict[str, object] = {"target": decision.target, "identifiers": counts}
    try:
        document["body"] = out.decode()
    except UnicodeDecodeError:
        document["body_base64"] = base64.b64encode(out).decode()
    print(json.dumps(document, ensure_ascii=False))
