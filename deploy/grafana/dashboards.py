"""The four dashboards. ``python deploy/grafana/dashboards.py`` writes them; ``--check`` compares.

A panel asks only for metrics that the gateway has (a test asks a real Prometheus), for the
gateways chosen above (``$instance``), and shows 0, not nothing, for what has not happened.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from panels import Dashboard, Panel, Query, Text

FOLDER = Path(__file__).parent
_GATEWAYS = 'instance=~"$instance"'
_YES_NO = {"1": Text("oui", "yes"), "0": Text("NON", "NO")}


def _sum(metric: str, by: str = "", labels: str = "", window: str = "5m") -> str:
    """The rate of a counter, 0 when it has never counted."""
    chosen = ",".join(filter(None, (labels, _GATEWAYS)))
    total = f"sum by ({by}) " if by else "sum"
    return f"{total}(rate({metric}{{{chosen}}}[{window}])) or vector(0)"


def _happened(metric: str, labels: str = "", window: str = "1d") -> str:
    chosen = ",".join(filter(None, (labels, _GATEWAYS)))
    return f"sum(increase({metric}{{{chosen}}}[{window}])) or vector(0)"


def _lines(title: Text, about: Text, expr: str, legend: str = "", **more: object) -> Panel:
    return Panel(title, about, (Query(expr, legend),), **more)  # type: ignore[arg-type] # by name


def _stat(title: Text, about: Text, expr: str, **more: object) -> Panel:
    return _lines(title, about, expr, kind="stat", width=4, height=4, **more)


PROTECTION = Dashboard(
    "preau-protection",
    Text("la protection d'un coup d'œil", "protection at a glance"),
    Text(
        "Ce que la passerelle protège, refuse, laisse passer.",
        "What it protects, refuses, lets pass.",
    ),
    (
        _stat(
            Text("Processus qui servent", "Workers serving"),
            Text("Zéro : plus rien ne passe.", "Zero: nothing is served."),
            f'sum(preau_workers{{state="ready",{_GATEWAYS}}})',
            bad_below=1,
        ),
        _stat(
            Text("Journal d'audit", "Audit log writable"),
            Text(
                "Sinon, ce qui doit être consigné est refusé.",
                "If not, what must be recorded is refused.",
            ),
            f"min(preau_audit_up{{{_GATEWAYS}}})",
            bad_below=1,
            words=_YES_NO,
        ),
        _stat(
            Text("Fichiers appliqués", "Files in force"),
            Text(
                "Non : une erreur ; la dernière bonne politique reste.",
                "No: a mistake; the last good policy stays.",
            ),
            f"min(preau_config_last_reload_successful{{{_GATEWAYS}}})",
            bad_below=1,
            words=_YES_NO,
        ),
        _stat(
            Text("Versions de politique", "Policy versions"),
            Text("1 quand tous suivent la même.", "1 when all follow the same."),
            f"max(preau_policy_versions{{{_GATEWAYS}}})",
            bad_above=2,
        ),
        _stat(
            Text("Personnes protégées", "People protected"),
            Text("Dans l'annuaire.", "In the directory."),
            f"max(sum by (instance) (preau_directory_subjects{{{_GATEWAYS}}}))",
            bad_below=1,
        ),
        _stat(
            Text("Canaris vus (1 j)", "Canaries seen (1 d)"),
            Text("Plus de zéro : des données circulent.", "More than zero: data is abroad."),
            _happened("preau_audit_events_total", 'type="canary-seen"'),
            bad_above=1,
        ),
        _lines(
            Text("Requêtes par issue", "Requests by outcome"),
            Text("Par seconde.", "Per second."),
            _sum("preau_requests_total", "decision"),
            "{{decision}}",
            unit="reqps",
            width=12,
        ),
        _lines(
            Text("Refus par raison", "Refusals by reason"),
            Text(
                "La politique, ou une panne (engine-error, *-unavailable).",
                "Policy, or a failure (engine-error, *-unavailable).",
            ),
            f"topk(8, {_sum('preau_refusals_total', 'reason')} > 0) or vector(0)",
            "{{reason}}",
            unit="reqps",
            width=12,
        ),
        _lines(
            Text("Identifiants par genre", "Identifiers by kind"),
            Text(
                "Trouvés et remplacés, retirés ou généralisés.",
                "Found and replaced, dropped or generalised.",
            ),
            _sum("preau_identifiers_total", "kind"),
            "{{kind}}",
            unit="ops",
        ),
        _lines(
            Text("Connexions par traitement", "Connections by treatment"),
            Text(
                "inspect : lues et protégées ; tunnel : non lues ; deny : refusées.",
                "inspect: read and protected; tunnel: unread; deny: refused.",
            ),
            _sum("preau_connections_total", "treatment"),
            "{{treatment}}",
            unit="cps",
        ),
        _lines(
            Text("Passé sans être lu", "Passed unread"),
            Text(
                "Contenus illisibles qu'une règle autorise.",
                "Unreadable content that a rule allows.",
            ),
            _sum("preau_audit_events_total", labels='type="opaque-allowed"'),
            unit="reqps",
        ),
    ),
)

BLOCKING = Dashboard(
    "preau-blocking",
    Text("le blocage", "blocking"),
    Text(
        "Pisteurs, publicité, mesure du comportement.",
        "Trackers, advertising, measuring of behaviour.",
    ),
    (
        _lines(
            Text("Bloqué par catégorie", "Blocked by category"),
            Text("Requêtes par seconde.", "Requests per second."),
            _sum("preau_blocks_total", "category"),
            "{{category}}",
            unit="reqps",
            width=12,
        ),
        _lines(
            Text("Part bloquée", "Part blocked"),
            Text("Des requêtes décidées.", "Of the requests decided."),
            f'(sum(rate(preau_requests_total{{decision="block",{_GATEWAYS}}}[5m])) / (sum(rate(preau_requests_total{{{_GATEWAYS}}}[5m])) > 0)) or vector(0)',
            unit="percentunit",
            width=12,
        ),
        _lines(
            Text("Décisions par liste", "Decisions by list"),
            Text("Les dix listes qui décident le plus.", "The ten lists that decide most."),
            f"topk(10, {_sum('preau_list_hits_total', 'list')})",
            "{{list}}",
            unit="reqps",
        ),
        _lines(
            Text("Champs ôtés par règle", "Fields removed by rule"),
            Text(
                "Cookies tiers, paramètres de pistage, référent…",
                "Third-party cookies, tracking parameters, referer…",
            ),
            _sum("preau_privacy_removed_total", "rule"),
            "{{rule}}",
            unit="ops",
        ),
        _lines(
            Text("Comportement observé, non bloqué", "Behaviour observed, not blocked"),
            Text(
                "Services dont la politique ne fait qu'observer.",
                "Services whose policy only observes.",
            ),
            _sum("preau_profiling_observed_total", "category"),
            "{{category}}",
            unit="reqps",
        ),
        _lines(
            Text("Règles en vigueur", "Rules in force"),
            Text(
                "Par liste ; une chute est une liste tronquée.",
                "By list; a fall is a list cut short.",
            ),
            f"max by (list) (preau_list_rules{{{_GATEWAYS}}})",
            "{{list}}",
        ),
        _lines(
            Text("Âge des listes", "Age of lists"),
            Text("Depuis leur dernier changement.", "Since they last changed."),
            f"max by (list) (preau_list_age_seconds{{{_GATEWAYS}}})",
            "{{list}}",
            unit="s",
        ),
        _lines(
            Text("Abonnements en retard", "Subscriptions overdue"),
            Text("Zéro : à jour.", "Zero: up to date."),
            f"max by (list) (preau_list_overdue_seconds{{{_GATEWAYS}}}) or vector(0)",
            "{{list}}",
            unit="s",
        ),
        _lines(
            Text("Recherches DNS", "DNS look-ups"),
            Text("Pour démasquer les alias (CNAME).", "To see through aliases (CNAME)."),
            _sum("preau_dns_lookups_total", "outcome"),
            "{{outcome}}",
            unit="ops",
        ),
    ),
)

PERFORMANCE = Dashboard(
    "preau-performance",
    Text("les performances", "performance"),
    Text(
        "Notre propre temps, sans celui du réseau ni du service.",
        "Our own time, without the network's and the service's.",
    ),
    (
        _lines(
            Text("Temps ajouté, p99 par phase", "Time added, p99 by phase"),
            Text(
                "99 % des requêtes attendent moins. Alerte à 50 ms.",
                "99 % of requests wait less. Alert at 50 ms.",
            ),
            f"max by (phase) (instance_phase:preau_overhead_seconds:p99_5m{{{_GATEWAYS}}} >= 0) or vector(0)",
            "{{phase}}",
            unit="s",
            width=12,
        ),
        _lines(
            Text("Temps ajouté, médiane par phase", "Time added, median by phase"),
            Text("La moitié des requêtes attend moins.", "Half of the requests wait less."),
            f"(histogram_quantile(0.5, sum by (phase, le) (rate(preau_overhead_seconds_bucket{{{_GATEWAYS}}}[5m]))) >= 0) or vector(0)",
            "{{phase}}",
            unit="s",
            width=12,
        ),
        _lines(
            Text("Requêtes en cours", "Requests in flight"),
            Text("Toutes passerelles choisies.", "All gateways chosen."),
            f"sum(preau_requests_in_flight{{{_GATEWAYS}}})",
        ),
        _lines(
            Text("Processeur par processus", "CPU by process"),
            Text("1 : un cœur entier.", "1: a whole core."),
            f'sum by (instance, worker) (rate(process_cpu_seconds_total{{job="preau",{_GATEWAYS}}}[5m]))',
            "{{instance}} {{worker}}",
        ),
        _lines(
            Text("Mémoire par processus", "Memory by process"),
            Text("Mémoire résidente.", "Resident memory."),
            f'sum by (instance, worker) (process_resident_memory_bytes{{job="preau",{_GATEWAYS}}})',
            "{{instance}} {{worker}}",
            unit="bytes",
        ),
        _lines(
            Text("Descripteurs utilisés", "Descriptors in use"),
            Text("Part de la limite.", "Part of the limit."),
            f'max by (instance, worker) (process_open_fds{{job="preau",{_GATEWAYS}}} / process_max_fds{{job="preau",{_GATEWAYS}}})',
            "{{instance}} {{worker}}",
            unit="percentunit",
        ),
        _lines(
            Text("Échecs de notre fait", "Failures of ours"),
            Text("Part des requêtes ; budget 0,1 %.", "Part of requests; budget 0.1 %."),
            f"max(instance:preau_own_failures:ratio_rate5m{{{_GATEWAYS}}} >= 0) or vector(0)",
            unit="percentunit",
        ),
        _lines(
            Text("Redémarrages (1 h)", "Restarts (1 h)"),
            Text("Par rôle ; par accident.", "By role; by accident."),
            f"sum by (role) (increase(preau_process_restarts_total{{{_GATEWAYS}}}[1h]))",
            "{{role}}",
        ),
        _lines(
            Text("Certificats signés", "Certificates signed"),
            Text("Un par nouvel hôte et processus.", "One for each host that is new to a worker."),
            _sum("preau_leaves_signed_total"),
            unit="ops",
        ),
    ),
)

AUDIT = Dashboard(
    "preau-audit",
    Text("la santé de l'audit", "audit health"),
    Text(
        "Le journal peut-il être écrit, scellé, envoyé, gardé ?",
        "Can the log be written, sealed, sent, kept?",
    ),
    (
        _stat(
            Text("Journal inscriptible", "Log writable"),
            Text(
                "Sinon les requêtes à consigner sont refusées.",
                "If not, requests that need recording are refused.",
            ),
            f"min(preau_audit_up{{{_GATEWAYS}}})",
            bad_below=1,
            words=_YES_NO,
        ),
        _stat(
            Text("Écrivain", "Writer"),
            Text("Le processus qui écrit le journal.", "The process that writes the log."),
            f'min(preau_process_up{{role="writer",{_GATEWAYS}}})',
            bad_below=1,
            words=_YES_NO,
        ),
        _stat(
            Text("Signataire", "Signer"),
            Text(
                "Le processus qui tient la clé de l'autorité.",
                "The process that holds the authority's key.",
            ),
            f'min(preau_process_up{{role="signer",{_GATEWAYS}}})',
            bad_below=1,
            words=_YES_NO,
        ),
        _stat(
            Text("Stockage", "Store"),
            Text("Répond-il ?", "Does it answer?"),
            f"min(preau_store_up{{{_GATEWAYS}}})",
            bad_below=1,
            words=_YES_NO,
        ),
        _stat(
            Text("Fin de l'autorité", "Authority ends in"),
            Text("Préparer la suivante 30 jours avant.", "Prepare the next one 30 days before."),
            f"min(preau_ca_not_after_timestamp_seconds{{{_GATEWAYS}}}) - time()",
            unit="s",
            bad_below=2592000,
        ),
        _stat(
            Text("Refus faute de journal (1 j)", "Refused for want of the log (1 d)"),
            Text("Rien n'a fui ; des cours ont attendu.", "Nothing leaked; lessons waited."),
            _happened("preau_refusals_total", 'reason="audit-unavailable"'),
            bad_above=1,
        ),
        _lines(
            Text("Événements par genre", "Events by type"),
            Text("Par seconde.", "Per second."),
            _sum("preau_audit_events_total", "type"),
            "{{type}}",
            unit="ops",
            width=12,
        ),
        _lines(
            Text("Temps jusqu'au disque, p99", "Time to disk, p99"),
            Text(
                "Une requête qui doit être consignée l'attend.",
                "A request that must be recorded waits for it.",
            ),
            f"max(instance:preau_audit_commit_seconds:p99_5m{{{_GATEWAYS}}} >= 0) or vector(0)",
            unit="s",
            width=12,
        ),
        _lines(
            Text("En attente d'envoi", "Waiting to be sent"),
            Text(
                "Événements, par destination et témoins.", "Events, by destination and witnesses."
            ),
            f"max by (destination) (preau_audit_outgoing_lag_events{{{_GATEWAYS}}}) or vector(0)",
            "{{destination}}",
        ),
        _lines(
            Text("Espace libre", "Free space"),
            Text(
                "Part libre du disque, par dossier. Alerte à 10 %.",
                "Free part of the disk, by folder. Alert at 10 %.",
            ),
            f"min by (folder) (preau_disk_free_ratio{{{_GATEWAYS}}})",
            "{{folder}}",
            unit="percentunit",
        ),
        _lines(
            Text("Erreurs du stockage", "Store errors"),
            Text("Appels qui ont échoué.", "Calls that failed."),
            _sum("preau_store_errors_total", "operation"),
            "{{operation}}",
            unit="ops",
        ),
        _lines(
            Text("Stockage en danger", "Store in danger"),
            Text(
                "1 : expulsion, persistance, mémoire, réplique.",
                "1: eviction, persistence, memory, replica.",
            ),
            f"max by (ailment) (preau_store_trouble{{{_GATEWAYS}}}) or vector(0)",
            "{{ailment}}",
        ),
        _lines(
            Text("Passerelles en désaccord", "Gateways that differ"),
            Text("Depuis combien de temps, et sur quoi.", "For how long, and on what."),
            f"max by (part) (preau_fleet_split_seconds{{{_GATEWAYS}}}) or vector(0)",
            "{{part}}",
            unit="s",
        ),
        _lines(
            Text("Pas de l'horloge", "Steps of the clock"),
            Text(
                "Déplacement de l'horloge en 10 minutes.",
                "How far the clock was moved in 10 minutes.",
            ),
            f"max(abs(delta(preau_clock_offset_seconds{{{_GATEWAYS}}}[10m])))",
            unit="s",
        ),
    ),
)

DASHBOARDS = (PROTECTION, BLOCKING, PERFORMANCE, AUDIT)


def files() -> dict[Path, str]:
    """The committed files and what must stand in them."""
    return {
        FOLDER / f"{one.uid}.json": json.dumps(one.document(), ensure_ascii=False, indent=1) + "\n"
        for one in DASHBOARDS
    }


def main(words: list[str]) -> int:
    """Write the files, or with ``--check`` compare them."""
    stale = [p for p, text in files().items() if not p.exists() or p.read_text() != text]
    for path in stale:
        if "--check" in words:
            print(f"{path.name} is not what dashboards.py writes: run it", file=sys.stderr)
        else:
            path.write_text(files()[path])
    return int(bool(stale) and "--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
