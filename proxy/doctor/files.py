"""The site's files: policy, keys, authority, lists, and what older versions left."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from proxy.blocking.subscriptions import read_subscriptions
from proxy.blocking.subscriptions.shelf import Shelf
from proxy.blocking.subscriptions.update import due
from proxy.ca import FILE, ca_info, load_ca, load_certificate
from proxy.doctor.authority_key import authority_key
from proxy.doctor.finding import Finding, Patient, broken, good, warning
from proxy.errors import KeysUnavailable, PreauError
from proxy.outbound.probes import trusted_here
from proxy.policy.policy import read_policy
from proxy.pseudonyms import keyfiles

_MONTH = 30
_LATE_DAYS = 3
_SECRET = (
    "Whoever reads them and the store reads the pupils' names.",
    "Qui les lit, avec le stockage, lit les noms des élèves.",
)


def policy(patient: Patient) -> Iterator[Finding]:
    """Can the files be applied as they are?"""
    reading = read_policy(patient.site.root, os.environ)
    if reading.policy is None:
        number, first = len(reading.problems), sorted(reading.problems)[0]
        yield broken(
            "policy",
            (f"{number} mistakes, the first: {first}", f"{number} erreurs, la première : {first}"),
            (
                "The gateway does not start; a running one keeps the last good policy.",
                "La passerelle ne démarre pas ; en marche, elle garde la dernière bonne politique.",
            ),
            patient.preau("check"),
        )
        return
    services = len(reading.policy.services)
    yield good("policy", f"valid, {services} services", f"valide, {services} services")


def keys(patient: Patient) -> Iterator[Finding]:
    """Are they there, whole, and ours alone?"""
    folder = keyfiles.location(patient.site.keys_dir)
    if not folder.exists() or not any(folder.glob("*.key")):
        yield broken(
            "keys",
            (f"no keys in {folder}", f"aucune clé dans {folder}"),
            (
                "Nothing can be pseudonymised. A site that has served needs its old keys back.",
                "Aucun pseudonyme possible. Un site qui a servi doit retrouver ses anciennes clés.",
            ),
            patient.preau("keys init"),
        )
        return
    if (loose := _loose(folder)) is not None:
        mode = "700" if loose.is_dir() else "600"
        yield broken(
            "keys-permissions",
            (f"others can read or change {loose}", f"d'autres peuvent lire ou changer {loose}"),
            _SECRET,
            f"chmod {mode} {loose}",
        )
        return
    try:
        _, roots = keyfiles.read_keys(patient.site.keys_dir)
    except KeysUnavailable as error:
        yield broken(
            "keys",
            (f"they cannot be used: {error.detail}", f"inutilisables : {error.detail}"),
            (
                "Requests are refused: keys-unavailable.",
                "Les requêtes sont refusées : keys-unavailable.",
            ),
            patient.preau("keys status"),
        )
        return
    yield good("keys", f"{len(roots)} root keys, private", f"{len(roots)} clés racines, privées")


def _loose(folder: Path) -> Path | None:
    if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IRWXO):
        return folder
    allowed = 0o037 if "CREDENTIALS_DIRECTORY" in os.environ else 0o077
    return next((p for p in sorted(folder.glob("*.key")) if p.stat().st_mode & allowed), None)


def authority(patient: Patient) -> Iterator[Finding]:
    """Is there one, is its key private, and for how long is it valid?"""
    path = patient.site.ca_dir / FILE
    if not path.exists():
        yield broken(
            "ca",
            (f"no certificate authority in {path.parent}", f"pas d'autorité dans {path.parent}"),
            ("No service can be inspected.", "Aucun service ne peut être inspecté."),
            patient.preau("ca init"),
        )
        return
    if path.stat().st_mode & 0o077:
        yield broken(
            "ca-permissions",
            (f"others can read or change {path}", f"d'autres peuvent lire ou changer {path}"),
            (
                "With it anybody can pose as any site to your devices.",
                "Elle permet de se faire passer pour tout site auprès de vos appareils.",
            ),
            f"chmod 600 {path}",
        )
    left = (ca_info(patient.site.ca_dir).not_after - datetime.now(UTC)).days
    if left < _MONTH:
        tell = broken if left < 0 else warning
        yield tell(
            "ca-validity",
            (f"the authority ends in {left} days", f"l'autorité expire dans {left} jours"),
            (
                "Then every inspected service shows an error; devices need days for a new one.",
                "Ensuite chaque service inspecté est en erreur ; les appareils demandent du temps.",
            ),
            f"mv {path.parent} {path.parent}.old && {patient.preau('ca init')}",
        )
        return
    try:
        if patient.site.signer_dir is None:
            load_ca(patient.site.ca_dir)
    except PreauError:
        yield broken(
            "ca",
            (
                f"{path} does not hold a key and its certificate",
                f"{path} : clé et certificat ne vont pas ensemble",
            ),
            ("No service can be inspected.", "Aucun service ne peut être inspecté."),
            f"mv {path.parent} {path.parent}.old && {patient.preau('ca init')}",
        )
        return
    yield good("ca-validity", f"valid for {left} days", f"valide encore {left} jours")
    yield from authority_key(patient)


def authority_trusted(patient: Patient) -> Iterator[Finding]:
    """Does this machine trust it? It says nothing of the devices, which nobody sees from here."""
    if not (patient.site.ca_dir / FILE).exists():
        return
    ours = load_certificate(patient.site.ca_dir).public_bytes(Encoding.DER)
    if trusted_here(ours):
        yield good("ca-trust", "this machine trusts it", "cette machine la reconnaît")
        return
    export = patient.preau("ca export --format pem --output preau-ca.pem")
    yield good(
        "ca-trust",
        f"this machine does not trust it, which it need not; devices must: {export}",
        f"cette machine ne la reconnaît pas, ce n'est pas nécessaire ; les appareils si : {export}",
    )


def lists(patient: Patient) -> Iterator[Finding]:
    """Are subscribed lists fresh?"""
    shelf, late = Shelf(patient.site.state_dir), []
    active = read_subscriptions(patient.site.root).active()
    for one in active:
        slip = shelf.slip(one)
        if not slip.taken or time.time() - due(one, slip) > _LATE_DAYS * 86_400:
            late.append(one.name)
    if late:
        names = ", ".join(late[:8])
        yield warning(
            "lists",
            (f"never fetched, or days late: {names}", f"jamais reçues, ou en retard : {names}"),
            ("New trackers pass.", "De nouveaux pisteurs passent."),
            patient.preau("lists update"),
        )
        return
    yield good("lists", f"{len(active)} subscriptions, fresh", f"{len(active)} abonnements, à jour")


def leftovers(patient: Patient) -> Iterator[Finding]:
    """Files that no version reads any more, or that hold what should not lie about."""
    state = patient.site.state_dir
    found = [p for p in (state / "mitmproxy-ca.pem", state / "audit.log") if p.exists()]
    found += sorted(p for p in patient.site.keys_dir.glob(".*.key.*") if p.is_file())
    found += sorted(patient.site.root.glob("*.csv"))[:3]
    for path in found:
        yield warning(
            "leftover",
            (f"{path} is read by nothing", f"{path} n'est lu par rien"),
            (
                "It may hold keys or names, outside every protection.",
                "Il peut contenir des clés ou des noms, hors de toute protection.",
            ),
            f"shred -u {path}",
        )
