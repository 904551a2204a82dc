"""What a site keeps: store, directory, audit log, and what leaves the log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from proxy.audit import NoteError, verify
from proxy.audit.layout import Layout
from proxy.audit.outgoing import lags
from proxy.audit.query import query
from proxy.doctor.finding import Finding, Patient, broken, good, warning
from proxy.errors import PreauError
from proxy.pseudonyms.keys import Keys
from proxy.store import Ailment, open_store

_WHOLE = 256 << 20
"""Bytes of log that are read whole (some seconds); of a longer one only its files are seen."""
_AILMENTS = {
    Ailment.EVICTION: "le serveur peut jeter des clés quand il est plein (maxmemory-policy)",
    Ailment.PERSISTENCE: "un redémarrage du serveur perd des données (appendonly)",
    Ailment.MEMORY: "le serveur est presque plein (maxmemory)",
    Ailment.REPLICA: "c'est une réplique : elle n'accepte pas d'écriture",
    Ailment.UNKNOWN: "notre compte n'a pas le droit d'examiner le serveur (INFO)",
}
_REDIS = {
    Ailment.EVICTION: "redis-cli CONFIG SET maxmemory-policy noeviction",
    Ailment.PERSISTENCE: "redis-cli CONFIG SET appendonly yes",
}
_OLD_ROSTER = 120
"""Days; a roster changes at least each term."""


def store(patient: Patient) -> Iterator[Finding]:
    """Does it answer, and is it the one that the keys belong to?"""
    url = patient.site.store_url
    path = Path(url.partition(":")[2]) if url.startswith("sqlite:") else None
    if path is not None and not path.exists():
        yield warning(
            "store",
            (f"{path} is not there yet", f"{path} n'existe pas encore"),
            (
                "Normal on a new site; on an old one the directory is gone: restore it.",
                "Normal pour un nouveau site ; sinon l'annuaire a disparu : restaurez-le.",
            ),
            patient.preau("directory import ROSTER.zip"),
        )
        return
    try:
        opened = open_store(url)
        try:
            opened.ping()
            Keys.load(patient.site.keys_dir).bind(opened)
            troubles = opened.troubles()
        finally:
            opened.close()
    except PreauError as error:
        told = str(error)
        yield broken(
            "store",
            (told, told),
            (
                "Imports and values outside the directory are refused.",
                "Imports et valeurs hors annuaire sont refusés.",
            ),
            patient.preau("status") if path else "systemctl start redis-server",
        )
        return
    yield good("store", "answers, and fits the keys", "répond, et correspond aux clés")
    for trouble in troubles:
        yield warning(
            f"store-{trouble.ailment.value}",
            (trouble.advice, _AILMENTS[trouble.ailment]),
            (
                "What the store forgets cannot be restored in answers.",
                "Ce que le stockage oublie ne peut plus être rétabli dans les réponses.",
            ),
            _REDIS.get(trouble.ailment, "redis-cli INFO"),
        )


def directory(patient: Patient) -> Iterator[Finding]:
    """When was a roster last imported?"""
    if not Layout(patient.site.audit_dir).segments.exists():
        return
    newest = ""
    for found in query(patient.site.audit_dir, {"type": "directory-imported"}):
        newest = str(found.event["time"])
    mend = patient.preau("directory import ROSTER.zip")
    if not newest:
        yield broken(
            "directory",
            ("no roster was ever imported", "aucune liste de personnes n'a été importée"),
            (
                "Nobody's name is known: texts are not protected.",
                "Aucun nom n'est connu : les textes ne sont pas protégés.",
            ),
            mend,
        )
        return
    days = max(0, (datetime.now(UTC) - datetime.fromisoformat(newest)).days)  # clocks are set back
    if days > _OLD_ROSTER:
        yield warning(
            "directory",
            (f"the last roster is {days} days old", f"la dernière liste a {days} jours"),
            ("Who came since is not protected.", "Les nouveaux venus ne sont pas protégés."),
            mend,
        )
        return
    yield good("directory", f"imported {days} days ago", f"importé il y a {days} jours")


def audit(patient: Patient) -> Iterator[Finding]:
    """Is it whole, and can this user write where it is?"""
    layout = Layout(patient.site.audit_dir)
    verify_all = patient.preau("audit verify")
    if not layout.segments.exists():
        yield warning(
            "audit",
            ("there is no log yet", "il n'y a pas encore de journal"),
            ("The first import or run begins it.", "Le premier import ou démarrage le crée."),
            patient.preau("keys init"),
        )
        return
    size = sum(layout.segment(number).stat().st_size for number in layout.segment_numbers())
    if size > _WHOLE:
        yield good(
            "audit",
            f"{size >> 20} MiB, too long to verify here: {verify_all}",
            f"{size >> 20} Mio, trop long à vérifier ici : {verify_all}",
        )
        return
    try:
        report = verify(patient.site.audit_dir)
        problem = report.problems[0].message if report.problems else ""
    except NoteError as error:
        problem = str(error)
    if problem:
        yield broken(
            "audit",
            (f"it does not verify: {problem}", f"il ne se vérifie pas : {problem}"),
            (
                "It was changed, or a disk failed. Change nothing, copy the folder, tell the DPO.",
                "Modifié, ou un disque a failli. Ne touchez à rien, copiez-le, prévenez le DPD.",
            ),
            verify_all,
        )
        return
    yield good("audit", f"{report.events} events, whole", f"{report.events} événements, intact")
    yield from _times(patient)


def _times(patient: Patient) -> Iterator[Finding]:
    """The clock against the newest event: time does not go backwards."""
    layout = Layout(patient.site.audit_dir)
    newest = max((layout.segment(n) for n in layout.segment_numbers()), default=None)
    if newest is not None and (ahead := newest.stat().st_mtime - time.time()) > 60:
        yield broken(
            "clock",
            (
                f"the log was written {ahead:.0f} s in the future",
                f"le journal date de {ahead:.0f} s dans le futur",
            ),
            (
                "The clock was put back: timetables and certificates go wrong.",
                "L'horloge a reculé : horaires et certificats sont faussés.",
            ),
            "timedatectl set-ntp true",
        )


def outgoing(patient: Patient) -> Iterator[Finding]:
    """Does what leaves the log arrive?"""
    for lag in lags(patient.site):
        name = f"outgoing-{lag.name}"
        if lag.good:
            yield good(name, lag.detail, f"{lag.events} événements en attente")
            continue
        yield warning(
            name,
            (lag.detail, f"{lag.events} événements en attente ; {lag.failure}"),
            (
                "A copy elsewhere is what shows a log that was rewritten here.",
                "La copie ailleurs est ce qui révèle un journal réécrit ici.",
            ),
            patient.preau("audit follow"),
        )
