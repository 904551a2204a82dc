"""``preau roster export``: accounts for a service, in its own format, under pseudonyms only."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.directory.exporters import FORMATS, Accounts, Options, Selection, replaced
from proxy.directory.exporters.places import Places
from proxy.errors import InputError
from proxy.kinds import Kind, SubjectKind
from proxy.policy.problems import did_you_mean

if TYPE_CHECKING:
    from proxy.policy.model import Service
    from proxy.pseudonyms.pseudonymiser import Pseudonymiser
    from proxy.runtime import Runtime

GROUP = "Upkeep"
HELP = "write a roster for a service, with pseudonyms only"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: figures, nobody's name."""

    service: str
    format: str
    file: str
    accounts: int
    schools: int
    classes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``export``."""
    verbs = parser.add_subparsers(dest="action", metavar="export", required=True)
    text = "write accounts for a service, in its own format, with pseudonyms only (docs/rosters.md)"
    verb = verbs.add_parser("export", help=text, description=text)
    add_common(verb)
    verb.add_argument("--service", required=True, help="the service's short name")
    verb.add_argument("--output", required=True, type=Path, metavar="FILE")
    verb.add_argument(
        "--format", default="", choices=sorted(FORMATS), help="instead of what its policy says"
    )
    for option, meaning in (
        ("--school", "only people of this school (may stand several times)"),
        ("--class", "only people of this class, and no other of their classes (several times)"),
    ):
        verb.add_argument(option, action="append", default=[], metavar="NAME", help=meaning)
    verb.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=[kind.value for kind in SubjectKind],
        help="only these people (default: pupils and staff)",
    )
    verb.add_argument(
        "--new-passwords",
        action="store_true",
        help="make a password for every account; else accounts keep theirs",
    )
    verb.add_argument(
        "--unit", default="/", metavar="PATH", help="Google's organisational unit (default: /)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the roster, whole or not at all."""
    from proxy.runtime import Runtime  # here: the engine behind it costs --help 100 ms

    runtime = Runtime.open(args.site)
    try:
        report = export(
            runtime,
            args.service,
            args.output,
            format_name=args.format,
            schools=frozenset(args.school),
            classes=frozenset(getattr(args, "class")),
            kinds=frozenset(map(SubjectKind, args.kind)),
            options=Options(new_passwords=args.new_passwords, unit=args.unit),
        )
    finally:
        runtime.close()
    emit(args, _text(report), asdict(report))
    return 0


def export(
    runtime: Runtime,
    service_name: str,
    path: Path,
    *,
    format_name: str = "",
    schools: frozenset[str] = frozenset(),
    classes: frozenset[str] = frozenset(),
    kinds: frozenset[SubjectKind] = frozenset(),
    options: Options | None = None,
) -> ExportReport:
    """Write the roster of a service to ``path`` and record that it was written."""
    service = _service(runtime, service_name)
    chosen = format_name or service.roster
    if not chosen:
        raise InputError(
            f"the policy of {service.name} does not say how it takes rosters; write 'roster: …' "
            f"there, or give --format ({', '.join(sorted(FORMATS))})"
        )
    exporter = FORMATS[chosen]
    if beyond := kinds - exporter.KINDS:
        raise InputError(
            f"{chosen} cannot hold {', '.join(sorted(beyond))} accounts; leave them out"
        )
    kinds = kinds or frozenset({SubjectKind.PUPIL, SubjectKind.STAFF})
    options = options or Options()
    accounts = _accounts(runtime, service, Selection(kinds, schools, classes), options)
    if not len(accounts):
        raise InputError(
            "nobody to write: no active person of the directory fits; see preau directory status"
        )
    with replaced(path, before=_recording(runtime, service, chosen, accounts)) as out:
        exporter.write(accounts, options, out)
    found = (len(accounts), len(accounts.schools), len(accounts.classes))
    return ExportReport(service.name, chosen, str(path), *found)


def _service(runtime: Runtime, name: str) -> Service:
    services = runtime.snapshot().policy.services
    if name not in services:
        raise InputError(f"no service {name}, {did_you_mean(name, services)}")
    return services[name]


def _accounts(
    runtime: Runtime, service: Service, selection: Selection, options: Options
) -> Accounts:
    from proxy.content.edits import splice
    from proxy.engine.protect import ProtectVisitor

    runtime.refresh()  # an import may have landed since the site was opened
    snapshot = runtime.snapshot()
    pseudonymiser = snapshot.pseudonymiser(service.name)
    visitor = ProtectVisitor(snapshot.index, pseudonymiser, Counter())

    def protect(text: str) -> str:
        return splice(text, visitor.text(text))

    return Accounts(
        runtime.store.subjects,
        snapshot.index,
        pseudonymiser,
        service.fields,
        selection,
        Places(protect, _in_prose(pseudonymiser), runtime.site.name),
        domain=runtime.site.pseudonym_domain,
        today=options.today,
    )


def _in_prose(pseudonymiser: Pseudonymiser) -> Callable[[Kind, str, int], str]:
    return lambda kind, text, ref: pseudonymiser.pseudonym(kind, text, "text", ref)


def _recording(
    runtime: Runtime, service: Service, chosen: str, accounts: Accounts
) -> Callable[[], None]:
    """Recorded before the file is in place: what cannot be recorded is not done."""
    from proxy.audit import make_event

    event = make_event(
        "roster-exported",
        service=service.name,
        format=chosen,
        subjects=len(accounts),
        policy=runtime.snapshot().policy.digest,
    )

    def record() -> None:
        runtime.audit.record_sync([event])

    return record


def _text(report: ExportReport) -> str:
    return (
        f"wrote {report.accounts} accounts, {report.schools} schools and {report.classes} classes "
        f"for {report.service} ({report.format}) to {report.file}, under pseudonyms only"
    )
