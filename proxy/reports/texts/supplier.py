"""What the evidence file on a supplier says."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": (
        "{supplier} : constats de la passerelle de {site}",
        "{supplier}: findings of the gateway of {site}",
    ),
    "about": (
        "Ce que les services de ce fournisseur ont tenté ou demandé, d'après le journal signé de "
        "la passerelle : pistage bloqué, données demandées sans nécessité, refus. Le journal ne "
        "contient ni nom ni contenu ; ce dossier non plus.",
        "What this supplier's services attempted or asked for, by the gateway's signed log: "
        "tracking that was blocked, data asked for without need, refusals. The log holds neither "
        "names nor contents; nor does this file.",
    ),
    "who": ("Le fournisseur et ses services", "The supplier and its services"),
    "who.caption": (
        "Services du fournisseur dans la politique",
        "The supplier's services in the policy",
    ),
    "tracking": ("Tentatives de publicité ou de pistage", "Attempts at advertising or tracking"),
    "tracking.caption": (
        "Requêtes bloquées et paramètres retirés, par règle",
        "Requests blocked and parameters taken out, by rule",
    ),
    "tracking.none": ("Aucune au journal pour la période.", "None in the log for the period."),
    "tracking.limits": (
        "Comptées d'après les adresses du fournisseur lui-même. Un traceur d'un tiers, chargé par "
        "une page du fournisseur, n'est pas compté ici.",
        "Counted by the supplier's own addresses. A third party's tracker, loaded by a page of the "
        "supplier, is not counted here.",
    ),
    "minimised": ("Données demandées sans nécessité", "Data asked for without need"),
    "minimised.caption": (
        "Champs supprimés ou réduits avant l'envoi, par point d'entrée du service",
        "Fields removed or reduced before sending, by entry point of the service",
    ),
    "minimised.none": ("Aucune au journal pour la période.", "None in the log for the period."),
    "refused": ("Échanges refusés", "Exchanges refused"),
    "refused.caption": (
        "Requêtes, réponses et connexions refusées, par motif",
        "Requests, answers and connections refused, by reason",
    ),
    "refused.none": ("Aucun au journal pour la période.", "None in the log for the period."),
    "refused.limits": (
        "Un refus dit que la passerelle n'a pas laissé passer l'échange ; il n'est pas toujours le "
        "fait du fournisseur (panne, requête mal formée).",
        "A refusal says that the gateway did not let the exchange pass; it is not always the "
        "supplier's doing (a failure, a malformed request).",
    ),
    "other": ("Autres constats", "Other findings"),
    "other.caption": (
        "Contenus illisibles et identifiants témoins",
        "Unreadable content and planted identifiers",
    ),
    "what": ("Constat", "Finding"),
    "category": ("Liste ou catégorie", "List or category"),
    "endpoint": ("Point d'entrée", "Entry point"),
    "asked": ("Données", "Data"),
    "done": ("Ce qui en a été fait", "What was done with it"),
    "first": ("Premier", "First"),
    "last": ("Dernier", "Last"),
    "examples": ("Numéros d'événements joints", "Numbers of enclosed events"),
    "more": (
        "{count} autres constats, moins fréquents, ne sont pas détaillés.",
        "{count} more findings, less frequent, are not detailed.",
    ),
    "check": ("Comment vérifier", "How to check"),
    "check.text": (
        "Chaque ligne compte tous les événements de la période et en joint quelques-uns par leur "
        "numéro. Dans le dossier de preuve, chaque événement joint a sa preuve d'inclusion dans le "
        "journal signé ; ce rapport lui-même y est inscrit par l'empreinte de ses fichiers. Les "
        "nombres se recomptent sur le journal entier. Voir README.txt.",
        "Each row counts all events of the period and encloses some of them by their number. In "
        "the evidence file each enclosed event has its proof of inclusion in the signed log; this "
        "report itself is entered there by the digest of its files. The numbers can be counted "
        "again on the whole log. See README.txt.",
    ),
    "answer": ("Réponse du fournisseur", "Answer of the supplier"),
    "answer.hint": (
        "Date d'envoi, réponse, mesures annoncées.",
        "Date of sending, answer, measures announced.",
    ),
}
