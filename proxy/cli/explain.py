"""``preau explain URL``: what would happen, and the rule, file and line that decide."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from proxy.cli.output import emit
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
    parser.add_argument("--body", type=Path, help="a file: what the request sends")
    parser.add_argument("--content-type", default="", help="what the body is declared to be")
    parser.add_argument("--client", default="127.0.0.1", help="the client's address")


def run(args: argparse.Namespace) -> int:
    """Explain one URL or a batch of them."""
    site = Path(args.site)
    if args.batch:
        return _batch(site)
    if not args.url:
        raise InputError("give a URL, or --batch")
    question = Question(
        args.url, args.type, args.source, args.method, args.client,
        _body(args.body), args.content_type,
    )  # fmt: skip
    answer = explain(open_snapshot(site), question)
    emit(args, _text(answer), answer.document())
    return 0


def _body(file: Path | None) -> bytes:
    if file is None:
        return b""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}), check --body") from None


def _batch(site: Path) -> int:
    snapshot = open_snapshot(site)
    worst = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            document = explain(snapshot, _question(line, number)).document()
        except InputError as error:
            document, worst = {"error": f"line {number}: {error}"}, 2
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return worst


def _question(line: str, number: int) -> Question:
    try:
        fields = json.loads(line)
        known = {name: str(fields[name]) for name in Question.__slots__ if fields.get(name)}
        body = known.pop("body", "").encode()
        return Question(**known, body=body)
    except (ValueError, TypeError, AttributeError):
        raise InputError('expected {"url": …, "type": …, "source": …, "method": …}') from None


def _text(answer: Explanation) -> str:
    where = f"{answer.file}:{answer.line}" if answer.line else answer.file
    lines = [f"{answer.decision.upper()}  {answer.reason}".rstrip()]
    lines.append(f"  rule       {answer.rule}")
    lines.append(f"  where      {where}" + (f"  (list {answer.list})" if answer.list else ""))
    if answer.service:
        lines.append(f"  service    {answer.service}")
    lines.append(f"  treatment  {answer.treatment}")
    return "\n".join(lines)
