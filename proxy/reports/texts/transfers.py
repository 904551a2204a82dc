"""What is said of transfers outside the European Union."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": (
        "{site} : transferts de données hors de l'Union européenne",
        "{site}: transfers of data outside the European Union",
    ),
    "about": (
        "Les services dont le fournisseur est établi hors de l'Espace économique européen, ou que "
        "les lois d'un pays tiers peuvent atteindre, ce qui y part, sous quelle forme, en quelle "
        "quantité, et sur quelle base (RGPD, art. 44 à 49).",
        "The services whose supplier is based outside the European Economic Area, or that the laws "
        "of a third country can reach; what goes there, in what form, in what amounts, and on what "
        "basis (GDPR, Art. 44 to 49).",
    ),
    "short": ("Vue d'ensemble", "Overview"),
    "none": (
        "Aucun service autorisé n'est concerné : la politique ne nomme que des pays où le "
        "RGPD s'applique.",
        "No allowed service is concerned: the policy names only countries where the GDPR holds.",
    ),
    "by-country": ("Par pays", "By country"),
    "by-country.caption": (
        "Quantités par pays dont les lois peuvent atteindre les données",
        "Amounts by country whose laws can reach the data",
    ),
    "by-country.note": (
        "Un service que plusieurs pays peuvent atteindre compte pour chacun : les lignes ne "
        "s'additionnent pas.",
        "A service that several countries can reach counts for each of them: the rows do not add "
        "up.",
    ),
    "by-service": ("Par service : base et forme", "By service: basis and form"),
    "by-service.caption": (
        "Base du transfert et forme des données, par service",
        "Basis of the transfer and form of the data, by service",
    ),
    "form": ("Forme des données", "Form of the data"),
    "form.inspect": (
        "pseudonymisées ; restent des données personnelles",
        "pseudonymised; still personal data",
    ),
    "form.mixed": (
        "pseudonymisées, sauf sur {hosts} : non lues",
        "pseudonymised, except on {hosts}: unread",
    ),
    "form.tunnel": (
        "non lues : telles que l'appareil les envoie",
        "unread: as the device sends them",
    ),
    "amounts": ("Quantités par service et par mois", "Amounts by service and month"),
    "amounts.caption": (
        "{title} : ce que le journal compte, par mois",
        "{title}: what the log counts, by month",
    ),
    "amounts.chart": (
        "Requêtes et connexions vers des services hors de l'UE, par mois",
        "Requests and connections to services outside the EU, by month",
    ),
    "amounts.none": ("Rien au journal pour la période.", "Nothing in the log for the period."),
    "pseudonymised": ("Requêtes pseudonymisées", "Requests pseudonymised"),
    "identifiers": ("Identifiants remplacés", "Identifiers replaced"),
    "opaque": ("Contenus illisibles transmis", "Unreadable contents sent"),
    "unread": ("Connexions non lues", "Connections unread"),
    "both": ("Requêtes et connexions", "Requests and connections"),
    "limits": (
        "Les nombres de requêtes sont ceux où quelque chose a été remplacé, supprimé, refusé ou "
        "laissé passer sans être lu. Les quantités envoyées et reçues sont celles de toutes les "
        "requêtes, avec ou sans identifiant, et des connexions non lues : corps des messages et "
        "adresses, sans les en-têtes, tous utilisateurs ensemble ; ce qui n'était pas encore "
        "relevé quand une machine est tombée manque.",
        "Numbers of requests are of those in which something was replaced, removed, refused or let "
        "through unread. Amounts sent and received are of all requests, with or without an "
        "identifier, and of unread connections: bodies and addresses, without heads, all users "
        "together; what was not yet told when a machine failed is missing.",
    ),
    "expired": (
        "Les événements plus vieux que la durée de conservation ({months} mois pour les requêtes, "
        "{blocking} pour les connexions non lues) ont été supprimés ; leurs totaux par mois, "
        "écrits au journal avant la suppression, sont comptés ici.",
        "Events older than their retention ({months} months for requests, {blocking} for unread "
        "connections) have been deleted; their totals by month, written into the log before that, "
        "are counted here.",
    ),
    "open": ("Ce qui reste à établir", "What remains to be established"),
    "open.one": (
        "Base du transfert de {title} vers : {countries}",
        "Basis of the transfer of {title} to: {countries}",
    ),
    "open.hint": (
        "Écrire supplier.transfer dans le fichier du service, avec le justificatif.",
        "Write supplier.transfer in the service's file, with the evidence.",
    ),
    "open.measures": (
        "Analyse des lois du pays tiers et mesures supplémentaires, pour les "
        "transferts fondés sur des garanties (art. 46)",
        "Assessment of the third country's laws and supplementary measures, for "
        "transfers based on safeguards (Art. 46)",
    ),
    "open.framework": (
        "Une décision d'adéquation peut être suspendue ou annulée : vérifier qu'elle est toujours "
        "en vigueur, et pour le « Data Privacy Framework » que le fournisseur figure sur la liste.",
        "An adequacy decision can be suspended or annulled: check that it is still in force and, "
        "for the Data Privacy Framework, that the supplier is on the list.",
    ),
}
