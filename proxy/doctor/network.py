"""The gateway that runs here, the port it listens on, names, and the way out (if asked)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from proxy.blocking.subscriptions import read_subscriptions
from proxy.doctor.finding import Finding, Patient, broken, good, warning
from proxy.outbound.probes import can_listen, reach, resolves
from proxy.policy.model import Treatment
from proxy.policy.policy import load_policy
from proxy.supervisor.control import ask
from proxy.supervisor.options import run_folder

_ASKED = 5


def gateway(patient: Patient) -> Iterator[Finding]:
    """What runs here says of itself; if nothing does, could it listen?"""
    status = ask(run_folder(patient.site.state_dir), "status")
    if status is not None:
        yield from _running(patient, status)
        return
    listen = patient.site.listen
    problem = can_listen(listen.host, listen.port)
    if problem == "EADDRINUSE":
        yield broken(
            "port",
            (f"another program listens on {listen}", f"un autre programme écoute sur {listen}"),
            (
                "The gateway cannot start there.",
                "La passerelle ne peut pas y démarrer.",
            ),
            f"ss -ltnp 'sport = :{listen.port}'",
        )
    elif problem:
        yield broken(
            "port",
            (
                f"nobody may listen on {listen} here ({problem})",
                f"écoute impossible sur {listen} ({problem})",
            ),
            (
                "The address is not this machine's, or the port needs rights.",
                "L'adresse n'est pas à cette machine, ou le port demande des droits.",
            ),
            patient.preau("serve --listen 127.0.0.1:8080"),
        )
    else:
        yield warning(
            "gateway",
            (f"it does not run; {listen} is free", f"elle ne tourne pas ; {listen} est libre"),
            ("Nothing is served.", "Rien n'est servi."),
            patient.preau("serve"),
        )


def _running(patient: Patient, status: dict[str, Any]) -> Iterator[Finding]:
    ready = sum(one["state"] == "ready" for one in status["workers"])
    wanted = len({one["slot"] for one in status["workers"]})
    if len(status["policies"]) > 1:
        yield broken(
            "policy-split",
            (
                "workers follow different policies",
                "les processus suivent des politiques différentes",
            ),
            ("The same request gets different answers.", "Une même requête a plusieurs réponses."),
            patient.preau("upgrade --workers"),
        )
    for name, text in status["problems"].items():
        yield broken(
            name,
            (text, text),
            (
                "What is new is not in force; the old goes on.",
                "Le neuf n'est pas appliqué ; l'ancien continue.",
            ),
            patient.preau("upgrade --workers"),
        )
    for one in status["processes"]:
        if one["state"] not in ("ready", "draining") or one.get("problem"):
            told = one.get("problem") or one["state"]
            yield broken(
                str(one["role"]),
                (f"does not serve: {told}", f"ne sert pas : {told}"),
                (
                    "New hosts (signer) or what must be recorded (writer) is refused.",
                    "Nouveaux hôtes (signer) ou consignation (writer) sont refusés.",
                ),
                patient.preau("status"),
            )
    if ready < wanted or not ready:
        tell = warning if ready else broken
        yield tell(
            "workers",
            (f"{ready} of {wanted} serve", f"{ready} sur {wanted} servent"),
            ("They die or do not start; the journal says why.", "Ils meurent ou ne démarrent pas."),
            patient.preau("status"),
        )
        return
    several = ready > 1
    yield good(
        "gateway",
        f"{ready} {'workers serve' if several else 'worker serves'} on {status['listen']}",
        f"{ready} processus {'servent' if several else 'sert'} sur {status['listen']}",
    )


def names(patient: Patient) -> Iterator[Finding]:
    """Can names be resolved? Asked of the services' own hosts, only when ``--online``."""
    if not patient.online:
        return
    hosts = _hosts(patient)
    bad = [host for host in hosts if not resolves(host)]
    if bad:
        tell = broken if len(bad) == len(hosts) else warning
        yield tell(
            "dns",
            (f"not found: {', '.join(bad)}", f"introuvables : {', '.join(bad)}"),
            ("These services do not open.", "Ces services ne s'ouvrent pas."),
            f"getent ahosts {bad[0]}",
        )
    elif hosts:
        yield good("dns", f"{len(hosts)} names found", f"{len(hosts)} noms trouvés")


def way_out(patient: Patient) -> Iterator[Finding]:
    """Do services answer, or the proxy in between? Only when ``--online``."""
    if not patient.online:
        return
    via = urlsplit(read_subscriptions(patient.site.root).proxy or "").hostname
    if via:
        port = urlsplit(read_subscriptions(patient.site.root).proxy).port or 3128
        problem, what = reach(via, port, tls=False), f"{via}:{port}"
    else:
        found = [(host, reach(host, 443, patient.site.upstream_ca)) for host in _hosts(patient)]
        what = ", ".join(f"{host} ({told})" for host, told in found if told)
        problem = what
    if problem:
        yield broken(
            "way-out",
            (f"not reached: {what}", f"non joignables : {what}"),
            (
                "Lessons wait. A certificate that is not trusted: somebody decrypts before us.",
                "Les cours attendent. Certificat non reconnu : quelqu'un déchiffre avant nous.",
            ),
            f"curl -v https://{_hosts(patient)[0] if _hosts(patient) else 'example.org'}/",
        )
        return
    yield good("way-out", "services answer", "les services répondent")


def _hosts(patient: Patient) -> list[str]:
    """Plain hosts of inspected services: what the site asks anyway."""
    services = load_policy(patient.site.root).services.values()
    hosts = (h for s in services if s.treatment is Treatment.INSPECT for h in s.hosts)
    return sorted(str(h) for h in hosts if "*" not in str(h))[:_ASKED]
