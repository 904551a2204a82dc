"""``preau ca``: make the site's certificate authority, export its certificate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.audit import make_event
from proxy.ca import DEFAULT_NAME, FORMATS, CaInfo, ca_info, create_ca, export_ca
from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.cli.recording import record, record_first
from proxy.errors import InputError

if TYPE_CHECKING:
    from proxy.site import Site

GROUP = "Upkeep"
HELP = "make the site's certificate authority, export its certificate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``init`` and ``export``."""
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    init = verbs.add_parser("init", help="make the authority, once")
    add_common(init)
    init.add_argument("--name", default=DEFAULT_NAME, help="as devices show it (%(default)s)")
    init.add_argument(
        "--permit",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="confine it to this domain and those below; may be given several times",
    )
    init.set_defaults(act=_init)
    export = verbs.add_parser("export", help="write the certificate, never the key")
    add_common(export)
    export.add_argument("--format", choices=FORMATS, default="pem")
    export.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    export.set_defaults(act=_export)


def run(args: argparse.Namespace) -> int:
    """Dispatch to the action."""
    return int(args.act(args))


def _site(args: argparse.Namespace) -> Site:
    from proxy.site import load_site

    return load_site(args.site)


def _init(args: argparse.Namespace) -> int:
    site = _site(args)
    info = create_ca(site.ca_dir, args.name, permitted=args.permit)
    record(site, make_event("key-rotated", key="ca", key_version=1))
    where = ", ".join(info.permitted) or "any domain"
    text = (
        f"Certificate authority {info.subject} made, for {where}, "
        f"until {info.not_after:%Y-%m-%d}.\n"
        f"SHA-256 {info.fingerprint}\n"
        f"Its key is in {info.path}: keep it on this machine and in your backup, nowhere else.\n"
        "Next: preau ca export, and have your devices trust it."
    )
    emit(args, text, _document(info))
    return 0


def _export(args: argparse.Namespace) -> int:
    site = _site(args)
    directory = site.ca_dir
    info = ca_info(directory)
    record_first(site, "ca-export")
    content = export_ca(directory, args.format)
    if args.output is None and not args.json:
        sys.stdout.buffer.write(content)
        print(f"SHA-256 {info.fingerprint}", file=sys.stderr)
        return 0
    if args.output is not None:
        try:
            args.output.write_bytes(content)
        except OSError as error:
            raise InputError(f"{args.output} cannot be written ({error.strerror})") from None
    document = _document(info) | {"format": args.format, "output": _name(args.output)}
    if args.output is None:
        document["pem"] = export_ca(directory, "pem").decode()
    emit(args, f"{args.output}\nSHA-256 {info.fingerprint}", document)
    return 0


def _name(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _document(info: CaInfo) -> dict[str, object]:
    return {
        "subject": info.subject,
        "fingerprint_sha256": info.fingerprint,
        "not_after": info.not_after.isoformat(),
        "permitted": list(info.permitted),
        "path": str(info.path),
    }
