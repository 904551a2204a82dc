"""``preau audit``: prove the log whole, search it, and hand out proofs."""

from __future__ import annotations

import argparse
import json
import pwd
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from proxy.audit import (
    ClientKeys,
    Kept,
    NoteError,
    Report,
    VerifierKey,
    fit,
    make_event,
    prove,
    query,
    running_checkpoint,
    verify,
    verify_proof,
)
from proxy.audit.checkpoints import read_newest, split_notes
from proxy.audit.export import FORMATS, Entry, Format, LogReader, Origin
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.note import Trust
from proxy.audit.operators import name_of
from proxy.audit.publish import from_words
from proxy.audit.upkeep import end_retention
from proxy.cli.output import emit
from proxy.cli.recording import record_first
from proxy.cli.sub_verbs import adder
from proxy.cli.sub_verbs import run as run
from proxy.errors import InputError
from proxy.witness import WitnessKey

GROUP = "Proof and information"
HELP = "prove the audit log whole, search it, hand out proofs"

_FILTERS = ("type", "service", "reason", "incident", "school", "group", "client", "host", "policy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-verbs and their options."""
    add = adder(parser)

    def verb(
        name: str, act: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        sub = add(name, act, text)
        sub.add_argument("--dir", type=Path, help="the log's directory (default: the site's)")
        return sub

    sub = verb("verify", _verify, "check that nothing was changed, removed or added")
    sub.add_argument("--key", metavar="VKEY", help="the log's public key, or a file holding it")
    sub.add_argument(
        "--checkpoint",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="one kept elsewhere, or a published history of them; may be given again",
    )
    sub.add_argument(
        "--checkpoint-words", metavar="WORDS", action="append", default=[], help="one on paper"
    )
    sub.add_argument(
        "--witness", metavar="VKEY", action="append", default=[], help="a witness's public key"
    )
    sub.add_argument(
        "--wanted", type=_positive, metavar="N", help="how many witnesses must have signed (all)"
    )

    sub = verb("query", _query, "show events, oldest first")
    for name in _FILTERS:
        sub.add_argument(f"--{name}", metavar="WORD")
    sub.add_argument(
        "--operator", metavar="ACCOUNT", help="what this account of the machine did (or its number)"
    )
    _add_times(sub)
    sub.add_argument("--limit", type=_positive, metavar="N", help="show at most N events")

    sub = verb("checkpoint", _checkpoint, "print the signed checkpoint, to keep elsewhere")
    sub.add_argument("--out", type=Path, metavar="FILE", help="write it there instead")

    sub = verb("prove", _prove, "write a proof of one event that needs no log to check")
    sub.add_argument("index", type=int, metavar="N", help="the event's number, from 0")
    sub.add_argument("--key", metavar="VKEY", help="the log's public key, or a file holding it")
    sub.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")

    sub = verb("verify-proof", _verify_proof, "check a .tlog-proof file")
    sub.add_argument("proof", type=Path, metavar="FILE")
    sub.add_argument("--key", metavar="VKEY", help="the log's public key, or a file holding it")

    sub = verb("prune", _prune, "delete the events whose retention has ended, as the site says")
    sub.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    sub.add_argument(
        "--clock-is-right",
        action="store_true",
        help="yes, so much time has passed (the gateway was off, or its clock was wrong before)",
    )

    sub = verb("export", _export, "print every event, one a line")
    formats = ("jsonl", *(form.value for form in Format))
    sub.add_argument("--format", choices=formats, default="jsonl", help="jsonl: as it was signed")
    _add_times(sub)

    sub = verb("publish", _publish, "give the newest checkpoint away")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--words", action="store_true", help="print it in words, to read out")
    form.add_argument("--sheet", action="store_true", help="print it as a sheet with a QR code")
    form.add_argument("--svg", action="store_true", help="the sheet as one SVG image")
    sub.add_argument("--language", choices=("fr", "en"), help="of the sheet (the site's)")

    sub = verb("follow", _follow, "keep sending what site.yaml asks for")
    sub.add_argument(
        "--while-stdin", action="store_true", help="stop when standard input is closed"
    )


def _directory(args: argparse.Namespace) -> Path:
    """``--dir``, or the site's log."""
    if args.dir is not None:
        directory = Path(args.dir)
    else:
        from proxy.site import load_site  # an auditor with --dir needs no site

        directory = load_site(args.site).audit_dir
    if not directory.is_dir():
        raise InputError(f"{directory}: there is no audit log here; give its place with --dir")
    return directory


def _key(args: argparse.Namespace) -> str | None:
    """The key in words, or the content of the file that was named."""
    if args.key is None:
        return None
    return _text_or_file(str(args.key)).strip()


def _verifier(args: argparse.Namespace, directory: Path | None) -> Trust:
    """The key that was given, with those that took over from it if their log is here."""
    text = _key(args)
    if directory is not None:
        return read_ring(Layout(directory), None if text is None else VerifierKey.parse(text))
    if text is None:
        raise InputError("give the log's public key with --key")
    return VerifierKey.parse(text)


def _verify(args: argparse.Namespace) -> int:
    directory = _directory(args)
    report = verify(directory, _key(args), _kept(args, directory))
    document = {
        "ok": report.ok,
        "origin": report.origin,
        "key": report.key,
        "events": report.events,
        "sealed": report.sealed,
        "unsealed": report.unsealed,
        "checkpoints": report.checkpoints,
        "minimum_index": report.minimum,
        "expired": report.expired,
        "signing_keys": report.keys,
        "compared_with_saved_checkpoint": report.saved,
        "key_from_directory": report.key_from_directory,
        "problems": [
            {"kind": one.kind, "message": one.message, "index": one.index, "place": one.place}
            for one in report.problems
        ],
    }
    emit(args, _told(report), document)
    return 0 if report.ok else 1


def _kept(args: argparse.Namespace, directory: Path) -> Kept:
    """The checkpoints from elsewhere that the command line names."""
    witnesses = [WitnessKey.parse(_text_or_file(key)) for key in args.witness]
    notes = [note for path in args.checkpoint for note in _notes_in(path)]
    if witnesses and not notes:
        raise InputError("--witness: give the witnessed checkpoint with --checkpoint")
    origin = _verifier(args, directory).name if args.checkpoint_words else ""
    unsigned = [from_words([words], origin) for words in args.checkpoint_words]
    return Kept(notes, unsigned, witnesses, args.wanted or len(witnesses))


def _notes_in(path: Path) -> list[str]:
    """One note, or a history of them."""
    text = path.read_text()
    return split_notes(text) or [text]


def _text_or_file(text: str) -> str:
    return text if "+" in text else Path(text).read_text()


def _told(report: Report) -> str:
    """The verdict in sentences."""
    lines = [f"log     {report.origin} in {report.directory}"]
    if report.ok:
        lines.append(
            f"whole   {report.events} events, nothing changed, removed or added "
            f"({report.checkpoints} signed checkpoints hold)"
        )
    else:
        lines.append("TAMPERED WITH OR DAMAGED; the first bad place comes first:")
        lines += [
            f"  {one.kind:<18} {one.place or '-':<20} {one.message}" for one in report.problems
        ]
    if report.minimum or report.expired:
        lines.append(
            f"note    retention has deleted events 0 to {report.minimum - 1}"
            if report.minimum
            else "note    retention has deleted events"
        )
        lines[-1] += f" and {report.expired} single ones; the log itself says so"
    if report.unsealed:
        lines.append(f"note    the last {report.unsealed} events are not yet under a checkpoint")
    if report.key_from_directory:
        lines.append("note    the key came from the log's own directory: --key is stronger")
    if not report.saved:
        lines.append(
            "note    no checkpoint from elsewhere: --checkpoint also shows a rewritten log"
        )
    return "\n".join(lines)


def _query(args: argparse.Namespace) -> int:
    filters = {name: value for name in _FILTERS if (value := getattr(args, name)) is not None}
    directory = _directory(args)
    every = query(directory, filters, args.since, args.until)
    if args.operator is not None:
        hashes = ClientKeys(directory / "client-keys").hashes(name_of(_uid(args.operator)))
        every = (one for one in every if one.event.get("operator") in hashes)
    found = islice(every, args.limit)
    if args.json:
        print(json.dumps([{"index": one.index, **one.event} for one in found], ensure_ascii=False))
        return 0
    for one in found:
        event = dict(one.event)
        time, kind, _ = event.pop("time"), event.pop("type"), event.pop("version")
        rest = " ".join(f"{name}={_shown(value)}" for name, value in event.items())
        print(f"{one.index:>8} {time} {kind:<22} {rest}")
    return 0


def _uid(account: str) -> int:
    if account.isdigit():
        return int(account)
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        raise InputError(f"this machine has no account {account}; give its number") from None


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}:{count}" for name, count in value.items())
    return str(value)


def _checkpoint(args: argparse.Namespace) -> int:
    directory = _directory(args)
    note = running_checkpoint(directory) or read_newest(Layout(directory))
    if note is None:
        raise InputError(f"{directory}: the log has no checkpoint")
    found = _verifier(argparse.Namespace(key=None), directory).open(note)
    if args.out is not None:
        args.out.write_text(note)
    elif not args.json:
        sys.stdout.write(note)
    if args.json:
        document = {"origin": found.origin, "size": found.size, "root": found.root.hex()}
        emit(args, "", {**document, "note": note})
    return 0


def _prove(args: argparse.Namespace) -> int:
    directory = _directory(args)
    proof = prove(directory, args.index, _verifier(args, directory))
    if args.out is not None:
        args.out.write_text(proof)
    elif not args.json:
        sys.stdout.write(proof)
    if args.json:
        emit(args, "", {"index": args.index, "proof": proof})
    return 0


def _verify_proof(args: argparse.Namespace) -> int:
    key = _verifier(args, args.dir)
    proof = args.proof.read_text()
    try:
        found = verify_proof(proof, key)
    except NoteError as error:
        emit(args, f"does not hold: {error}", {"ok": False, "message": str(error)})
        return 1
    event = found.line.decode()
    text = f"holds: event {found.index} of {found.checkpoint.origin}\n{event}"
    document = {"ok": True, "index": found.index, "origin": found.checkpoint.origin}
    emit(args, text, {**document, "event": json.loads(event)})
    return 0


def _prune(args: argparse.Namespace) -> int:
    from proxy.runtime import open_log
    from proxy.site import load_site

    site = load_site(args.site)
    if args.dir is not None:
        raise InputError("prune works on the site's own log: leave --dir out")
    _directory(args)
    with open_log(site) as log:
        if not args.dry_run:
            log.record_sync([make_event("admin-act", act="audit-prune")])
        clients = ClientKeys(site.audit_dir / "client-keys")
        ended = end_retention(
            site, log, clients, dry_run=args.dry_run, believe_clock=args.clock_is_right
        )
    done, keys = ended.pruned, ended.client_keys
    if done.busy:
        raise InputError("another process is pruning this log at the moment, try again later")
    if ended.held:
        raise InputError(
            f"nothing was deleted: the clock is {ended.held / 86_400:.0f} days further on than "
            "this gateway has seen time pass; if it is right, repeat with --clock-is-right"
        )
    would = "would be " if args.dry_run else ""
    text = (
        f"{done.deleted} events {would}deleted, the first that is whole is {done.minimum}; "
        f"{keys} days' keys of client hashes destroyed"
    )
    document = {
        "deleted": done.deleted,
        "blanked": done.blanked,
        "minimum_index": done.minimum,
        "client_keys_destroyed": keys,
        "dry_run": args.dry_run,
    }
    emit(args, text, document)
    return 0


def _export(args: argparse.Namespace) -> int:
    out = sys.stdout.buffer
    directory = _directory(args)
    if args.dir is None:
        from proxy.site import load_site

        record_first(load_site(args.site), "audit-export")
    formatter = None if args.format == "jsonl" else FORMATS[Format(args.format)]
    name = LogReader(directory).key().name
    origin = Origin(name, fit("gateway", name))
    for one in query(directory, None, args.since, args.until):
        line = formatter(Entry.read(one.index, one.line), origin) if formatter else one.line
        out.write(line + b"\n")
    out.flush()
    return 0


def _publish(args: argparse.Namespace) -> int:
    from proxy.cli import audit_outgoing  # knows sites: not for an auditor's verify

    return audit_outgoing.publish(args)


def _follow(args: argparse.Namespace) -> int:
    from proxy.cli import audit_outgoing

    return audit_outgoing.follow(args)


def _add_times(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--since", default="", metavar="TIME", help="UTC, e.g. 2026-11-24T08")
    sub.add_argument("--until", default="", metavar="TIME", help="UTC, up to but not including")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value
