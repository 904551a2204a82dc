"""What the yearly summary says."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("{site} : bilan {period}", "{site}: summary for {period}"),
    "about": (
        "Ce que la passerelle a fait pendant la période, d'après son journal signé.",
        "What the gateway did in the period, by its signed log.",
    ),
    "everything": ("de tout ce que le journal contient", "of everything in the log"),
    "from": ("depuis le {first}", "since {first}"),
    "until": ("jusqu'au {last}", "until {last}"),
    "between": ("du {first} au {last} exclu", "from {first} up to {last}"),
    "gaps": (
        "Les événements arrivés à échéance ont été supprimés ({months} mois pour les requêtes, "
        "{blocking} pour le blocage, {administration} pour l'administration). Leurs totaux par "
        "mois, écrits dans le journal signé avant chaque suppression, sont comptés ici : "
        "{deleted} événements sur {events}.",
        "Events past their retention have been deleted ({months} months for requests, {blocking} "
        "for blocking, {administration} for administration). Their totals by month, written into "
        "the signed log before each deletion, are counted here: {deleted} events of {events}.",
    ),
    "nothing": (
        "Le journal ne contient aucun événement de la période.",
        "The log holds no event of the period.",
    ),
    "protection": ("Protection des échanges", "Protection of exchanges"),
    "protection.caption": (
        "Ce qui a été fait des requêtes et des réponses",
        "What was done to requests and answers",
    ),
    "protection.type": ("Acte", "What was done"),
    "protection.chart": ("Requêtes pseudonymisées, par mois", "Requests pseudonymised, by month"),
    "things": ("Identifiants ou éléments concernés", "Identifiers or items concerned"),
    "kinds.caption": (
        "Identifiants remplacés par un pseudonyme, par sorte",
        "Identifiers replaced by a pseudonym, by kind",
    ),
    "services": ("Par service", "By service"),
    "services.caption": ("Activité par service", "Activity by service"),
    "pseudonymised": ("Requêtes pseudonymisées", "Requests pseudonymised"),
    "minimised": ("Données supprimées ou réduites", "Data removed or reduced"),
    "refused": ("Refus", "Refusals"),
    "unread": ("Connexions non lues", "Connections unread"),
    "blocked": ("Traceurs bloqués", "Trackers blocked"),
    "refusals": ("Refus, par motif", "Refusals, by reason"),
    "refusals.caption": (
        "Requêtes, réponses et connexions refusées, par motif",
        "Requests, answers and connections refused, by reason",
    ),
    "refusals.none": ("Aucun refus.", "No refusal."),
    "trackers": ("Publicité et pistage", "Advertising and tracking"),
    "trackers.chart": ("Requêtes bloquées, par mois", "Requests blocked, by month"),
    "trackers.caption": ("Requêtes bloquées, par catégorie", "Requests blocked, by category"),
    "trackers.category": ("Catégorie", "Category"),
    "trackers.none": ("Aucun traceur bloqué.", "No tracker blocked."),
    "groups": ("Par groupe", "By group"),
    "groups.caption": ("Requêtes pseudonymisées, par groupe", "Requests pseudonymised, by group"),
    "groups.group": ("Groupe", "Group"),
    "groups.pupils": ("élèves", "pupils"),
    "groups.staff": ("personnels", "staff"),
    "groups.guest": ("invités et réseaux non décrits", "guests and networks not described"),
    "upkeep": ("Administration et journal", "Administration and log"),
    "upkeep.caption": (
        "Actes d'administration et vie du journal",
        "Administrative acts and the life of the log",
    ),
    "upkeep.alarms": (
        "À examiner : un événement de cette liste dit qu'une machine est tombée, que son horloge "
        "a bougé, que quelque chose a été rejeté, ou qu'un identifiant témoin est apparu où il ne "
        "devait pas.",
        "To be looked into: an event of this list says that a machine failed, that its clock "
        "moved, that something was rejected, or that a planted identifier showed up where it "
        "should not.",
    ),
    "upkeep.alarms.caption": ("Événements à examiner", "Events to be looked into"),
    "remarks": ("Commentaires de l'établissement", "Remarks of the school"),
    "remarks.hint": (
        "Faits marquants, demandes des familles, décisions pour l'année à venir.",
        "Notable events, requests of families, decisions for the coming year.",
    ),
}
