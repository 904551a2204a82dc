"""``preau subject``: a person's rights. Who asks is named by a handle, or by what they are called.

A name on the command line stands in the shell's history and in the list of processes: write ``-``
and it is asked for (or read from the input).
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from proxy.cli.common import add_common
from proxy.cli.desk import opened_desk
from proxy.cli.output import emit
from proxy.errors import InputError

GROUP = "People"
HELP = "find a person, report what is known, object, consent, erase"

_WHO = "a handle (s-…), full name, e-mail, login or number; - asks for it"
_NOBODY = "nobody of the directory is called so / personne de l'annuaire ne porte ce nom"
_TEXT = {
    "object": "refuse a service, from the next request on",
    "withdraw": "withdraw an objection",
    "consent": "give or withdraw consent to pictures (policy: photos: with_consent)",
    "erase": "destroy what is held of a person, backups included (docs/rights.md)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``find``, ``report``, ``object``, ``withdraw``, ``consent`` and ``erase``."""
    names = "find|report|object|withdraw|consent|erase"
    verbs = parser.add_subparsers(dest="action", metavar=names, required=True)
    _verb(verbs, "find", "who a name, an address or a number may mean; nothing is recorded")
    report = _verb(verbs, "report", "what is known of a person (GDPR art. 15 and 20)")
    report.add_argument("--output", "-o", type=Path, metavar="FILE", help="default: the output")
    report.add_argument("--format", choices=("html", "json", "text"), default="")
    report.add_argument("--language", choices=("fr", "en"), default="", help="default: the site's")
    for action in ("object", "withdraw"):
        verb = _verb(verbs, action, _TEXT[action])
        which = verb.add_mutually_exclusive_group(required=True)
        which.add_argument("--service", action="append", default=[], metavar="NAME")
        which.add_argument("--all", action="store_true", help="every service, future ones too")
    consent = _verb(verbs, "consent", _TEXT["consent"])
    what = consent.add_mutually_exclusive_group(required=True)
    what.add_argument("--give", action="store_true")
    what.add_argument("--withdraw", action="store_true")
    consent.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="until this day")
    consent.add_argument(
        "--by", default="guardian", metavar="WHO", help="guardian (default), self, or a handle"
    )
    erase = _verb(verbs, "erase", _TEXT["erase"])
    erase.add_argument("--yes", action="store_true", help="yes, nothing can bring it back")


def _verb(verbs: Any, name: str, text: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    add_common(verb)
    verb.add_argument("who", metavar="WHO", help=_WHO)
    return verb


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-verb; 1 if nobody is meant."""
    text = _asked() if args.who == "-" else args.who
    with opened_desk(args.site) as desk:
        found = desk.find(text)
        if args.action == "find":
            return _found(args, found)
        if not found:
            emit(args, _NOBODY, {"found": 0})
            return 1
        if len(found) > 1:
            raise InputError(
                f"{len(found)} people may be meant; name one by the handle / "
                f"{len(found)} personnes possibles ; indiquez son identifiant",
                tuple(_line(subject) for subject in found),
            )
        return int(_ACTS[args.action](args, desk, found[0]))


def _asked() -> str:
    """From the input, or asked without showing it."""
    if sys.stdin.isatty():
        return getpass.getpass("Nom, adresse, numéro / name, address, number: ")
    return sys.stdin.readline().strip()


def _found(args: argparse.Namespace, found: Sequence[Any]) -> int:
    lines = [_line(subject) for subject in found] or [_NOBODY]
    emit(args, "\n".join(lines), {"found": len(found), "subjects": [_document(s) for s in found]})
    return 0 if found else 1


def _line(subject: Any) -> str:
    places = ", ".join((*subject.schools, *subject.classes)) or "-"
    left = "" if subject.active else "  (parti / left)"
    return f"{subject.handle}  {subject.kind.value:<8}  {places}{left}"


def _document(subject: Any) -> dict[str, Any]:
    return {
        "handle": subject.handle,
        "kind": subject.kind.value,
        "active": subject.active,
        "schools": list(subject.schools),
        "classes": list(subject.classes),
    }


def _report(args: argparse.Namespace, desk: Any, subject: Any) -> int:
    from proxy.reports.subject import as_html, as_json, as_text, write_private

    chosen = args.format or ("json" if args.json else "html" if args.output else "text")
    report = desk.report(subject)
    write = {"html": as_html, "json": as_json, "text": as_text}[chosen]
    text = write(report, args.language or desk.site.language)
    if args.output is None:
        print(text)
        return 0
    write_private(args.output, text)
    emit(args, f"{args.output} (0600)", {"file": str(args.output), "format": chosen})
    return 0


def _object(args: argparse.Namespace, desk: Any, subject: Any) -> int:
    names = desk.object(subject, args.service, every=args.all)
    text = (
        "Opposition enregistrée, appliquée dès la prochaine requête (une seconde au plus) : {0}\n"
        "Objection recorded, enforced from the next request on (a second at most): {0}"
    )
    none = "Déjà enregistrée / already recorded"
    emit(args, text.format(", ".join(names)) if names else none, _acted(subject, services=names))
    return 0


def _withdraw(args: argparse.Namespace, desk: Any, subject: Any) -> int:
    names = desk.withdraw(subject, args.service, every=args.all)
    text = f"Opposition retirée / objection withdrawn: {', '.join(names)}"
    none = "Il n'y en avait pas / there was none"
    emit(args, text if names else none, _acted(subject, services=names))
    return 0 if names else 1


def _consent(args: argparse.Namespace, desk: Any, subject: Any) -> int:
    if args.give:
        consent = desk.consent(subject, args.by, args.until)
        until = consent.until.isoformat() if consent.until else None
        text = f"Accord enregistré / consent recorded ({consent.by}; {until or '∞'})"
        emit(args, text, _acted(subject, consent=True, until=until))
    else:
        desk.withdraw_consent(subject)
        emit(args, "Accord retiré / consent withdrawn", _acted(subject, consent=False))
    return 0


def _erase(args: argparse.Namespace, desk: Any, subject: Any) -> int:
    if not args.yes:
        raise InputError(
            "nothing can bring an erased person back, and their name is not protected any more; "
            "give them the report first if they want it, then repeat with --yes / irréversible, "
            "et le nom n'est plus protégé : répétez avec --yes"
        )
    done = desk.erase(subject)
    text = (
        f"Effacé : {done.values} valeurs irrécupérables, {done.shared} partagées avec d'autres "
        f"restent. Remplacez maintenant votre copie d'erasure.key et détruisez l'ancienne.\n"
        f"Erased: {done.values} values unrecoverable, {done.shared} shared with others stay. "
        f"Replace your copy of erasure.key now, and destroy the old one."
    )
    emit(args, text, _acted(subject, values=done.values, shared=done.shared))
    return 0


def _acted(subject: Any, **what: Any) -> dict[str, Any]:
    return {"handle": subject.handle, **what}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected a day such as 2027-07-05") from None


_ACTS = {
    "report": _report,
    "object": _object,
    "withdraw": _withdraw,
    "consent": _consent,
    "erase": _erase,
}
