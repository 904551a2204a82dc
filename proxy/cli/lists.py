"""``preau lists``: what the block lists hold, how much of it works; updating those of others."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.blocking import BLOCK_LISTS, ListFile, ListReport, age_seconds, build
from proxy.blocking.subscriptions import (
    Outcome,
    Shelf,
    Slip,
    State,
    Subscription,
    read_subscriptions,
    site_lists,
    update,
)
from proxy.blocking.subscriptions.fetch import Way
from proxy.blocking.subscriptions.update import due
from proxy.blocking.tallies import Tally, read_tallies
from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.errors import InputError

if TYPE_CHECKING:
    from proxy.audit import AuditLog
    from proxy.site import Site

GROUP = "Upkeep"
HELP = "what the block lists hold and what of them works; update those of others"

_SHOWN = 10
_WORDS = {
    State.UPDATED: "updated",
    State.UNCHANGED: "unchanged",
    State.NOT_DUE: "not due",
    State.REJECTED: "NOT TAKEN",
    State.FAILED: "NOT FETCHED",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``preau lists status`` and ``preau lists update``."""
    verbs = parser.add_subparsers(dest="sub", metavar="status | update", required=True)
    status = verbs.add_parser("status", help="rules in force and lines ignored, list by list")
    add_common(status)
    status.add_argument(
        "--all", action="store_true", help=f"show every ignored line, not the first {_SHOWN}"
    )
    fresh = verbs.add_parser("update", help="fetch the lists that are due (subscriptions.yaml)")
    add_common(fresh)
    fresh.add_argument("names", nargs="*", metavar="NAME", help="only these subscriptions")
    fresh.add_argument(
        "--from",
        dest="source",
        default="",
        metavar="DIR|URL|FILE",
        help="a mirror: a folder or an address ending in /, or the file of one NAME",
    )
    fresh.add_argument("--force", action="store_true", help="also what is not due yet")
    fresh.add_argument(
        "--even-if-smaller", action="store_true", help="take a list that lost more than half"
    )


def run(args: argparse.Namespace) -> int:
    """One of the two verbs."""
    from proxy.site import load_site

    site = load_site(args.site)
    return _update(args, site) if args.sub == "update" else _status(args, site)


# --- update ---


def _update(args: argparse.Namespace, site: Site) -> int:
    """0 when every list is as it should be, 1 when one was not fetched or not taken."""
    written = read_subscriptions(site.root)
    chosen = _chosen(written.active(), args)
    shelf = Shelf(site.state_dir)
    way = Way(written.proxy, site.upstream_ca)
    with shelf.locked(), _log_of(site) as log:
        outcomes = []
        for one in chosen:
            outcome = update(
                one,
                shelf,
                way,
                source=args.source,
                force=args.force,
                even_if_smaller=args.even_if_smaller,
            )
            outcomes.append(outcome)
            _record(log, outcome)
    text = "\n".join(_outcome(outcome) for outcome in outcomes)
    emit(args, text or "no subscription is switched on", {"lists": list(map(_row, outcomes))})
    return int(any(one.state in (State.REJECTED, State.FAILED) for one in outcomes))


def _chosen(active: Sequence[Subscription], args: argparse.Namespace) -> list[Subscription]:
    known = {one.name: one for one in active}
    unknown = [name for name in args.names if name not in known]
    if unknown:
        raise InputError(
            f"no subscription {unknown[0]!r} is switched on; there are: {', '.join(known)}"
        )
    chosen = [known[name] for name in args.names] if args.names else list(active)
    is_mirror = args.source.endswith("/") or os.path.isdir(args.source)
    if args.source and not is_mirror and len(chosen) != 1:
        raise InputError(
            "--from names one file: name the one list it is, or a folder, or an address with / at "
            "its end"
        )
    return chosen


@contextlib.contextmanager
def _log_of(site: Site) -> Iterator[AuditLog | None]:
    """The audit log, or ``None`` on a site that has no keys yet: there is nothing to prove."""
    from proxy.runtime import AUDIT_KEY, open_log

    if not (site.keys_dir / AUDIT_KEY).exists():
        yield None
        return
    with contextlib.closing(open_log(site)) as log:
        yield log


def _record(log: AuditLog | None, outcome: Outcome) -> None:
    from proxy.audit import fit, make_event

    if log is None or outcome.state not in (State.UPDATED, State.REJECTED):
        return
    name = fit("list", outcome.name)
    if outcome.state is State.REJECTED:
        log.record_sync([make_event("list-rejected", list=name, problems=1)])
        return
    grown = outcome.rules - outcome.before
    log.record_sync(
        [
            make_event(
                "list-updated",
                list=name,
                entries=outcome.rules,
                digest=outcome.digest,
                added=max(0, grown),
                left=max(0, -grown),
            )
        ]
    )


def _outcome(outcome: Outcome) -> str:
    text = f"{outcome.name:<20} {_WORDS[outcome.state]:<12}"
    if outcome.detail:
        return f"{text}{outcome.detail}; the last good one stays"
    change = outcome.rules - outcome.before
    grown = f" ({change:+,})" if outcome.state is State.UPDATED and outcome.before else ""
    return f"{text}{outcome.rules:,} rules{grown}"


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "name": outcome.name,
        "state": outcome.state.value,
        "detail": outcome.detail,
        "rules": outcome.rules,
        "before": outcome.before,
    }


# --- status ---


def _status(args: argparse.Namespace, site: Site) -> int:
    """Compile the site's lists, as the gateway would, and say what came of each line."""
    lists = site_lists(site.root, site.state_dir)
    reports = build(lists).reports
    ages = [age_seconds(source) for source in lists]
    shelf = Shelf(site.state_dir)
    slips = [(one, shelf.slip(one)) for one in read_subscriptions(site.root).active()]
    tallies = read_tallies(site.state_dir)
    table = _text(lists, reports, ages, tallies, site.root, args.all)
    text = "\n\n".join((table, *_subscribed(slips)))
    emit(args, text, _document(reports, ages, tallies, slips))
    return 0


def _document(
    reports: Sequence[ListReport],
    ages: Sequence[float],
    tallies: Mapping[str, Tally],
    slips: Sequence[tuple[Subscription, Slip]],
) -> dict[str, object]:
    rows = []
    for report, age in zip(reports, ages, strict=True):
        problems = [problem._asdict() for problem in report.problems]
        row = {**report.as_dict(), "problems": problems, "age_seconds": round(age)}
        rows.append({**row, **_hits_row(tallies.get(report.name))})
    return {
        "lists": rows,
        "rules": sum(report.rules for report in reports),
        "subscriptions": [_slip_row(one, slip) for one, slip in slips],
    }


def _slip_row(one: Subscription, slip: Slip) -> dict[str, object]:
    now = time.time()
    return {
        "name": one.name,
        "url": one.url,
        "source": slip.source,
        "licence": one.licence or slip.licence,
        "age_seconds": round(now - slip.taken) if slip.taken else None,
        "due_seconds": round(due(one, slip) - now) if slip.taken else 0,
        "problem": slip.problem,
    }


def _subscribed(slips: Sequence[tuple[Subscription, Slip]]) -> list[str]:
    if not slips:
        return []
    lines = ["Subscriptions"]
    for one, slip in slips:
        licence = one.licence or slip.licence or "licence not said"
        age = f"{_age(time.time() - slip.taken)} old" if slip.taken else "never fetched"
        late = ", due" if slip.taken and time.time() > due(one, slip) else ""
        lines.append(f"  {one.name:<18} {age}{late}; {licence}; {one.url}")
        if slip.problem:
            lines.append(f"    last try: {slip.problem}")
    if not all(slip.taken for _, slip in slips):
        lines.append("  (`preau lists update` fetches them)")
    return ["\n".join(lines)]


def _text(
    lists: Sequence[ListFile],
    reports: Sequence[ListReport],
    ages: Sequence[float],
    tallies: Mapping[str, Tally],
    root: Path,
    everything: bool,
) -> str:
    if not lists:
        return f"no block list in {root / BLOCK_LISTS}; add a .txt file there"
    parts = [
        _one(report, age, tallies.get(report.name), everything)
        for report, age in zip(reports, ages, strict=True)
    ]
    return "\n\n".join((*parts, f"{sum(report.rules for report in reports):,} rules in force"))


def _hits_row(tally: Tally | None) -> dict[str, object]:
    if tally is None:
        return {"hits": 0, "last_hit": None, "days_without_hit": None}
    last = round(tally.last) if tally.last else None
    quiet = tally.quiet_days(time.time())
    return {"hits": tally.hits, "last_hit": last, "days_without_hit": quiet}


def _hits(tally: Tally | None) -> str:
    """Which list earns its place: how often it decided, and when it last did."""
    if tally is None:
        return "not counted yet (the gateway counts while it runs)"
    now = time.time()
    since = f"counted for {_age(now - tally.since)}"
    if not tally.hits:
        return f"NONE, {since}: is it worth its place?"
    return f"{tally.hits:,}, the last {_age(now - tally.last)} ago; {since}"


def _one(report: ListReport, age: float, tally: Tally | None, everything: bool) -> str:
    scope = "also pages that people open" if report.top_level else "what pages load"
    stale = ""
    if report.expires_days and age > report.expires_days * 86_400:
        stale = f", older than the {report.expires_days} days it says it holds"
    strips = f", {report.strips:,} take parameters out of URLs" if report.strips else ""
    lines = [
        f"{report.file}  ({report.syntax.value}; blocks {scope})",
        f"  in force  {report.rules:,} rules, {report.whole_hosts:,} of them on whole hosts"
        f"{strips}",
        f"  changed   {_age(age)} ago{stale}",
        f"  hits      {_hits(tally)}",
    ]
    if report.licence:
        lines.append(f"  licence   {report.licence}")
    if report.cosmetic:
        lines.append(f"  cosmetic  {report.cosmetic:,} (hide parts of pages: not for a proxy)")
    lines += [f"  ignored   {count:,} × {reason}" for reason, count in report.ignored.items()]
    shown = report.problems if everything else report.problems[:_SHOWN]
    lines += [f"    {report.file}:{p.line}: {p.reason}: {p.text}" for p in shown]
    hidden = sum(report.ignored.values()) - len(shown)
    if hidden > 0:
        lines.append(f"    … and {hidden:,} more")
    return "\n".join(lines)


def _age(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
