"""``preau explain URL``: what would happen, and the rule, file and line that decide."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from proxy.blocking.cname import Answered, Names, Outcome
from proxy.cli.output import emit
from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError
from proxy.explain import Explanation, Question, explain
from proxy.runtime import open_snapshot

GROUP = "See and try"
HELP = "what would happen to a URL, and which rule decides"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A URL, or ``--batch`` with one JSON object a line on stdin."""
    parser.add_argument("url", nargs="?", help="the URL to explain")
    parser.add_argument("--batch", action="store_true", help="one JSON object a line on stdin")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--type", default="", help="request type: document, script, image …")
    parser.add_argument("--source", default="", help="URL of the page that asks")
    parser.add_argument(
        "--offline", action="store_true", help="ask no resolver what the host stands for"
    )
    parser.add_argument("--client", default="127.0.0.1", help="the client's address")


def run(args: argparse.Namespace) -> int:
    """Explain one URL or a batch of them."""
    site = Path(args.site)
    if args.batch:
        return _batch(site, args.offline)
    if not args.url:
        raise InputError("give a URL, or --batch")
    question = Question(args.url, args.type, args.source, args.method, args.client)
    snapshot = open_snapshot(site)
    answer = explain(snapshot, question, _Asking(snapshot, args.offline))
    emit(args, _text(answer), answer.document())
    return 0


class _Asking:
    """What hosts stand for, from the resolvers that the gateway asks, as long as it would wait.

    Once a host; after a failure no more, so that a batch does not wait at every line.
    """

    def __init__(self, snapshot: Snapshot, offline: bool) -> None:
        self._settings = snapshot.policy.site.dns
        self._names = Names()
        self._offline = offline

    def __call__(self, host: str) -> tuple[str, ...]:
        if self._names.is_due(host) and not self._offline:
            answered = asyncio.run(self._ask(host))
            self._offline = answered.outcome not in (Outcome.FOUND, Outcome.PLAIN)
            self._names.learn(host, answered)
        return self._names.known(host) or ()

    async def _ask(self, host: str) -> Answered:
        # Here, because reading DNS takes longer to load than most explanations take to give.
        from proxy.outbound.dns import stands_for
        from proxy.outbound.lookups import resolvers

        try:
            async with asyncio.timeout(self._settings.wait_ms / 1000):
                return await stands_for(host, resolvers(self._settings))
        except TimeoutError:
            return Answered(Outcome.LATE)


def _batch(site: Path, offline: bool) -> int:
    snapshot = open_snapshot(site)
    asking = _Asking(snapshot, offline)
    worst = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            document = explain(snapshot, _question(line, number), asking).document()
        except InputError as error:
            document, worst = {"error": f"line {number}: {error}"}, 2
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return worst


def _question(line: str, number: int) -> Question:
    try:
        fields = json.loads(line)
        known = {name: str(fields[name]) for name in Question.__slots__ if fields.get(name)}
        return Question(**known)
    except (ValueError, TypeError, AttributeError):
        raise InputError('expected {"url": …, "type": …, "source": …, "method": …}') from None


def _text(answer: Explanation) -> str:
    where = f"{answer.file}:{answer.line}" if answer.line else answer.file
    lines = [f"{answer.decision.upper()}  {answer.reason}".rstrip()]
    if answer.uncloaked:
        lines.append(f"  stands for {answer.uncloaked} (CNAME): the rule is for that name")
    lines.append(f"  rule       {answer.rule}")
    lines.append(f"  where      {where}" + (f"  (list {answer.list})" if answer.list else ""))
    if answer.service:
        lines.append(f"  service    {answer.service}")
    lines.append(f"  treatment  {answer.treatment}")
    if answer.decision == "forward":
        lines += [f"  privacy    {w.text:<36} {w.file}:{w.line}" for w in answer.privacy]
    return "\n".join(lines)
