"""``preau canary``: people who do not exist, and what was seen of them."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from proxy.cli.common import add_common
from proxy.cli.desk import opened_desk
from proxy.cli.output import emit
from proxy.errors import InputError

GROUP = "People"
HELP = "plant people who do not exist, and see who sends them about"

_DEFAULT = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``plant``, ``list``, ``remove`` and ``report``."""
    names = "plant|list|remove|report"
    verbs = parser.add_subparsers(dest="action", metavar=names, required=True)
    for action, text in (
        ("plant", "put some into the directory, in classes that exist"),
        ("list", "who they are: their names are as secret as a password"),
        ("remove", "take all of them out"),
        ("report", "where and when they were seen, from the audit log; 1 if they were"),
    ):
        verb = verbs.add_parser(action, help=text, description=text)
        add_common(verb)
        if action == "plant":
            verb.add_argument("--school", default="", help="in this school only")
            verb.add_argument("-n", type=int, default=_DEFAULT, metavar="COUNT")


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-verb."""
    return int(_ACTS[args.action](args))


def _plant(args: argparse.Namespace) -> int:
    from proxy.rights.canaries import MOST

    with opened_desk(args.site) as desk:
        there = len(desk.planted())
        if not 1 <= args.n <= MOST - there:
            raise InputError(f"-n: there are {there} canaries, and {MOST} are the most")
        desk.canaries_planted(args.n, args.school)
    text = "planted {0} canaries; preau canary list shows them / {0} canaris posés"
    emit(args, text.format(args.n), {"planted": args.n})
    return 0


def _list(args: argparse.Namespace) -> int:
    with opened_desk(args.site) as desk:
        rows = desk.listed_canaries()
    lines = [
        f"{canary.name}  {canary.planted}  {', '.join((*canary.schools, *canary.classes))}  "
        + "; ".join(value.shown for value in held if value.bearers)
        for canary, held in rows
    ]
    document = [
        {
            "canary": canary.name,
            "planted": canary.planted.isoformat(),
            "schools": list(canary.schools),
            "classes": list(canary.classes),
            "values": {value.kind.value: value.shown for value in held if value.bearers},
        }
        for canary, held in rows
    ]
    emit(args, "\n".join(lines) or "no canaries / aucun canari", {"canaries": document})
    return 0


def _remove(args: argparse.Namespace) -> int:
    with opened_desk(args.site) as desk:
        count = desk.canaries_removed()
    emit(args, f"removed {count} canaries / {count} canaris retirés", {"removed": count})
    return 0


def _report(args: argparse.Namespace) -> int:
    from proxy.audit.query import query
    from proxy.site import load_site

    log = query(load_site(args.site).audit_dir, {"type": "canary-seen"})
    found = [dict(entry.event) for entry in log]
    lines = [_line(entry) for entry in found]
    emit(args, "\n".join(lines) or "not seen / non vus", {"seen": found})
    return 1 if found else 0


def _line(event: dict[str, Any]) -> str:
    when = datetime.fromisoformat(str(event["time"])).isoformat(" ", "seconds")
    where = event.get("school", "-")
    what = f"{event.get('canary', '?')} at {event['service']}"
    if "origin" in event:
        what += f", under the pseudonym that {event['origin']} has"
    return f"{when}  {what}; school {where}, client {event.get('client', '-')}"


_ACTS = {"plant": _plant, "list": _list, "remove": _remove, "report": _report}
