"""``preau keys``: make, rotate and list the site's keys. The ceremony is in ``keyfiles``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.audit import make_event
from proxy.cli.common import add_common
from proxy.cli.output import emit
from proxy.cli.recording import record
from proxy.errors import InputError, KeysUnavailable
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.keys import KeyInfo, Keys, status
from proxy.store import open_store

if TYPE_CHECKING:
    from proxy.site import Site

_PATIENCE = 10.0
GROUP = "Upkeep"
HELP = "make, rotate and list the site's keys"

_VERBS = {
    "init": "make the site's first keys",
    "rotate": "add a root key; new pseudonyms are made with it, old ones still restore",
    "status": "list the keys with date and fingerprint, never the secret",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-verb of init, rotate, status."""
    verbs = parser.add_subparsers(dest="action", metavar="init|rotate|status", required=True)
    for name, text in _VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        add_common(verb)
        if name == "rotate":
            verb.add_argument(
                "--audit",
                action="store_true",
                help="not the root key: the audit log's signing key, which no service sees",
            )
            verb.add_argument(
                "--yes",
                action="store_true",
                help="yes, services will see other pseudonyms from the next restart on",
            )


def run(args: argparse.Namespace) -> int:
    """Carry out the sub-verb; always ends with the list of keys."""
    from proxy.site import load_site

    site = load_site(args.site)
    keys_dir = Path(site.keys_dir)
    if args.action == "init":
        keyfiles.initialise(keys_dir)
        made = make_event("admin-act", act="site-created")  # by preau init: the log begins here
        record(site, made, make_event("key-rotated", key="root", key_version=1))
        _show(
            args,
            keys_dir,
            "Keys made. Copy site.key and root-1.key to two safe places, apart from the store; "
            "of erasure.key keep one copy only, replaced after each erasure (docs/rights.md).",
        )
        return 0
    if args.action == "rotate" and args.audit:
        return _rotate_audit(args, site)
    if args.action == "rotate":
        _rotate(args, keys_dir, site)
        return 0
    store = open_store(site.store_url)
    try:
        Keys.load(keys_dir).bind(store)
    finally:
        store.close()
    _show(args, keys_dir, "These keys fit the store.")
    return 0


def _rotate(args: argparse.Namespace, keys_dir: Path, site: Site) -> None:
    if not args.yes:
        raise InputError(
            "keys rotate: services keep the old pseudonyms in their data and will not "
            "recognise the new ones as equal; plan it with each service, then add --yes"
        )
    version = keyfiles.rotate(keys_dir)
    record(site, make_event("key-rotated", key="root", key_version=version))
    _show(
        args,
        keys_dir,
        f"Root key {version} made. Copy it to every machine and to your safe places, "
        f"then restart the gateway.",
    )


def _rotate_audit(args: argparse.Namespace, site: Site) -> int:
    """The log's writer does it, in this process or in the gateway that runs."""
    from proxy.audit.keyring import read_ring
    from proxy.audit.layout import Layout
    from proxy.runtime import open_log

    with open_log(site) as log:
        log.change_key(_PATIENCE)
    ring = read_ring(Layout(site.audit_dir))
    text = (
        f"Signing key {len(ring.keys)} of the audit log is in force, brought in by the one before, "
        f"whose secret is destroyed.\nGive auditors the new public key too:\n{ring.newest}"
    )
    document = {"signing_keys": len(ring.keys), "public_key": str(ring.newest)}
    emit(args, text, document)
    return 0


def _show(args: argparse.Namespace, keys_dir: Path, headline: str) -> None:
    try:
        keys = status(keys_dir)
    except KeysUnavailable as error:  # just made: say so rather than "refused"
        raise InputError(f"the new keys do not read back: {error}") from error
    place = keyfiles.location(keys_dir)
    lines = [headline, f"In {place}:", *map(_line, keys)]
    emit(args, "\n".join(lines), {"location": str(place), "keys": [asdict(k) for k in keys]})


def _line(key: KeyInfo) -> str:
    mark = "  current" if key.current else ""
    return f"  {key.name:<8} {key.created}  {key.fingerprint}{mark}"
