"""All checks, in the order in which a person would look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from proxy.doctor import files, machine, network, records
from proxy.doctor.finding import Check, Finding, Patient, broken
from proxy.errors import PreauError
from proxy.site import read_site

CHECKS: tuple[Check, ...] = (
    machine.versions,
    files.policy,
    files.keys,
    files.authority,
    files.authority_trusted,
    files.leftovers,
    files.lists,
    records.store,
    records.directory,
    records.audit,
    records.outgoing,
    machine.disks,
    machine.clock,
    machine.descriptors,
    machine.service,
    network.gateway,
    network.names,
    network.way_out,
)


def examine(root: Path, *, online: bool = False) -> Iterator[Finding]:
    """Every finding, as it is made. Without readable settings nothing else can be looked at."""
    site, document, _ = read_site(root, os.environ)
    if site is None:
        yield from machine.versions_of_program()
        problems = "; ".join(str(problem) for problem in document.problems[:3])
        yield broken(
            "settings",
            (f"site.yaml cannot be used: {problems}", f"site.yaml est inutilisable : {problems}"),
            ("Nothing starts without it.", "Rien ne démarre sans ce fichier."),
            f"preau check --site {root}",
        )
        return
    patient = Patient(site, root, online)
    for check in CHECKS:
        yield from _guarded(check, patient)


def _guarded(check: Check, patient: Patient) -> Iterator[Finding]:
    """What breaks a check is a finding too; its text may hold anything, so only its type."""
    try:
        yield from check(patient)
    except (OSError, PreauError, ValueError, LookupError) as error:
        kind = type(error).__name__
        yield broken(
            check.__name__.replace("_", "-"),
            (f"could not be looked at ({kind})", f"impossible à examiner ({kind})"),
            ("What cannot be seen may be broken.", "Ce qu'on ne voit pas est peut-être cassé."),
            patient.preau("status"),
        )
