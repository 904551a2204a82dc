"""``preau exception``: allow or forbid something for a time, with an owner and a reason."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.errors import InputError
from proxy.policy.policy import Policy, load_policy
from proxy.site import Site
from proxy.timetable import Entry
from proxy.timetable.editing import Draft, ExceptionsFileEditor
from proxy.timetable.moments import instant, parse_duration, shown, written

GROUP = "Upkeep"
HELP = "allow or forbid something for a time, with an owner, a reason and an end"

type Fields = dict[str, Any]

_SYLLABLES = "bcdfghjklmnpqrstvwxz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``add``, ``list`` and ``revoke``."""
    verbs = parser.add_subparsers(dest="sub", metavar="add | list | revoke", required=True)
    add = verbs.add_parser("add", help="write a new one into exceptions.yaml")
    add_common(add)
    add.add_argument("hosts", nargs="*", metavar="HOST", help="no list blocks these hosts")
    add.add_argument("--service", action="append", default=[], help="of this service instead")
    add.add_argument("--list", action="append", default=[], dest="lists", help="a list is off")
    add.add_argument("--category", action="append", default=[], help="a category is off")
    add.add_argument("--treatment", choices=("inspect", "tunnel", "deny"))
    add.add_argument("--school", action="append", default=[], help="only there")
    add.add_argument("--group", action="append", default=[], help="only for pupils, staff, guest")
    add.add_argument("--class", action="append", default=[], dest="classes", help="only for it")
    add.add_argument("--from", dest="starts", default="", metavar="TIME", help="default: now")
    end = add.add_mutually_exclusive_group(required=True)
    end.add_argument("--for", dest="duration", metavar="TIME", help="30m, 2h, 1d")
    end.add_argument("--until", metavar="TIME", help="'2026-11-24 12:30'")
    add.add_argument("--owner", required=True, help="who answers for it")
    add.add_argument("--reason", required=True, help="what for")
    add.add_argument("--id", default="", help="a short name of its own (one is made)")
    add.set_defaults(act=_add)
    listed = verbs.add_parser("list", help="those in force, or all")
    add_common(listed)
    listed.add_argument("--all", action="store_true", help="also those that are over")
    listed.set_defaults(act=_list)
    revoke = verbs.add_parser("revoke", help="end one now; it stays in the file, marked")
    add_common(revoke)
    revoke.add_argument("id", metavar="ID")
    revoke.set_defaults(act=_revoke)


def run(args: argparse.Namespace) -> int:
    """One of the three."""
    return int(args.act(args, load_policy(args.site)))


def _add(args: argparse.Namespace, policy: Policy) -> int:
    draft = Draft(args.id or _new_id(), dict(_fields(args, policy)))
    editor = ExceptionsFileEditor(args.site, policy.services)
    with _recording(policy.site) as record:
        entry = editor.add(draft, lambda one: record("exception-added", one, _said(one)))
    text = f"{entry.name}: {entry.says}, for {entry.who}, {_terms(policy, entry)}"
    emit(args, f"{text}\nTo end it now: preau exception revoke {entry.name}", _row(policy, entry))
    return 0


def _fields(
    args: argparse.Namespace, policy: Policy
) -> Iterator[tuple[str, str | Sequence[str] | Mapping[str, Sequence[str]]]]:
    """The keys of the new entry, in the order of the file."""
    for key, words in (
        ("hosts", args.hosts),
        ("services", args.service),
        ("lists", args.lists),
        ("categories", args.category),
    ):
        if words:
            yield key, words
    yield ("treatment", args.treatment) if args.treatment else ("blocking", "off")
    who = {"schools": args.school, "groups": args.group, "classes": args.classes}
    if any(who.values()):
        yield "who", {name: words for name, words in who.items() if words}
    yield "owner", args.owner
    yield "reason", args.reason
    zone = policy.timetable.calendar.zone
    try:
        starts = instant(args.starts, zone) if args.starts else float(int(time.time()))
        ends = (
            starts + parse_duration(args.duration) if args.duration else instant(args.until, zone)
        )
        yield "from", written(starts, zone)
        yield "until", written(ends, zone)
    except (ValueError, OverflowError) as error:
        raise InputError(str(error)) from None
    if ends <= time.time():
        raise InputError("this exception would be over already, give another end")


def _revoke(args: argparse.Namespace, policy: Policy) -> int:
    now = time.time()
    known = {one.name: one for one in policy.timetable.exceptions}
    entry = known.get(args.id)
    if entry is not None and entry.terms is not None and entry.terms.ends <= now:
        raise InputError(f"{args.id} came to its end at {_when(policy, entry.terms.ends)}")
    editor = ExceptionsFileEditor(args.site, policy.services)
    moment = written(now, policy.timetable.calendar.zone)
    with _recording(policy.site) as record:
        entry = editor.revoke(args.id, moment, lambda one: record("exception-revoked", one, {}))
    emit(args, f"{entry.name} has no effect any more", _row(policy, entry))
    return 0


def _list(args: argparse.Namespace, policy: Policy) -> int:
    now = time.time()
    chosen = [
        one
        for one in policy.timetable.exceptions
        if one.terms is not None and (args.all or now < one.terms.over)
    ]
    lines = [f"{one.name:<12} {_state(one, now):<8} {_described(policy, one)}" for one in chosen]
    text = "\n".join(lines) or "no exception is in force" + ("" if args.all else " (--all: all)")
    emit(args, text, {"exceptions": [_row(policy, one) for one in chosen]})
    return 0


def _described(policy: Policy, one: Entry) -> str:
    return f"{one.says}; {one.who}; {_terms(policy, one)}; {one.ref}"


def _state(entry: Entry, now: float) -> str:
    terms = entry.terms
    if terms is None or now >= terms.revoked:
        return "revoked"
    if now >= terms.ends:
        return "expired"
    return "in force" if now >= terms.starts else "later"


def _terms(policy: Policy, entry: Entry) -> str:
    terms = entry.terms
    if terms is None:
        return ""
    ends = _when(policy, terms.ends)
    return f"from {_when(policy, terms.starts)} until {ends}; {terms.owner}: {terms.reason}"


def _when(policy: Policy, at: float) -> str:
    return shown(at, policy.timetable.calendar.zone)


def _row(policy: Policy, entry: Entry) -> dict[str, object]:
    terms = entry.terms
    if terms is None:
        return {}
    return {
        "id": entry.name,
        "state": _state(entry, time.time()),
        "says": entry.says,
        "who": str(entry.who),
        "from": _when(policy, terms.starts),
        "until": _when(policy, terms.ends),
        "owner": terms.owner,
        "reason": terms.reason,
        "where": str(entry.ref),
    }


def _said(entry: Entry) -> Fields:
    """What the event says of a new exception: what and for how long, never who owns it or why."""
    from proxy.audit import fit

    what, who, terms = entry.what, entry.who, entry.terms
    seconds = terms.ends - terms.starts if terms else 0.0
    fields: Fields = {"milliseconds": int(seconds * 1000)}
    for name, words in (
        ("school", sorted(who.schools)),
        ("group", sorted(who.groups)),
        ("service", what.services),
        ("host", what.hosts),
        ("list", what.lists),
        ("category", what.categories),
    ):
        if len(words) == 1 and words[0] != "*":
            fields[name] = fit(name, words[0])
    return fields


@contextlib.contextmanager
def _recording(site: Site) -> Iterator[Callable[[str, Entry, Fields], None]]:
    """What writes an act into the audit log; nothing on a site that has no keys yet."""
    from proxy.audit import fit, make_event
    from proxy.runtime import AUDIT_KEY, open_log

    if not Path(site.keys_dir / AUDIT_KEY).exists():
        yield lambda name, entry, fields: None
        return
    with contextlib.closing(open_log(site)) as log:

        def record(name: str, entry: Entry, fields: Fields) -> None:
            log.record_sync([make_event(name, exception=fit("exception", entry.name), **fields)])

        yield record


def _new_id() -> str:
    """Short, and easy to say on the phone."""
    letters = (secrets.choice(_SYLLABLES if n % 2 == 0 else "aeiou") for n in range(6))
    return "".join(letters) + f"-{secrets.randbelow(90) + 10}"
