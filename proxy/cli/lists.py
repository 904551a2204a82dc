"""``preau lists``: what the block lists hold, and how much of them really works here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from proxy.blocking import BLOCK_LISTS, ListFile, ListReport, age_seconds, build, discover
from proxy.cli.common import add_common
from proxy.cli.output import emit

GROUP = "Upkeep"
HELP = "what the block lists hold, and what of them is not in force"

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``preau lists status``."""
    verbs = parser.add_subparsers(dest="sub", metavar="status", required=True)
    status = verbs.add_parser("status", help="rules in force and lines ignored, list by list")
    add_common(status)
    status.add_argument(
        "--all", action="store_true", help=f"show every ignored line, not the first {_SHOWN}"
    )


def run(args: argparse.Namespace) -> int:
    """Compile the site's lists, as the gateway would, and say what came of each line."""
    from proxy.site import load_site

    root = load_site(args.site).root
    lists = discover(root / BLOCK_LISTS, root)
    reports = build(lists).reports
    ages = [age_seconds(source) for source in lists]
    emit(args, _text(lists, reports, ages, root, args.all), _document(reports, ages))
    return 0


def _document(reports: Sequence[ListReport], ages: Sequence[float]) -> dict[str, object]:
    rows = []
    for report, age in zip(reports, ages, strict=True):
        problems = [problem._asdict() for problem in report.problems]
        rows.append({**report.as_dict(), "problems": problems, "age_seconds": round(age)})
    return {"lists": rows, "rules": sum(report.rules for report in reports)}


def _text(
    lists: Sequence[ListFile],
    reports: Sequence[ListReport],
    ages: Sequence[float],
    root: Path,
    everything: bool,
) -> str:
    if not lists:
        return f"no block list in {root / BLOCK_LISTS}; add a .txt file there"
    parts = [_one(*row, everything) for row in zip(reports, ages, strict=True)]
    return "\n\n".join((*parts, f"{sum(report.rules for report in reports):,} rules in force"))


def _one(report: ListReport, age: float, everything: bool) -> str:
    scope = "also pages that people open" if report.top_level else "what pages load"
    stale = ""
    if report.expires_days and age > report.expires_days * 86_400:
        stale = f", older than the {report.expires_days} days it says it holds"
    lines = [
        f"{report.file}  ({report.syntax.value}; blocks {scope})",
        f"  in force  {report.rules:,} rules, {report.whole_hosts:,} of them on whole hosts",
        f"  changed   {_age(age)} ago{stale}",
    ]
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
