"""``preau directory``: placeholder until the importers land."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.canonical import full_name
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer, new_reference
from proxy.site import load_site
from proxy.store import Change, SubjectRecord, ValueRecord, open_store

GROUP = "Upkeep"
HELP = "rosters in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path)


def run(args: argparse.Namespace) -> int:
    import_files(args.site, args.files)
    return 0


def import_files(root: Path, files: Sequence[Path]) -> None:
    site = load_site(root)
    keys = Keys.load(site.keys_dir)
    store = open_store(site.store_url)
    keys.bind(store)
    sealer = ValueSealer(keys)
    orgs = {r["sourcedId"]: r["identifier"] for r in _rows(files[0] / "orgs.csv")}
    roles = {r["userSourcedId"]: r for r in _rows(files[0] / "roles.csv")}
    values: dict[bytes, ValueRecord] = {}
    wrapped = []
    subjects = []
    for row in _rows(files[0] / "users.csv"):
        refs = []
        for kind, text in (
            (Kind.GIVEN_NAME, row["givenName"]),
            (Kind.FAMILY_NAME, row["familyName"]),
            (Kind.FULL_NAME, full_name(row["givenName"], row["familyName"])),
            (Kind.EMAIL, row["email"]),
            (Kind.LOGIN, row["username"]),
            (Kind.NATIONAL_ID, row["identifier"]),
            (Kind.PHONE, row["phone"]),
        ):
            if not text:
                continue
            base = sealer.canonical(kind, text)
            mark = sealer.fingerprint(kind, base)
            if mark not in values:
                ref = new_reference()
                sealed, key = sealer.seal(ref, kind, base)
                values[mark] = ValueRecord(ref, kind, mark, sealed)
                wrapped.append((ref, key))
            refs.append(values[mark].ref)
        role = roles[row["sourcedId"]]
        kind2 = {"student": SubjectKind.PUPIL, "guardian": SubjectKind.GUARDIAN}.get(
            role["role"], SubjectKind.STAFF
        )
        subjects.append(
            SubjectRecord(
                new_reference(),
                kind2,
                sealer.source_key("x", row["sourcedId"]),
                True,
                (orgs[role["orgSourcedId"]],),
                (),
                tuple(refs),
            )
        )
    change = Change(store.directory_version(), tuple(values.values()), wrapped, subjects)
    store.directory_apply(change)
    store.close()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
