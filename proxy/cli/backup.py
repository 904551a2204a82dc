"""``preau backup``: a whole site into one file while it serves, and back again."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path

from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.cli.recording import record_first
from proxy.cli.sub_verbs import run as run
from proxy.errors import InputError

GROUP = "Upkeep"
HELP = "the whole site into one file while it serves, and back again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``make``, ``show`` and ``restore``."""
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    make = verbs.add_parser("make", help="write a backup; the gateway goes on serving")
    make.add_argument("file", type=Path, metavar="FILE", help="new file, or a folder for one")
    make.add_argument(
        "--keys",
        action="store_true",
        help="the keys and the authority too, under a passphrase (never erasure.key)",
    )
    make.add_argument("--keep", type=_count, metavar="N", help="in a folder: delete all but N")
    make.set_defaults(act=_make)
    show = verbs.add_parser("show", help="what a backup says of itself")
    show.add_argument("file", type=Path, metavar="FILE")
    show.set_defaults(act=_show)
    restore = verbs.add_parser("restore", help="make --site, which must not exist, from a backup")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(act=_restore)
    for verb in (make, show, restore):
        add_common(verb)
    for verb in (make, restore):
        verb.add_argument(
            "--passphrase-file", type=Path, metavar="FILE", help="else it is asked for"
        )


def _make(args: argparse.Namespace) -> int:
    from proxy.backup import make, seal_keys
    from proxy.backup.making import drop_old, free_name
    from proxy.site import load_site

    site = load_site(args.site)
    target = free_name(args.file, site) if args.file.is_dir() else args.file
    if args.keep is not None and target == args.file:
        raise InputError("--keep needs a folder: it deletes old backups of this site in it")
    record_first(site, "site-backup")
    sealed = seal_keys(site, _passphrase(args, again=True)) if args.keys else None
    made = make(site, target, sealed)
    dropped = drop_old(target, args.keep) if args.keep is not None else []
    lines = [f"{target}: {len(made.manifest.files)} files, {made.manifest.events} events"]
    lines += [f"left out, as it is a link or holds a key: {name}" for name in made.left_out]
    if made.manifest.store != "sqlite":
        lines.append(
            f"The store ({made.manifest.store}) is not in it: back it up by its own means."
        )
    if not made.manifest.keys:
        lines.append("The keys are not in it: without your two copies nobody can read the store.")
    lines.append("erasure.key is never in it: keep one copy, replaced after each erasure.")
    lines += [f"deleted: {path}" for path in dropped]
    document = {
        "file": str(target),
        "events": made.manifest.events,
        "keys": made.manifest.keys,
        "left_out": list(made.left_out),
        "deleted": [str(path) for path in dropped],
    }
    emit(args, "\n".join(lines), document)
    return 0


def _show(args: argparse.Namespace) -> int:
    from proxy.backup import read_manifest

    told = read_manifest(args.file)
    keys = "with sealed keys" if told.keys else "without keys"
    text = f"{told.site}, {told.made}, Préau {told.version}, {told.events} events, {keys}"
    document = {name: getattr(told, name) for name in ("site", "made", "version", "events", "keys")}
    emit(args, text, document)
    return 0


def _restore(args: argparse.Namespace) -> int:
    from proxy.backup import restore

    back = restore(args.file, args.site, os.environ, lambda: _passphrase(args, again=False))
    record_first(back.site, "site-restored")
    lines = [f"{args.site}: {back.manifest.site} as of {back.manifest.made}; its log verifies."]
    if back.manifest.store != "sqlite":
        lines.append(f"Its store ({back.manifest.store}) is restored by its own means.")
    lines += [f"put back from your copy: {path}" for path in back.missing]
    lines.append(
        f"Next: preau directory build --site {args.site}, then preau status --site {args.site}"
    )
    document = {"site": str(args.site), "events": back.manifest.events}
    emit(args, "\n".join(lines), document | {"missing": list(back.missing)})
    return 0


def _passphrase(args: argparse.Namespace, *, again: bool) -> str:
    if args.passphrase_file is not None:
        try:
            return str(args.passphrase_file.read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{args.passphrase_file}: cannot be read as text") from None
    first = getpass.getpass("Passphrase of the keys: ")
    if again and getpass.getpass("Once more: ") != first:
        raise InputError("the two passphrases differ")
    return first


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("keep at least 1")
    return number
