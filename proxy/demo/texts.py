"""What the demo says, in French and in English."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "title": (
        "Préau : ce que voient l'élève, le cloud et l'auditeur",
        "Préau: what the pupil, the cloud and the auditor see",
    ),
    "starting": (
        "Tout démarre sur cette machine, sans serveur : un petit « cloud » HTTPS, un annuaire "
        "de {count} personnes inventées, la passerelle.",
        'Everything starts on this machine, no server needed: a small HTTPS "cloud", a '
        "directory of {count} invented people, the gateway.",
    ),
    "exchange": ("1. Un devoir part et revient", "1. A piece of classwork goes out and comes back"),
    "sent": ("l'élève envoie", "the pupil sends"),
    "received": ("le cloud reçoit", "the cloud receives"),
    "back": ("l'élève revoit", "the pupil sees again"),
    "page": ("2. Une page web, sans ses traceurs", "2. A web page, without its trackers"),
    "page_names": ("noms affichés dans la page", "names shown on the page"),
    "blocked": ("traceur bloqué", "tracker blocked"),
    "decided_by": ("règle {rule}, {file} ligne {line}", "rule {rule}, {file} line {line}"),
    "bank": ("3. La banque : passée sans être lue", "3. The bank: passed unread"),
    "bank_cert": (
        "certificat présenté : celui de {issuer}, pas celui de l'établissement",
        "certificate presented: that of {issuer}, not the school's",
    ),
    "refused": (
        "4. Un service inconnu : refusé, et on dit pourquoi",
        "4. An unknown service: refused, and told why",
    ),
    "incident": (
        "incident {incident}, retrouvé dans le journal d'audit",
        "incident {incident}, found in the audit log",
    ),
    "audit": ("5. Le journal d'audit se prouve", "5. The audit log proves itself"),
    "verified": ("{count} événements, intact", "{count} events, intact"),
    "tampered": (
        "une copie est falsifiée de quatre façons :",
        "a copy is tampered with in four ways:",
    ),
    "edit": ("un événement modifié", "an event edited"),
    "delete": ("un événement supprimé", "an event deleted"),
    "insert": ("un événement ajouté", "an event inserted"),
    "truncate": ("la fin coupée", "the end cut off"),
    "caught": ("détecté", "caught"),
    "missed": ("NON DÉTECTÉ", "NOT CAUGHT"),
    "promises": ("Promesses", "Promises"),
    "p_no_identifier": (
        "aucun identifiant dans ce que le cloud a reçu",
        "no identifier in what the cloud received",
    ),
    "p_restored": ("les réponses reviennent à l'identique", "answers come back exactly"),
    "p_page": ("les noms sont dans la page", "names are on the page"),
    "p_blocked": (
        "le traceur n'a vu aucune connexion",
        "the tracker never saw a connection",
    ),
    "p_tunnel": ("la banque n'a pas été déchiffrée", "the bank was not decrypted"),
    "p_refused": (
        "le service inconnu a été refusé, incident au journal",
        "the unknown service was refused, incident in the log",
    ),
    "p_verified": ("le journal d'audit est prouvé intact", "the audit log is proved intact"),
    "p_tampering": (
        "les quatre falsifications sont détectées",
        "all four kinds of tampering are caught",
    ),
    "p_log_clean": (
        "aucune donnée personnelle dans le journal",
        "no personal data in the log",
    ),
    "kept": ("tenue", "kept"),
    "broken": ("NON TENUE", "BROKEN"),
    "browser": (
        "La passerelle reste ouverte. Pour y brancher un navigateur :\n"
        "  chromium --user-data-dir=/tmp/preau-demo --proxy-server=http://{proxy} \\\n"
        "    --ignore-certificate-errors-spki-list={spki} https://{host}/\n"
        "  (ou : mandataire HTTP {proxy}, autorité {ca})",
        "The gateway stays up. To point a browser at it:\n"
        "  chromium --user-data-dir=/tmp/preau-demo --proxy-server=http://{proxy} \\\n"
        "    --ignore-certificate-errors-spki-list={spki} https://{host}/\n"
        "  (or: HTTP proxy {proxy}, authority {ca})",
    ),
    "addresses": (
        "Mesures : http://{status}/metrics   État : http://{status}/   Ctrl-C pour finir.",
        "Metrics: http://{status}/metrics   Status: http://{status}/   Ctrl-C to end.",
    ),
}


def texts(language: str) -> dict[str, str]:
    """The texts of ``fr`` or, for anything else, English."""
    which = 0 if language.lower().startswith("fr") else 1
    return {name: pair[which] for name, pair in TEXTS.items()}
