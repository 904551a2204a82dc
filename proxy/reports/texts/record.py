"""The record of processing activities (GDPR, Art. 30), pre-filled."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": (
        "{site} : registre des activités de traitement (extrait)",
        "{site}: record of processing activities (extract)",
    ),
    "about": (
        "Fiches de registre (RGPD, art. 30) pour les services en ligne et pour la passerelle "
        "Préau, pré-remplies d'après la politique en vigueur. Ce que seules des personnes "
        "peuvent dire est marqué « À compléter ».",
        "Record sheets (GDPR, Art. 30) for the online services and for the Préau gateway, "
        "pre-filled from the policy in force. What only people can say is marked “To be filled "
        "in”.",
    ),
    "who": ("Responsable et délégué", "Controller and officer"),
    "who.controller": (
        "Responsable de traitement : nom, adresse, représentant légal",
        "Controller: name, address, legal representative",
    ),
    "who.controller-hint": (
        "Dans le second degré public, le chef d'établissement ; dans le premier degré, le "
        "directeur académique des services de l'éducation nationale.",
        "In France the head of a public secondary school; for primary schools the academy's "
        "director.",
    ),
    "who.joint": ("Responsables conjoints, s'il y en a", "Joint controllers, if any"),
    "who.officer": ("Délégué à la protection des données", "Data protection officer"),
    "who.contact": ("Contact écrit dans la politique", "Contact written in the policy"),
    "list": ("Liste des activités", "List of activities"),
    "list.caption": (
        "Activités de traitement décrites ici",
        "Processing activities described here",
    ),
    "list.reference": ("Référence", "Reference"),
    "list.activity": ("Activité", "Activity"),
    "list.deny": (
        "Les services refusés par la politique ne reçoivent rien et n'ont pas de fiche : {names}.",
        "Services denied by the policy receive nothing and have no sheet: {names}.",
    ),
    "sheet": ("Fiche {reference} : {title}", "Sheet {reference}: {title}"),
    "persons": ("Personnes concernées", "Data subjects"),
    "persons.all": (
        "élèves, personnels, responsables légaux, selon qui utilise le service",
        "pupils, staff, guardians, depending on who uses the service",
    ),
    "data": ("Catégories de données transmises", "Categories of data sent"),
    "data.read": (
        "sous pseudonyme ou réduites : {treated} ; en clair : {clear} ; et les contenus "
        "que les personnes écrivent",
        "under a pseudonym or reduced: {treated}; in clear: {clear}; and what people write",
    ),
    "data.unread": (
        "inconnues de Préau : le service est passé sans être lu ; voir le contrat",
        "unknown to Préau: the service passes unread; see the contract",
    ),
    "special": (
        "Données sensibles (art. 9) : aucune n'est demandée par une règle ; un texte libre "
        "peut en contenir",
        "Special categories (Art. 9): no rule asks for any; a free text may hold some",
    ),
    "special.term": ("Données sensibles", "Special categories"),
    "recipients": ("Destinataires", "Recipients"),
    "recipients.blank": (
        "Sous-traitants ultérieurs de {supplier}",
        "Further processors of {supplier}",
    ),
    "basis": ("Base juridique (art. 6) de « {title} »", "Legal basis (Art. 6) of “{title}”"),
    "contract": (
        "Contrat de sous-traitance (art. 28) avec {supplier} : référence et date",
        "Processing agreement (Art. 28) with {supplier}: reference and date",
    ),
    "contract.known": (
        "Justificatif de l'adhésion à la charte : {evidence}",
        "Evidence of the adhesion to the charter: {evidence}",
    ),
    "security": ("Mesures de sécurité", "Security measures"),
    "security.read": (
        "pseudonymisation propre au service, minimisation par champ, refus de ce qui ne peut être "
        "lu, vérification du certificat du service, journal signé, blocage des traceurs",
        "pseudonymisation for this service alone, minimisation by field, refusal of what cannot be "
        "read, verification of the service's certificate, signed log, blocking of trackers",
    ),
    "security.unread": (
        "chiffrement entre l'appareil et le service ; Préau ne le lit pas et n'ajoute aucune "
        "protection au contenu",
        "encryption between device and service; Préau does not read it and adds no protection to "
        "the content",
    ),
    "security.opaque": (
        " ; attention : les contenus illisibles sont transmis tels quels",
        "; beware: unreadable contents are sent as they are",
    ),
    # the gateway itself
    "own": (
        "Passerelle Préau : pseudonymisation, blocage et journal",
        "Préau gateway: pseudonymisation, blocking and log",
    ),
    "own.purpose": (
        "Protéger les données des personnes dans les échanges avec les services en ligne, et "
        "pouvoir le prouver.",
        "To protect people's data in exchanges with online services, and to be able to prove it.",
    ),
    "own.data": (
        "annuaire des personnes (identité, coordonnées, établissement, classe), chiffré ; clés de "
        "pseudonymisation ; journal sans nom ni contenu (empreinte journalière de l'appareil, "
        "groupe, établissement, service, règle, nombres)",
        "directory of people (identity, contact details, school, class), encrypted; keys of "
        "pseudonyms; log without name or content (daily hash of the device, group, school, "
        "service, rule, numbers)",
    ),
    "own.persons": (
        "élèves, personnels, responsables légaux, autres utilisateurs du réseau",
        "pupils, staff, guardians, other users of the network",
    ),
    "own.recipients": (
        "personnes habilitées de l'établissement ; auditeurs, pour le journal",
        "authorised people of the school; auditors, for the log",
    ),
    "own.retention": (
        "journal : {traffic} mois (échanges), {blocking} mois (blocage), {administration} mois "
        "(administration), {figures} mois (totaux qui ne disent rien de personne) ; identifiants "
        "hors annuaire : {vault} mois après leur dernier usage ; "
        "annuaire : jusqu'à l'effacement",
        "log: {traffic} months (exchanges), {blocking} months (blocking), {administration} months "
        "(administration), {figures} months (totals about nobody); identifiers outside the "
        "directory: {vault} months after their last use; "
        "directory: until erasure",
    ),
    "own.transfer": ("aucun par la passerelle elle-même", "none by the gateway itself"),
    "own.security": (
        "annuaire et coffre chiffrés (AES-256-GCM), clés séparées des données, effacement par "
        "destruction de clé, journal d'audit signé et vérifiable, autorité de certification locale "
        "dont la clé ne sort pas, refus en cas de panne",
        "directory and vault encrypted (AES-256-GCM), keys apart from data, erasure by destruction "
        "of a key, signed and verifiable audit log, local certificate authority whose key never "
        "leaves, refusal upon failure",
    ),
    "own.blank": (
        "Habilitations : qui administre la passerelle, qui lit le journal, qui tient les clés",
        "Authorisations: who administers the gateway, who reads the log, who holds the keys",
    ),
    "own.retention-directory": (
        "Durée de conservation des personnes parties dans l'annuaire",
        "How long people who have left stay in the directory",
    ),
    "term.data": ("Données", "Data"),
    "term.retention": ("Durées de conservation", "Retention"),
    "term.transfer": ("Transferts hors de l'UE", "Transfers outside the EU"),
}
