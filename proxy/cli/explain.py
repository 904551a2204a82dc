"""``preau explain URL``: what would happen, and the rule, file and line that decide."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from proxy.blocking.cname import Answered, Names, Outcome
from proxy.cli.output import emit
from proxy.engine.snapshot import Snapshot
from proxy.errors import InputError
from proxy.explaining import Explanation, Question, explain
from proxy.runtime import open_snapshot

GROUP = "See and try"
HELP = "what would happen to a URL, which rule decides, and what would change it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A URL, or ``--batch`` with one JSON object a line on stdin."""
    parser.add_argument("url", nargs="?", help="the URL to explain")
    parser.add_argument("--batch", action="store_true", help="one JSON object a line on stdin")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--type", default="", help="request type: document, script, image …")
    parser.add_argument("--source", default="", help="URL of the page that asks")
    parser.add_argument("--body", type=Path, metavar="FILE", help="what is sent: JSON or a form")
    parser.add_argument("--content-type", default="", help="what the body is declared to be")
    parser.add_argument(
        "--offline", action="store_true", help="ask no resolver what the host stands for"
    )
    parser.add_argument("--client", default="127.0.0.1", help="the client's address")
    parser.add_argument("--school", default="", help="instead of what the address says")
    parser.add_argument("--group", default="", help="pupils, staff, guest; likewise")
    parser.add_argument("--class", dest="classes", default="", help="likewise; commas between")
    parser.add_argument("--at", default="", metavar="TIME", help="as in '2026-11-24 10:05'")


def run(args: argparse.Namespace) -> int:
    """Explain one URL or a batch of them."""
    site = Path(args.site)
    if args.batch:
        return _batch(site, args.offline)
    if not args.url:
        raise InputError("give a URL, or --batch")
    names = [name for name in Question.__slots__ if name != "url"]
    question = Question(args.url, **{name: getattr(args, name) for name in names})
    snapshot = open_snapshot(site)
    asking = _Asking(snapshot, args.offline)
    answer = explain(snapshot, question, _body(args.body), asking)
    emit(args, _text(answer), answer.document())
    return 0


def _body(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


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
            question, body = _question(line)
            document = explain(snapshot, question, body, asking).document()
        except InputError as error:
            document, worst = {"error": f"line {number}: {error}"}, 2
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return worst


def _question(line: str) -> tuple[Question, bytes]:
    try:
        fields = json.loads(line)
        known = {name: str(fields[name]) for name in Question.__slots__ if fields.get(name)}
        return Question(**known), str(fields.get("body", "")).encode()
    except (ValueError, TypeError, AttributeError):
        raise InputError('expected {"url": …, "type": …, "source": …, "method": …}') from None


def _text(answer: Explanation) -> str:
    lines = [f"{answer.decision.upper()}  {answer.reason}".rstrip()]
    lines += [f"  {name:<10} {words}" for name, words in _facts(answer) if words]
    for one in answer.fields:
        lines.append(f"  field      {one.values} × {one.rule}  ({one.file}:{one.line})")
    if answer.decision == "forward":
        lines += [f"  privacy    {w.text:<36} {w.file}:{w.line}" for w in answer.privacy]
    if answer.considered:
        lines.append("Considered")
        lines += [f"  {one.rule}  ({one.where}): {one.why}" for one in answer.considered]
    if answer.unblock:
        lines.append("What would change it")
        for way in answer.unblock:
            lines.append(f"  {way.text}" + (f", in {way.where}" if way.where else "") + ":")
            lines.append(f"    {way.what}")
    return "\n".join(lines)


def _facts(answer: Explanation) -> Iterator[tuple[str, str]]:
    where = f"{answer.file}:{answer.line}" if answer.line else answer.file
    behind = f"{answer.uncloaked} (CNAME): the rule is for that name"
    yield "stands for", behind if answer.uncloaked else ""
    yield "rule", answer.rule
    yield "where", where + (f"  (list {answer.list}, {answer.category})" if answer.list else "")
    yield "answer", f"stand-in {answer.redirect}" if answer.redirect else ""
    if answer.who_when_at != where:
        yield "because", f"{answer.who_when}  ({answer.who_when_at})" if answer.who_when else ""
    yield "spares", answer.spared
    for rule in answer.stripped:
        yield "strips", rule
    yield "service", answer.service
    yield "endpoint", answer.endpoint
    yield "treatment", answer.treatment
    yield "who", ", ".join(part for part in (answer.group, answer.school) if part)
    yield "when", answer.at
