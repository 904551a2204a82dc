"""``preau directory``: rosters in, and figures about what is there."""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.cli.progress import shown
from proxy.directory import building_process, importing
from proxy.directory.importers import FORMATS, Roster, open_roster
from proxy.directory.index import Counts, Directory, Index
from proxy.errors import InputError
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer
from proxy.rights.tombstones import Tombstones
from proxy.site import Site, load_site
from proxy.store import Store, open_store

if TYPE_CHECKING:
    from proxy.audit import AuditLog

GROUP = "Upkeep"
HELP = "import rosters, count what the directory holds"
_RECORD_SECONDS = 10.0
_LARGE = 20_000
"""From about half as many values on, the index is built by a process with helpers."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: figures, and problems without anybody's name."""

    source: str
    format: str
    dry_run: bool
    added: int
    changed: int
    left: int
    unchanged: int
    merged: int
    """New rows of people whom another source had brought before."""
    resumed: int
    """Rows made ready by an import that was cut short."""
    conflicts: tuple[str, ...]
    """Whose keys contradict each other."""
    erased: int
    """Rows of people who were erased: left out, or with ``--yes`` made anew."""
    recreated: bool
    bad_rows: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    version: int
    """The directory's version afterwards."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``import``, ``status`` and ``build``."""
    verbs = parser.add_subparsers(dest="action", metavar="import|status|build", required=True)
    text = "import a roster: a folder, zip archives or files (docs/rosters.md)"
    verb = verbs.add_parser("import", help=text, description=text)
    add_common(verb)
    verb.add_argument("files", nargs="+", type=Path, metavar="FILE")
    verb.add_argument("--format", default="", choices=sorted(FORMATS), help="instead of guessing")
    verb.add_argument(
        "--source",
        default="",
        metavar="NAME",
        help="where the roster comes from, the same name every time (default: its format)",
    )
    for option, meaning in (
        ("--dry-run", "say what would change and change nothing"),
        ("--skip-bad-rows", "import the good rows and list the bad ones"),
        ("--yes", "yes, that many people have left, and who was erased is to be there again"),
    ):
        verb.add_argument(option, action="store_true", help=meaning)
    for action, text in (
        ("status", "count people and identifiers, by kind and school"),
        ("build", "build the look-up index now, as import does and a starting gateway would"),
    ):
        add_common(verbs.add_parser(action, help=text, description=text))


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-verb."""
    if args.action != "import":
        with opened(args.site) as (site, store, sealer):
            counts = index_of(site, store, sealer).counts()
        emit(args, _status_text(counts), _status_document(counts))
        return 0
    report = import_files(
        args.site,
        args.files,
        source=args.source,
        format_name=args.format,
        dry_run=args.dry_run,
        skip_bad_rows=args.skip_bad_rows,
        accept_shrink=args.yes,
    )
    emit(args, _import_text(report), asdict(report))
    return 0


def import_files(
    root: Path,
    files: Sequence[Path],
    *,
    source: str = "",
    format_name: str = "",
    dry_run: bool = False,
    skip_bad_rows: bool = False,
    accept_shrink: bool = False,
) -> ImportReport:
    """Import a roster into the site at ``root``, whole or not at all.

    Raises ``InputError`` with its problems when nothing was imported.
    """
    roster = open_roster(files, format_name)
    try:
        with opened(root) as (site, store, sealer):
            erased = Tombstones(store, sealer)
            if dry_run:
                with shown(dry_run) as progress:
                    plan = importing.plan(
                        roster.persons(),
                        store,
                        sealer,
                        source or roster.format,
                        complete=roster.complete,
                        erased=erased,
                        recreate=accept_shrink,
                        progress=progress,
                    )
                _check(roster, skip_bad_rows)
                return _report(plan, roster, store, source, dry_run=True, recreate=accept_shrink)
            with _opened_log(site) as log, shown(dry_run) as progress:
                plan = importing.apply(
                    roster.persons,
                    store,
                    sealer,
                    source or roster.format,
                    complete=roster.complete,
                    accept_shrink=accept_shrink,
                    check=lambda: _check(roster, skip_bad_rows),
                    roster=_digest(files),
                    erased=erased,
                    recreate=accept_shrink,
                    progress=progress,
                )
                report = _report(plan, roster, store, source, dry_run=False, recreate=accept_shrink)
                record_import(log, report, plan)
            index_of(site, store, sealer)
            return report
    finally:
        roster.close()


def record_import(log: AuditLog, report: ImportReport, plan: importing.ImportPlan) -> None:
    """Put an import that was applied into the audit log. Figures only, no person."""
    from proxy.audit import make_event

    event = make_event(
        "directory-imported",
        subjects=plan.records,
        values=plan.values,
        format=report.format,
        added=report.added,
        changed=report.changed,
        left=report.left,
        problems=report.bad_rows,
    )
    log.record_sync([event], _RECORD_SECONDS)


@contextlib.contextmanager
def opened(root: Path) -> Iterator[tuple[Site, Store, ValueSealer]]:
    """The site at ``root``, its store, and its keys bound to that store."""
    site = load_site(root)
    keys = Keys.load(site.keys_dir)
    site.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.closing(open_store(site.store_url)) as store:
        keys.bind(store)
        yield site, store, ValueSealer(keys)


def index_of(site: Site, store: Store, sealer: ValueSealer) -> Index:
    """The index of what the store holds, made now if no worker has made it yet."""
    folder = site.state_dir / building_process.FOLDER
    make_file = functools.partial(building_process.build, site.root)
    large = next(store.values(1, _LARGE), None) is not None
    return Directory(store, sealer, (), folder, make_file if large else None).index


@contextlib.contextmanager
def _opened_log(site: Site) -> Iterator[AuditLog]:
    """Opened before anything is imported: what cannot be recorded is not done."""
    from proxy.runtime import open_log  # here: the engine behind it costs --help 100 ms

    with contextlib.closing(open_log(site)) as log:
        yield log


def _digest(files: Sequence[Path]) -> bytes:
    """Tells whether these are the files of an import that was cut short; empty if unknown."""
    digest = hashlib.sha256()
    for path in files:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in filter(Path.is_file, inside):
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        if not inside or not path.exists():
            return b""
    return digest.digest()


def _check(roster: Roster, skip_bad_rows: bool) -> None:
    if roster.problems.bad_rows and not skip_bad_rows:
        raise InputError(
            f"{roster.problems.bad_rows} bad rows, so nothing was imported; correct them, or "
            f"import the others with --skip-bad-rows (people in bad rows are not protected) / "
            f"{roster.problems.bad_rows} lignes fautives, rien n'a été importé : corrigez-les, ou "
            f"importez les autres avec --skip-bad-rows (ces personnes ne sont pas protégées)",
            roster.problems.shown(),
        )


def _report(
    plan: importing.ImportPlan,
    roster: Roster,
    store: Store,
    source: str,
    *,
    dry_run: bool,
    recreate: bool,
) -> ImportReport:
    return ImportReport(
        source=source or roster.format,
        format=roster.format,
        dry_run=dry_run,
        added=plan.adds,
        changed=plan.changes,
        left=plan.leavers,
        unchanged=plan.unchanged,
        merged=plan.merged,
        resumed=plan.resumed,
        conflicts=plan.conflicts,
        erased=plan.erased,
        recreated=bool(plan.erased) and recreate,
        bad_rows=roster.problems.bad_rows,
        problems=roster.problems.shown(),
        notes=tuple(roster.problems.notes),
        version=store.directory_version(),
    )


def _import_text(report: ImportReport) -> str:
    verb = "would import" if report.dry_run else "imported"
    lines = [
        f"{verb} {report.source} ({report.format}): {report.added} new, {report.changed} changed, "
        f"{report.left} left, {report.unchanged} unchanged; directory version {report.version}",
        *report.notes,
    ]
    if report.merged:
        lines.append(f"{report.merged} joined people whom other sources had brought")
    if report.resumed:
        lines.append(f"{report.resumed} rows were ready from an import that was cut short")
    lines += report.conflicts
    if report.erased:
        done = "were made anew" if report.recreated else "were left out and are NOT protected"
        lines.append(
            f"{report.erased} people of this roster were erased by preau subject erase: they "
            f"{done}{'' if report.recreated else ' (--yes makes them anew)'}"
        )
    if report.bad_rows:
        lines += [f"{report.bad_rows} bad rows left out: these people are NOT protected"]
        lines += report.problems
    return "\n".join(lines)


def _status_text(counts: Counts) -> str:
    document = _status_document(counts)
    lines = [f"directory version {counts.version}", f"  {'leavers':<24}{counts.leavers:>9}"]
    for title in ("subjects", "schools", "values"):
        lines.append(f"{title}:")
        lines += [f"  {name:<24}{count:>9}" for name, count in document[title].items()]
    return "\n".join(lines)


def _status_document(counts: Counts) -> dict[str, Any]:
    return {
        "version": counts.version,
        "leavers": counts.leavers,
        "subjects": {kind.value: count for kind, count in sorted(counts.subjects.items())},
        "schools": dict(sorted(counts.schools.items())),
        "values": {kind.value: count for kind, count in sorted(counts.values.items())},
    }
