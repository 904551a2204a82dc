"""``preau doctor``: what is wrong here, why it matters, and the command that mends it."""

from __future__ import annotations

import argparse
from collections import Counter

from proxy.cli.output import emit
from proxy.doctor import Finding, Severity, examine
from proxy.errors import InputError
from proxy.site import SITE_FILE

GROUP = "Run"
HELP = "examine site, machine and gateway: what is wrong and the command that mends it"

_MARKS = {Severity.GOOD: "good", Severity.WARNING: "warn", Severity.BROKEN: "BAD "}
_EXITS = {Severity.GOOD: 0, Severity.WARNING: 0, Severity.BROKEN: 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How far to look, and in which language to tell."""
    parser.add_argument(
        "--online",
        action="store_true",
        help="also resolve and call the services' hosts (else nothing leaves this machine)",
    )
    parser.add_argument(
        "--language", choices=("fr", "en", "both"), default="both", help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """0 when nothing is broken (warnings or not), 1 when something is; 2: no site here."""
    if not (args.site / SITE_FILE).exists():
        raise InputError(
            f"{args.site} holds no {SITE_FILE}: name the site's folder with --site, or write a "
            f"new site with `preau init {args.site}`"
        )
    findings = list(examine(args.site, online=args.online))
    counts = Counter(finding.severity for finding in findings)
    worst = Severity.BROKEN if counts[Severity.BROKEN] else Severity.GOOD
    summary = (
        f"{counts[Severity.BROKEN]} broken, {counts[Severity.WARNING]} warnings, "
        f"{counts[Severity.GOOD]} good"
    )
    lines = [line for finding in findings for line in _lines(finding, args.language)]
    document = {
        "ok": worst is Severity.GOOD,
        "findings": [finding.document() for finding in findings],
    }
    emit(args, "\n".join((*lines, summary)), document)
    return _EXITS[worst]


def _lines(finding: Finding, language: str) -> list[str]:
    told = {"en": (finding.en, finding.why_en), "fr": (finding.fr, finding.why_fr)}
    words = [told[name] for name in ("fr", "en") if language in (name, "both")]
    if finding.severity is Severity.GOOD:
        words = words[:1]
    head = f"{_MARKS[finding.severity]}  {finding.check:<16}"
    lines = [
        f"{head if not place else ' ' * len(head)}  {text}{'. ' + why if why else ''}"
        for place, (text, why) in enumerate(words)
    ]
    return [*lines, f"{' ' * len(head)}  → {finding.mend}"] if finding.mend else lines
