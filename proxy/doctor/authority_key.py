"""Who can read the CA's private key: whoever takes over a worker must not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from proxy.ca import FILE, holds_key
from proxy.doctor.finding import Finding, Patient, broken, good, warning
from proxy.supervisor.control import ask
from proxy.supervisor.leaves import is_answered
from proxy.supervisor.options import run_folder

_WHY = (
    "Whoever takes over a worker can take it, and pose as any site to your devices.",
    "Qui prend le contrôle d'un processus peut la prendre et imiter tout site.",
)
_PAGE = "sed -n '/A signer of its own/,/^## /p' docs/install/systemd.md"


def authority_key(patient: Patient) -> Iterator[Finding]:
    """Is it out of the reach of the user that the workers run as?"""
    path = patient.site.ca_dir / FILE
    signer = patient.site.signer_dir
    if signer is not None and holds_key(patient.site.ca_dir):
        yield broken(
            "ca-key",
            (
                f"a signer of its own has the key, and {path} holds it all the same",
                f"un signataire séparé a la clé, et {path} la contient quand même",
            ),
            _WHY,
            f"{patient.preau('ca export --format pem --output preau-ca.pem')} && "
            f"mv preau-ca.pem {path}",
        )
    elif signer is not None:
        yield from _of_the_other(signer)
    elif _can_read(_user(patient), path):
        yield warning(
            "ca-key",
            (
                "the workers' user can read the authority's key",
                "l'utilisateur des processus peut lire la clé de l'autorité",
            ),
            _WHY,
            _PAGE,
        )
    else:
        yield good(
            "ca-key",
            "the workers' user cannot read it",
            "l'utilisateur des processus ne peut pas la lire",
        )


def _of_the_other(signer: Path) -> Iterator[Finding]:
    if problem := is_answered(signer):
        yield broken(
            "signer",
            (f"at {signer} it does not sign: {problem}", f"{signer} ne signe pas : {problem}"),
            ("Hosts that are new to a worker are refused.", "Les nouveaux hôtes sont refusés."),
            "systemctl restart preau-signer",
        )
    else:
        yield good(
            "ca-key",
            f"with a signer of its own, at {signer}",
            f"chez un signataire séparé, {signer}",
        )


def _user(patient: Patient) -> int:
    """Who the workers run as; where none runs, who owns what they write."""
    status = ask(run_folder(patient.site.state_dir), "status")
    for worker in (status or {}).get("workers", ()):
        try:
            return Path(f"/proc/{worker['pid']}").stat().st_uid
        except (OSError, KeyError):
            continue
    return patient.site.state_dir.stat().st_uid


def _can_read(user: int, path: Path) -> bool:
    """By owner and mode: others never have a bit there (``ca-permissions``)."""
    try:
        return user in (0, path.stat().st_uid) and os.access(path.parent, os.X_OK)
    except PermissionError:
        return False
