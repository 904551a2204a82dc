"""What families read."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": (
        "{site} : les services en ligne et les données de vos enfants",
        "{site}: online services and your children's data",
    ),
    "about": (
        "Ce que l'établissement utilise, ce qui en sort et sous quelle forme, pourquoi, "
        "combien de temps, où, et comment vous y opposer. Ce document est écrit par la "
        "passerelle Préau à partir de ses règles et de son journal.",
        "What the school uses, what leaves it and in what form, why, for how long, where, and "
        "how to object. This document is written by the Préau gateway from its rules and its "
        "log.",
    ),
    # in short
    "short": ("En bref", "In short"),
    "short.what": (
        "Entre l'établissement et les services en ligne se trouve une passerelle, Préau. Dans ce "
        "qui part vers un service protégé, elle remplace les noms et les autres identifiants des "
        "personnes de l'annuaire par des pseudonymes, et les remet dans les réponses. Le service "
        "ne reçoit que les pseudonymes, différents d'un service à l'autre. Des données "
        "pseudonymisées restent des données personnelles.",
        "Between the school and online services stands a gateway, Préau. In what leaves for a "
        "protected service it replaces the names and other identifiers of people in the directory "
        "by pseudonyms, and puts them back in answers. The service receives pseudonyms only, "
        "different from one service to the next. Pseudonymised data is still personal data.",
    ),
    "short.read": ("services protégés", "services protected"),
    "short.unread": ("services non lus, donc non protégés", "services unread, hence not protected"),
    "short.denied": ("services refusés", "services denied"),
    "short.counts": ("Services par traitement", "Services by treatment"),
    "short.none": ("Aucun service n'est autorisé.", "No service is allowed."),
    "chart": (
        "Identifiants remplacés par un pseudonyme, par service",
        "Identifiers replaced by a pseudonym, by service",
    ),
    # services
    "services": ("Les services, un par un", "The services, one by one"),
    "data.caption": (
        "{title} : ce qui part, et sous quelle forme",
        "{title}: what leaves, and in what form",
    ),
    "data.form": ("Forme", "Form"),
    "data.why": ("Raison écrite dans la règle", "Reason written in the rule"),
    "data.known": (
        "identifiants des personnes de l'annuaire, partout ailleurs",
        "identifiers of people in the directory, anywhere else",
    ),
    "data.rest": (
        "tout autre contenu (travaux, messages, réponses)",
        "any other content (work, messages, answers)",
    ),
    "data.rest-form": (
        "transmis ; les personnes reconnues y sont pseudonymisées",
        "sent; people who are recognised are pseudonymised in it",
    ),
    "data.telling": (
        "champs dont le nom annonce une identité (prénom, nom, courriel…)",
        "fields whose names announce an identity (first name, e-mail…)",
    ),
    "data.photos": ("images et photos", "pictures and photos"),
    "data.photos-allow": (
        "transmises, sans lieu, date, appareil ni auteur",
        "sent, without place, date, device or author",
    ),
    "data.photos-refuse": ("la requête est refusée", "the request is refused"),
    "data.opaque": ("contenu que Préau ne sait pas lire", "content that Préau cannot read"),
    "data.opaque-allow": ("transmis tel quel, non protégé", "sent as it is, not protected"),
    "data.opaque-refuse": ("la requête est refusée", "the request is refused"),
    "data.signed": (
        "contenu signé qui porte une identité",
        "signed content that carries an identity",
    ),
    "unread.note": (
        "Non lu : Préau voit qu'un appareil se connecte à ce service, et rien de ce qui passe. Il "
        "n'en remplace aucun nom. Ce que le service reçoit dépend de lui et du contrat.",
        "Unread: Préau sees that a device connects to this service, and nothing of what passes. It "
        "replaces no name in it. What the service receives depends on it and on the contract.",
    ),
    "partly.note": (
        "Une partie de ce service passe sans être lue ({hosts}) : Préau n'y remplace aucun nom.",
        "A part of this service passes unread ({hosts}): Préau replaces no name in it.",
    ),
    "amounts": ("Au journal pour la période", "In the log for the period"),
    "amounts.read": (
        "{requests} requêtes pseudonymisées, {identifiers} identifiants remplacés, "
        "{minimised} données supprimées ou réduites, {refused} refus",
        "{requests} requests pseudonymised, {identifiers} identifiers replaced, "
        "{minimised} items of data removed or reduced, {refused} refusals",
    ),
    "amounts.unread": (
        "{connections} connexions passées sans être lues",
        "{connections} connections passed unread",
    ),
    "amounts.opaque": (
        "{number} contenus illisibles transmis tels quels",
        "{number} unreadable contents sent as they are",
    ),
    "denied": ("Services refusés", "Services denied"),
    "denied.caption": (
        "Services auxquels l'établissement refuse toute connexion",
        "Services to which the school denies any connection",
    ),
    # unread
    "unread": ("Ce que Préau ne lit pas", "What Préau does not read"),
    "unread.why": (
        "Certaines adresses ne sont jamais déchiffrées : banques, santé, mises à jour, et services "
        "dont l'éditeur ne le permet pas. Préau n'y lit rien, n'y protège rien et ne garde que le "
        "fait qu'une connexion a eu lieu.",
        "Some addresses are never decrypted: banks, health, updates, and services whose makers do "
        "not allow it. Préau reads nothing there, protects nothing there, and keeps only the fact "
        "that a connection was made.",
    ),
    "unread.caption": (
        "Adresses jamais lues, par la liste où elles sont écrites",
        "Addresses never read, by the list in which they stand",
    ),
    "unread.list": ("Liste", "List"),
    "unread.connections": (
        "Connexions passées sans être lues pour la période : {number}.",
        "Connections passed unread in the period: {number}.",
    ),
    "unread.unknown-deny": (
        "Une adresse qu'aucune règle ne nomme est refusée.",
        "An address that no rule names is denied.",
    ),
    "unread.unknown-tunnel": (
        "Une adresse qu'aucune règle ne nomme passe sans être lue : rien n'y est protégé.",
        "An address that no rule names passes unread: nothing is protected there.",
    ),
    "unread.limits": (
        "Préau reconnaît les personnes de l'annuaire. Il ne reconnaît ni surnom, ni personne "
        "extérieure, ni ce qu'un élève raconte de lui sans se nommer ; une page d'un service peut "
        "lire ce qu'elle affiche.",
        "Préau recognises people in the directory. It recognises neither a nickname, nor somebody "
        "from outside, nor what a pupil tells of themselves without a name; a service's page can "
        "read what it shows.",
    ),
    # trackers
    "trackers": ("Publicité et pistage", "Advertising and tracking"),
    "trackers.none": (
        "Aucun traceur n'a été bloqué pendant la période.",
        "No tracker was blocked in the period.",
    ),
    "trackers.caption": (
        "Requêtes de publicité ou de pistage bloquées, par catégorie",
        "Advertising or tracking requests blocked, by category",
    ),
    "trackers.category": ("Catégorie", "Category"),
    # the log
    "log": ("Ce que l'établissement garde", "What the school keeps"),
    "log.what": (
        "Préau tient un journal de ce qu'il a fait : quand, vers quel service, selon quelle règle, "
        "combien d'identifiants de quelle sorte. Il n'y a ni nom, ni contenu, ni adresse de page. "
        "L'appareil n'y figure que par une empreinte dont la clé change chaque jour et est "
        "détruite à la fin de la conservation. Le journal est signé : on ne peut rien y changer "
        "sans que cela se voie.",
        "Préau keeps a log of what it did: when, towards which service, by which rule, how many "
        "identifiers of which kind. No name, no content and no page address is in it. A device "
        "stands there only as a hash whose key changes every day and is destroyed at the end of "
        "retention. The log is signed: nothing in it can be changed without being seen.",
    ),
    "log.caption": ("Durée de conservation du journal", "How long the log is kept"),
    "log.class": ("Événements", "Events"),
    "log.months": ("Mois", "Months"),
    "log.traffic": (
        "ce qui a été fait des requêtes et des réponses",
        "what was done to requests and answers",
    ),
    "log.blocking": (
        "traceurs bloqués, connexions non lues ou refusées",
        "trackers blocked, connections unread or denied",
    ),
    "log.administration": (
        "ce qu'ont fait les administrateurs et la passerelle",
        "what administrators and the gateway did",
    ),
    "log.figures": (
        "totaux par mois et par service, sans rien sur personne",
        "totals by month and service, with nothing about anybody",
    ),
    "log.vault": (
        "Les identifiants de personnes hors de l'annuaire vus par une règle sont gardés chiffrés "
        "{months} mois après leur dernier usage, pour être remis dans les réponses.",
        "Identifiers of people outside the directory that a rule saw are kept encrypted for "
        "{months} months after their last use, so that they can be put back in answers.",
    ),
    # rights
    "rights": ("Vos droits, et comment vous opposer", "Your rights, and how to object"),
    "rights.what": (
        "Vous pouvez demander ce qui est connu de votre enfant ou de vous, le faire rectifier ou "
        "effacer, en limiter l'usage, et vous opposer, pour des raisons tenant à votre situation, "
        "à ce qu'un service reçoive ses données.",
        "You can ask what is known of your child or of you, have it corrected or erased, have its "
        "use limited and, on grounds of your situation, object to a service receiving the data.",
    ),
    "rights.contact": ("À qui vous adresser", "Whom to ask"),
    "rights.no-contact": (
        "Coordonnées de la personne à qui s'adresser",
        "How to reach the person to ask",
    ),
    "rights.complaint": (
        "Si la réponse ne vous convient pas, vous pouvez adresser une réclamation à la Commission "
        "nationale de l'informatique et des libertés : https://www.cnil.fr/fr/plaintes",
        "If the answer does not satisfy you, you can complain to the supervisory authority; in "
        "France the Commission nationale de l'informatique et des libertés: https://www.cnil.fr",
    ),
    "rights.basis": (
        "Base juridique du traitement et coordonnées du responsable de traitement",
        "Legal basis of the processing and contact details of the controller",
    ),
    "rights.basis-hint": (
        "Établissement public : en général la mission d'intérêt public (RGPD, art. 6(1)(e)).",
        "For a public school, usually the task in the public interest (GDPR, Art. 6(1)(e)).",
    ),
}
