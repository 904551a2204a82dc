"""The machine: versions, disks, clock, limits, the service."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from proxy.doctor.finding import Finding, Patient, broken, good, warning
from proxy.site_facts import existing, folders

TESTED_PYTHON = ((3, 12), (3, 13), (3, 14))
TESTED_MITMPROXY = frozenset({"12.2.3"})
"""As in ``addons.mends``, which this room may not know; a test compares them."""

_LOW, _EMPTY = 0.10, 0.03
_DESCRIPTORS = 4096
_FIRST_DAY = 1_767_225_600
"""2026-01-01: before this program was written."""


def versions(_: Patient) -> Iterator[Finding]:
    """Python and mitmproxy as they were tested."""
    yield from versions_of_program()


def versions_of_program() -> Iterator[Finding]:
    """The same, without a site."""
    python = platform.python_version()
    if sys.version_info[:2] not in TESTED_PYTHON:
        yield warning(
            "python",
            (f"Python {python} was never tested", f"Python {python} n'a jamais été testé"),
            (
                "It may work, or fail where nobody looked.",
                "Cela peut marcher, ou échouer ailleurs.",
            ),
            "make venv",
        )
    try:
        mitmproxy = version("mitmproxy")
    except PackageNotFoundError:
        mitmproxy = "none"
    if mitmproxy not in TESTED_MITMPROXY:
        wanted = ", ".join(sorted(TESTED_MITMPROXY))
        yield broken(
            "mitmproxy",
            (
                f"{mitmproxy} is installed, {wanted} was tested",
                f"{mitmproxy} installé, {wanted} testé",
            ),
            (
                "The gateway refuses to start on it: mends of its defects may not fit.",
                "La passerelle refuse de démarrer : les correctifs pourraient ne pas convenir.",
            ),
            f"{sys.executable} -m pip install mitmproxy=={wanted}",
        )
        return
    yield good(
        "versions",
        f"Python {python}, mitmproxy {mitmproxy}",
        f"Python {python}, mitmproxy {mitmproxy}",
    )


def disks(patient: Patient) -> Iterator[Finding]:
    """Space and inodes where the site grows, and whether we may write there."""
    for folder, path in folders(patient.site).items():
        there = existing(path)
        disk = os.statvfs(there)
        space = disk.f_bavail / max(1, disk.f_blocks)
        files = disk.f_favail / disk.f_files if disk.f_files else 1.0
        for name, left in (("disk-space", space), ("disk-inodes", files)):
            if left < _LOW:
                tell = broken if left < _EMPTY else warning
                yield tell(
                    name,
                    (
                        f"{folder.value}: {left:.0%} left on the disk of {there}",
                        f"{folder.value} : il reste {left:.0%} sur le disque de {there}",
                    ),
                    (
                        "When it is full, what must be recorded is refused.",
                        "Plein, ce qui doit être consigné est refusé.",
                    ),
                    f"du -xh --max-depth=2 {there} | sort -h | tail",
                )
        if path.exists() and not os.access(path, os.W_OK | os.X_OK):
            yield broken(
                "folder",
                (
                    f"this user may not write in {path}",
                    f"cet utilisateur ne peut pas écrire dans {path}",
                ),
                (
                    "Run as the gateway's user, or it cannot keep anything.",
                    "Lancez avec l'utilisateur de la passerelle, sinon rien n'est conservé.",
                ),
                f"chown -R preau {path}",
            )
        elif min(space, files) >= _LOW:
            yield good(f"disk-{folder.value}", f"{space:.0%} free", f"{space:.0%} libres")


def clock(_: Patient) -> Iterator[Finding]:
    """Is the time possible, and kept by somebody?"""
    if time.time() < _FIRST_DAY:
        yield broken(
            "clock",
            ("the clock is years behind", "l'horloge retarde de plusieurs années"),
            (
                "No certificate is valid at that date.",
                "Aucun certificat n'est valable à cette date.",
            ),
            "timedatectl set-ntp true",
        )
        return
    told = _output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if told == "no":
        yield warning(
            "clock",
            (
                "nobody keeps this machine's clock right",
                "personne ne règle l'horloge de cette machine",
            ),
            (
                "Timetables, exceptions and certificates depend on it.",
                "Horaires, exceptions et certificats en dépendent.",
            ),
            "timedatectl set-ntp true",
        )
        return
    said = "synchronised" if told == "yes" else "possible; who keeps it is not known here"
    dit = "synchronisée" if told == "yes" else "plausible ; synchronisation inconnue ici"
    yield good("clock", said, dit)


def descriptors(_: Patient) -> Iterator[Finding]:
    """How many files may be open."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < _DESCRIPTORS:
        yield warning(
            "file-descriptors",
            (f"only {most} files may be open", f"seulement {most} fichiers ouverts possibles"),
            (
                "Each connection takes two; then new ones fail.",
                "Chaque connexion en prend deux ; ensuite les nouvelles échouent.",
            ),
            "systemctl edit preau  # [Service] LimitNOFILE=65536",
        )
        return
    yield good("file-descriptors", f"up to {most}", f"jusqu'à {most}")


def service(_: Patient) -> Iterator[Finding]:
    """The systemd unit, where there is one."""
    state = _output("systemctl", "is-active", "preau.service")
    installed = _output("systemctl", "is-enabled", "preau.service")
    if not installed or installed in ("not-found", "offline"):
        return
    if state == "failed":
        yield broken(
            "service",
            ("preau.service has failed", "preau.service a échoué"),
            ("The journal says why.", "Le journal système dit pourquoi."),
            "journalctl -u preau -n 50",
        )
    elif installed == "disabled":
        yield warning(
            "service",
            (
                "preau.service does not start with the machine",
                "preau.service ne démarre pas avec la machine",
            ),
            ("After a power cut there is no gateway.", "Après une coupure, pas de passerelle."),
            "systemctl enable --now preau",
        )
    else:
        yield good("service", state or "installed", state or "installé")


def _output(*words: str) -> str:
    """What a program of the system says; empty when it is not there or does not answer."""
    program = shutil.which(words[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 # fixed words
            (program, *words[1:]), capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
