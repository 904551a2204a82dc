"""``preau block log``: what lists, rules and exceptions decide, as it happens."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from proxy.audit.tail import Tail
from proxy.blocking import Category, RequestType
from proxy.cli.common import add_common
from proxy.errors import InputError
from proxy.policy.policy import load_policy
from proxy.timetable.moments import instant, parse_duration, shown, utc

GROUP = "See and try"
HELP = "what lists, rules and exceptions decide, as it happens"

DECISIONS: Mapping[str, str] = {
    "tracker-blocked": "block",
    "parameters-stripped": "strip",
    "request-spared": "spare",
    "exception-used": "exception",
    "request-refused": "refuse",
    "answer-refused": "refuse",
    "connection-denied": "deny",
    "connection-tunnelled": "tunnel",
}
"""What each type of event is called here."""

_FILTERS = ("service", "list", "category", "school", "group")
_PAUSE = 0.25
_AN_HOUR = "1h"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``log`` and its filters."""
    verbs = parser.add_subparsers(dest="sub", metavar="log", required=True)
    log = verbs.add_parser("log", help=HELP, description=HELP)
    add_common(log)
    log.add_argument("--follow", "-f", action="store_true", help="go on with what comes")
    log.add_argument(
        "--since", default="", metavar="TIME", help="30m, 2h, or '2026-11-24 10:00' (default: 1h)"
    )
    log.add_argument("--decision", choices=sorted(set(DECISIONS.values())), help="only these")
    log.add_argument("--type", choices=tuple(RequestType), help="only requests of this type")
    log.add_argument("--service", metavar="NAME", help="only of this service")
    log.add_argument("--list", metavar="NAME", help="only what this block list decided")
    log.add_argument("--category", choices=tuple(Category))
    log.add_argument("--school", metavar="ID")
    log.add_argument("--group", metavar="NAME")
    log.add_argument("--dir", type=Path, help="the log's directory (default: the site's)")


def run(args: argparse.Namespace, wait: Callable[[float], None] = time.sleep) -> int:
    """Print, and with ``--follow`` go on until somebody stops it."""
    policy = load_policy(args.site)
    zone = policy.timetable.calendar.zone
    directory = args.dir or policy.site.audit_dir
    since = _since(args, zone)
    try:
        tail = Tail(directory, since)
        found = _matching(tail, args, since or "")
        if args.json and not args.follow:
            print(json.dumps({"events": list(found)}, ensure_ascii=False, indent=2))
            return 0
        _print(found, args.json, zone)
        while args.follow:
            wait(_PAUSE)
            _print(_matching(tail, args, ""), args.json, zone)
    except PermissionError as error:
        raise InputError(
            f"{error.filename}: you may not read this; join the group that owns the audit log"
        ) from None
    return 0


def _since(args: argparse.Namespace, zone: ZoneInfo) -> str | None:
    """The beginning, as the log writes times; ``None``: only what comes."""
    text = args.since
    if not text:
        if args.follow:
            return None
        text = _AN_HOUR
    try:
        return utc(time.time() - parse_duration(text))
    except ValueError:
        pass
    try:
        return utc(instant(text, zone))
    except ValueError:
        raise InputError(
            "since: expected a duration such as 2h, or a moment such as 2026-11-24 10:00"
        ) from None


def _matching(tail: Tail, args: argparse.Namespace, since: str) -> Iterator[dict[str, object]]:
    wanted = {name: value for name in _FILTERS if (value := getattr(args, name))}
    if args.type:
        wanted["request_type"] = args.type
    for index, line in tail.read():
        event = orjson.loads(line)
        decision = DECISIONS.get(event.get("type", ""))
        if decision is None or (args.decision and decision != args.decision):
            continue
        if str(event.get("time", "")) < since:
            continue
        if all(event.get(name) == value for name, value in wanted.items()):
            yield {"index": index, "decision": decision, **event}


def _print(events: Iterator[dict[str, object]], as_json: bool, zone: ZoneInfo) -> None:
    for event in events:
        text = json.dumps(event, ensure_ascii=False) if as_json else _line(event, zone)
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _line(event: Mapping[str, object], zone: ZoneInfo) -> str:
    """When, what, which type, where to, why, who: cut as the event itself is."""

    def of(*names: str) -> str:
        return " ".join(str(event[name]) for name in names if name in event)

    at = shown(instant(str(event["time"])[:19] + "Z", zone), zone)
    why = of("list", "category", "reason", "exception", "rule")
    to = of("host") or of("service")
    place = f"{to}{of('endpoint')}" or "-"
    kind = of("request_type") or "-"
    return f"{at}  {event['decision']:<9} {kind:<14} {place:<32} {why}  {of('group', 'school')}"
