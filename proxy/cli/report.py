"""``preau report``: what families, auditors and suppliers read, from the policy and the log."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.cli.sub_verbs import run as run
from proxy.errors import InputError, Refused

if TYPE_CHECKING:
    from proxy.reports.document import Document
    from proxy.reports.facts import Facts

GROUP = "Proof and information"
HELP = "pages for families, transfers, evidence on a supplier, record, impact assessment, year"

_PATIENCE = 30.0
_YEAR = re.compile(r"(20[0-9]{2})(?:-(20[0-9]{2}))?")
_TEXTS = {
    "families": "for families: services, data, why, how long, where, how to object",
    "transfers": "transfers outside the EU, with amounts and basis",
    "supplier": "what a supplier's services attempted; with --out, an evidence file",
    "record": "the record of processing activities (GDPR, Art. 30), pre-filled",
    "dpia": "an annex to the impact assessment, in the CNIL's order, pre-filled",
    "year": "what the gateway did in a year",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-verb a report, and ``verify``."""
    verbs = parser.add_subparsers(dest="sub", metavar="WHAT", required=True)
    for name, text in _TEXTS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        add_common(verb)
        if name == "supplier":
            verb.add_argument("supplier", metavar="SUPPLIER", help="its name, or a service of it")
        if name == "year":
            verb.add_argument(
                "year",
                nargs="?",
                default="",
                metavar="YEAR",
                help="2026, or a school year: 2025-2026 (from September to August)",
            )
        verb.add_argument("--language", choices=("fr", "en"), help="default: the site's")
        verb.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="an evidence file: a .zip or a new folder; .html and .json: only the report"
            if name == "supplier"
            else "default: standard output; a name in .json gives JSON",
        )
        verb.add_argument("--dir", type=Path, help="the log's directory (default: the site's)")
        verb.add_argument("--since", default="", metavar="TIME", help="UTC, e.g. 2026-09")
        verb.add_argument(
            "--until", default="", metavar="TIME", help="UTC, up to but not including"
        )
        verb.set_defaults(act=_supplier if name == "supplier" else _report)
    verb = verbs.add_parser("verify", help="check an evidence file", description="Check one.")
    add_common(verb)
    verb.add_argument("file", type=Path, metavar="FILE", help="a .zip or a folder")
    verb.add_argument("--key", metavar="VKEY", help="the log's public key, or a file holding it")
    verb.set_defaults(act=_verify)


def _report(args: argparse.Namespace) -> int:
    facts = _facts(args)
    _give(args, _makers()[args.sub](facts, _language(args, facts)))
    return 0


def _makers() -> dict[str, Callable[[Facts, str], Document]]:
    from proxy.reports.dpia import dpia
    from proxy.reports.families import families
    from proxy.reports.record import record
    from proxy.reports.transfers import transfers
    from proxy.reports.year import year

    return {
        "families": families,
        "transfers": transfers,
        "record": record,
        "dpia": dpia,
        "year": year,
    }


def _supplier(args: argparse.Namespace) -> int:
    from proxy.reports.claims import collect
    from proxy.reports.supplier import find, supplier

    facts = _facts(args)
    if not facts.has_log:
        raise InputError("there is no audit log yet, so nothing to say of a supplier")
    name, services = find(facts, args.supplier)
    directory = args.dir or facts.policy.site.audit_dir
    claims = collect(directory, (one.name for one in services), args.since, args.until)
    report = supplier(facts, claims, name, _language(args, facts))
    if args.out is None or args.out.suffix in (".html", ".json"):
        _give(args, report)
        return 0
    if args.dir is not None:
        raise InputError("an evidence file is recorded in the site's own log: leave --dir out")
    from proxy.reports.evidence import make_evidence, write
    from proxy.runtime import open_log

    if args.out.suffix != ".zip" and args.out.exists() and any(args.out.iterdir()):
        raise InputError(f"{args.out} is not empty, choose a folder that is not there yet")
    try:
        with open_log(facts.policy.site) as log:
            files = make_evidence(directory, log, report, claims, name)
    except Refused as error:
        raise InputError(f"no evidence file was made: {error}") from error
    write(files, args.out)
    events = sum(one.startswith("events/") for one in files)
    text = (
        f"wrote {args.out}: {len(claims)} findings on {name}, {events} events with their proofs.\n"
        f"Whoever receives it checks it with: preau report verify {args.out} --key VKEY"
    )
    document = {"file": str(args.out), "supplier": name, "findings": len(claims), "events": events}
    emit(args, text, document)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from proxy.reports.evidence_check import check_evidence, read_evidence

    key = args.key
    if key is not None and "+" not in key:
        key = Path(key).read_text()
    verdict = check_evidence(read_evidence(args.file), key.strip() if key else None)
    if verdict.ok:
        lines = [
            f"holds: {verdict.events} events of {verdict.origin}, each in the signed log; "
            "the report is the one that the log made"
        ]
        if verdict.key_from_file:
            lines.append("note   the key came from the file itself: --key is stronger")
    else:
        lines = ["DOES NOT HOLD; the first bad place comes first:"]
        lines += [f"  {problem}" for problem in verdict.problems]
    document = {
        "ok": verdict.ok,
        "origin": verdict.origin,
        "supplier": verdict.supplier,
        "events": verdict.events,
        "key": verdict.key,
        "key_from_file": verdict.key_from_file,
        "problems": verdict.problems,
    }
    emit(args, "\n".join(lines), document)
    return 0 if verdict.ok else 1


def _facts(args: argparse.Namespace) -> Facts:
    from proxy.reports.facts import read_facts

    if args.dir is not None and not args.dir.is_dir():
        raise InputError(f"{args.dir}: there is no audit log here; give its place with --dir")
    if year := getattr(args, "year", ""):
        if args.since or args.until:
            raise InputError("give a year, or --since and --until, not both")
        args.since, args.until = _bounds(year)
    return read_facts(args.site, args.dir, args.since, args.until)


def _bounds(year: str) -> tuple[str, str]:
    found = _YEAR.fullmatch(year)
    if found is None:
        raise InputError(f"{year}: expected a year such as 2026, or a school year: 2025-2026")
    first = int(found[1])
    if found[2] is None:
        return f"{first}", f"{first + 1}"
    if int(found[2]) != first + 1:
        raise InputError(f"{year}: a school year is two years in a row, such as 2025-2026")
    return f"{first}-09", f"{first + 1}-09"


def _language(args: argparse.Namespace, facts: Facts) -> str:
    return args.language or facts.policy.site.language


def _give(args: argparse.Namespace, report: Document) -> None:
    """To standard output or a file, as HTML or JSON."""
    from proxy.reports.document import as_json
    from proxy.reports.page import render

    wants_json = args.json or (args.out is not None and args.out.suffix == ".json")
    if wants_json:
        text = json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n"
    else:
        text = render(report)
    if args.out is None:
        sys.stdout.write(text)
        return
    args.out.write_text(text, encoding="utf-8")
    blanks = len(report.blanks)
    told = f"wrote {args.out}" + (f"; {blanks} places are left to fill in" if blanks else "")
    print(told, file=sys.stderr)
