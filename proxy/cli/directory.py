"""``preau directory``: rosters in, and figures about what is there."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.directory import importing
from proxy.directory.importers import FORMATS, Roster, open_roster
from proxy.directory.index import Counts, Index
from proxy.directory.sealer import SiteSealer
from proxy.errors import InputError
from proxy.store.interface import Store

if TYPE_CHECKING:
    from proxy.site import Site

GROUP = "People"
HELP = "import rosters, show what the directory holds"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did or would do, in figures."""

    source: str
    format: str
    adds: int
    changes: int
    leavers: int
    unchanged: int
    bad_rows: int
    remarks: int
    dry_run: bool
    version: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``import`` and ``status``."""
    verbs = parser.add_subparsers(dest="directory_verb", metavar="VERB", required=True)
    importer = verbs.add_parser("import", help="import a roster: folder, zip archive or CSV files")
    add_common(importer)
    importer.add_argument("files", nargs="+", type=Path, metavar="FILE")
    importer.add_argument(
        "--format", default="", choices=sorted(FORMATS), help="instead of guessing"
    )
    importer.add_argument(
        "--source",
        default="",
        metavar="NAME",
        help="where the roster comes from; the same name at every import (default: its format)",
    )
    importer.add_argument(
        "--dry-run", action="store_true", help="say what would change, change nothing"
    )
    importer.add_argument(
        "--skip-bad-rows", action="store_true", help="import the good rows, list the bad"
    )
    importer.add_argument("--yes", action="store_true", help="accept that many people left")
    status = verbs.add_parser("status", help="how many people and identifiers, by kind and school")
    add_common(status)


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-verb."""
    return _import(args) if args.directory_verb == "import" else _status(args)


def record_import(site: Site, report: ImportReport) -> None:
    """Put an import into the audit log; called after it was applied. Figures only, no person."""


def _import(args: argparse.Namespace) -> int:
    roster = open_roster(args.files, args.format)
    try:
        with _opened_site(args.site) as (site, store, sealer):
            report = _carry_out(args, roster, store, sealer)
            if not report.dry_run and report.adds + report.changes + report.leavers:
                record_import(site, report)
    finally:
        roster.close()
    emit(args, _import_text(report, roster), _import_document(report, roster))
    return 0


def _carry_out(
    args: argparse.Namespace, roster: Roster, store: Store, sealer: SiteSealer
) -> ImportReport:
    source = args.source or roster.format

    def check() -> None:
        if roster.problems.bad_rows and not args.skip_bad_rows:
            raise InputError(
                f"{roster.problems.bad_rows} bad rows, nothing was imported; correct them, or "
                f"leave these people unprotected with --skip-bad-rows",
                roster.problems.shown(),
            )

    if args.dry_run:
        made = importing.plan(roster.persons(), store, sealer, source, complete=roster.complete)
        check()
    else:
        made = importing.apply(
            roster.persons,
            store,
            sealer,
            source,
            complete=roster.complete,
            accept_shrink=args.yes,
            check=check,
        )
    return ImportReport(
        source,
        roster.format,
        made.adds,
        made.changes,
        made.leavers,
        made.unchanged,
        roster.problems.bad_rows,
        roster.problems.remarks,
        args.dry_run,
        store.directory_version(),
    )


def _status(args: argparse.Namespace) -> int:
    with _opened_site(args.site) as (site, store, sealer):
        counts = Index.build(store, sealer, site.school_domains).counts()
    emit(args, _status_text(counts), _status_document(counts))
    return 0


@contextlib.contextmanager
def _opened_site(root: Path) -> Iterator[tuple[Site, Store, SiteSealer]]:
    # Imported here: the keys and the store cost time that --help need not pay.
    from proxy.pseudonyms.keys import Keys
    from proxy.site import load_site
    from proxy.store import open_store

    site = load_site(root)
    keys = Keys.load(site.keys_dir)
    site.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.closing(open_store(site.store_url)) as store:
        keys.bind(store)
        yield site, store, SiteSealer(keys)


def _import_text(report: ImportReport, roster: Roster) -> str:
    verb = "would import" if report.dry_run else "imported"
    lines = [
        f"{verb} source {report.source!r} ({report.format}): {report.adds} new, "
        f"{report.changes} changed, {report.leavers} left, {report.unchanged} unchanged; "
        f"directory version {report.version}",
        *roster.problems.notes,
    ]
    if report.bad_rows:
        lines.append(f"{report.bad_rows} bad rows skipped: these people are NOT protected")
        lines += roster.problems.shown()
    return "\n".join(lines)


def _import_document(report: ImportReport, roster: Roster) -> dict[str, Any]:
    return {
        "source": report.source,
        "format": report.format,
        "adds": report.adds,
        "changes": report.changes,
        "leavers": report.leavers,
        "unchanged": report.unchanged,
        "bad_rows": report.bad_rows,
        "remarks": report.remarks,
        "dry_run": report.dry_run,
        "version": report.version,
        "problems": list(roster.problems.shown()),
        "notes": list(roster.problems.notes),
    }


def _status_text(counts: Counts) -> str:
    document = _status_document(counts)
    lines = [f"directory version {counts.version}"]
    for title in ("subjects", "schools", "values"):
        lines += [f"  {name:<24} {count:>9}" for name, count in document[title].items()]
    return "\n".join([*lines, f"  {'leavers':<24} {counts.leavers:>9}"])


def _status_document(counts: Counts) -> dict[str, Any]:
    return {
        "version": counts.version,
        "subjects": {kind.value: count for kind, count in sorted(counts.subjects.items())},
        "leavers": counts.leavers,
        "schools": dict(sorted(counts.schools.items())),
        "values": {kind.value: count for kind, count in sorted(counts.values.items())},
    }
