"""The annex to a data protection impact assessment, in the order of the CNIL's method."""

TEXTS: dict[str, tuple[str, str]] = {
    "title": (
        "{site} : annexe à l'analyse d'impact (AIPD)",
        "{site}: annex to the impact assessment (DPIA)",
    ),
    "about": (
        "Suit l'ordre de la méthode PIA de la CNIL : contexte, principes fondamentaux, risques, "
        "validation. Pré-rempli d'après la politique et le journal ; les appréciations et les "
        "décisions restent aux personnes et sont marquées « À compléter ».",
        "Follows the order of the CNIL's PIA method: context, fundamental principles, risks, "
        "validation. Pre-filled from policy and log; assessments and decisions are for people and "
        "are marked “To be filled in”.",
    ),
    # 1
    "1": ("1. Contexte", "1. Context"),
    "1.1": ("1.1 Vue d'ensemble", "1.1 Overview"),
    "1.1.what": ("Traitement considéré", "Processing considered"),
    "1.1.what-text": (
        "Usage par les élèves et les personnels de services en ligne, à travers une passerelle qui "
        "remplace les identifiants par des pseudonymes, bloque les traceurs et tient un journal "
        "signé.",
        "Use of online services by pupils and staff, through a gateway that replaces identifiers "
        "by pseudonyms, blocks trackers and keeps a signed log.",
    ),
    "1.1.purposes": ("Finalités écrites dans la politique", "Purposes written in the policy"),
    "1.1.stakes": ("Enjeux et bénéfices attendus", "Stakes and expected benefits"),
    "1.1.who": (
        "Responsable de traitement et sous-traitants : rôles",
        "Controller and processors: roles",
    ),
    "1.1.rules": (
        "Référentiels applicables (codes de conduite, certifications, doctrine du ministère)",
        "Applicable references (codes of conduct, certifications, the ministry's doctrine)",
    ),
    "1.2": ("1.2 Données, processus et supports", "1.2 Data, processes and supporting assets"),
    "1.2.caption": (
        "Données, destinataires et durées, par service",
        "Data, recipients and retention, by service",
    ),
    "1.2.data": ("Données et forme", "Data and form"),
    "1.2.retention": ("Conservation", "Retention"),
    "1.2.process": ("Cycle de vie", "Life cycle"),
    "1.2.process-text": (
        "Import de l'annuaire ; à chaque requête vers un service protégé, recherche des "
        "identifiants, remplacement ou suppression, envoi ; dans la réponse, remise des noms pour "
        "les personnes de l'établissement ; événement au journal ; suppression à l'échéance ; "
        "effacement d'une personne par destruction de sa clé.",
        "Import of the directory; at each request to a protected service, search for identifiers, "
        "replacement or removal, sending; in the answer, names are put back for people of the "
        "school; an event in the log; deletion at the end of retention; erasure of a person by "
        "destruction of their key.",
    ),
    "1.2.assets": (
        "Supports : machines, emplacements, réseaux, papiers",
        "Supporting assets: machines, places, networks, papers",
    ),
    # 2
    "2": ("2. Principes fondamentaux", "2. Fundamental principles"),
    "2.1": ("2.1 Proportionnalité et nécessité", "2.1 Proportionality and necessity"),
    "2.1.basis": (
        "Fondement (art. 6) et, s'il y a lieu, conditions de l'art. 9",
        "Legal basis (Art. 6) and, where needed, conditions of Art. 9",
    ),
    "2.1.minimise": ("Minimisation mesurée", "Minimisation, measured"),
    "2.1.minimise.caption": (
        "Données supprimées ou réduites parce que le service n'en a pas besoin, pour la période",
        "Data removed or reduced because the service does not need it, in the period",
    ),
    "2.1.minimise.none": ("Rien au journal pour la période.", "Nothing in the log for the period."),
    "2.1.clear": ("Données transmises en clair par une règle", "Data that a rule sends in clear"),
    "2.1.quality": (
        "Qualité et exactitude : mise à jour de l'annuaire, fréquence des imports",
        "Quality and accuracy: upkeep of the directory, frequency of imports",
    ),
    "2.1.retention": ("Durées de conservation : justification", "Retention: justification"),
    "2.2": ("2.2 Droits des personnes", "2.2 Rights of data subjects"),
    "2.2.caption": ("Mesures pour les droits", "Measures for rights"),
    "2.2.right": ("Droit", "Right"),
    "2.2.measure": ("Ce que fait Préau", "What Préau does"),
    "2.2.inform": ("Information", "Information"),
    "2.2.inform-text": (
        "page pour les familles produite depuis la politique (preau report families)",
        "page for families made from the policy (preau report families)",
    ),
    "2.2.access": ("Accès et portabilité", "Access and portability"),
    "2.2.access-text": ("preau subject find et report", "preau subject find and report"),
    "2.2.erase": ("Rectification et effacement", "Rectification and erasure"),
    "2.2.erase-text": (
        "nouvel import ; preau subject erase détruit la clé de la personne",
        "new import; preau subject erase destroys the person's key",
    ),
    "2.2.object": ("Limitation et opposition", "Restriction and objection"),
    "2.2.object-text": (
        "preau subject object : appliqué dès la requête suivante",
        "preau subject object: enforced from the next request on",
    ),
    "2.2.consent": (
        "Consentement, s'il fonde un traitement (photos ; moins de 15 ans en France)",
        "Consent, where it is the basis (photos; under 15 in France)",
    ),
    "2.2.processors": ("Sous-traitance : contrats (art. 28)", "Processors: agreements (Art. 28)"),
    "2.2.charter.caption": (
        "Adhésion des fournisseurs à la charte, et transferts",
        "Adhesion of suppliers to the charter, and transfers",
    ),
    # 3
    "3": ("3. Risques", "3. Risks"),
    "3.1": ("3.1 Mesures existantes", "3.1 Existing measures"),
    "3.1.items": (
        "Pseudonymes propres à chaque service, infalsifiables, que seules les clés du site "
        "permettent de lever.\n"
        "Ce qui ne peut être lu est refusé, sauf exception écrite : {opaque}.\n"
        "Tout service que la politique ne nomme pas : {unknown}.\n"
        "Certificat du service toujours vérifié ; autorité locale dont la clé ne sort pas.\n"
        "Annuaire et coffre chiffrés, clés séparées des données.\n"
        "Journal signé (arbre de Merkle), sans nom ni contenu, vérifiable par un tiers.\n"
        "En cas de panne, refus plutôt que fuite.\n"
        "Traceurs bloqués, paramètres de pistage retirés.",
        "Pseudonyms of each service alone, unforgeable, that only the site's keys can undo.\n"
        "What cannot be read is refused, unless an exception is written: {opaque}.\n"
        "Any service that the policy does not name: {unknown}.\n"
        "The service's certificate is always verified; a local authority whose key never leaves.\n"
        "Directory and vault encrypted, keys apart from data.\n"
        "A signed log (Merkle tree), without name or content, that a third party can verify.\n"
        "Upon failure, refusal rather than a leak.\n"
        "Trackers blocked, tracking parameters taken out.",
    ),
    "3.1.deny": ("refusé", "denied"),
    "3.1.tunnel": ("passe sans être lu", "passes unread"),
    "3.1.organisation": (
        "Mesures d'organisation : habilitations, clés en double, sauvegardes, "
        "formation, gestion des incidents",
        "Organisational measures: authorisations, copies of keys, backups, "
        "training, handling of incidents",
    ),
    "3.2": ("3.2 Appréciation des risques", "3.2 Assessment of risks"),
    "3.2.illegitimate": ("Accès illégitime aux données", "Illegitimate access to data"),
    "3.2.illegitimate-text": (
        "Chez un service protégé : pseudonymes et contenus, sans les clés. Restent : les contenus "
        "eux-mêmes, les surnoms et récits, une page de service qui lit ce qu'elle affiche, les "
        "services non lus ({unread}), les contenus illisibles transmis ({opaque} pour la période). "
        "Dans l'établissement : l'annuaire et les clés.",
        "At a protected service: pseudonyms and contents, without the keys. What is left: the "
        "contents themselves, nicknames and stories, a service's page that reads what it shows, "
        "unread services ({unread}), unreadable contents let through ({opaque} in the period). In "
        "the school: the directory and the keys.",
    ),
    "3.2.change": ("Modification non désirée des données", "Unwanted change of data"),
    "3.2.change-text": (
        "Un pseudonyme restitué à tort ou non restitué ; une donnée nécessaire supprimée par une "
        "règle ; une altération du journal (détectée par ses signatures).",
        "A pseudonym put back wrongly, or not at all; data that was needed removed by a rule; an "
        "alteration of the log (found by its signatures).",
    ),
    "3.2.loss": ("Disparition des données", "Disappearance of data"),
    "3.2.loss-text": (
        "La perte des clés rend tous les pseudonymes illisibles, y compris dans les services ; la "
        "panne de la passerelle suspend les services protégés.",
        "Loss of the keys makes every pseudonym unreadable, in the services too; failure of the "
        "gateway suspends protected services.",
    ),
    "3.2.impact": (
        "{risk} : impacts, sources, gravité et vraisemblance (négligeable, limitée, "
        "importante, maximale)",
        "{risk}: impacts, sources, severity and likelihood (negligible, limited, "
        "significant, maximum)",
    ),
    "3.2.seen": ("Indicateurs du journal pour la période", "Indicators from the log in the period"),
    "3.2.seen.caption": ("Événements qui éclairent les risques", "Events that bear on the risks"),
    # 4
    "4": ("4. Validation", "4. Validation"),
    "4.plan": (
        "Plan d'action : mesures, responsable, échéance",
        "Action plan: measures, who, by when",
    ),
    "4.open": ("Points que la politique laisse ouverts", "Points that the policy leaves open"),
    "4.open.charter": (
        "{title} : adhésion à la charte à confirmer",
        "{title}: adhesion to the charter to be confirmed",
    ),
    "4.open.transfer": (
        "{title} : base du transfert vers {countries} à établir",
        "{title}: basis of the transfer to {countries} to be established",
    ),
    "4.open.retention": (
        "{title} : durée de conservation non précisée",
        "{title}: retention not said",
    ),
    "4.open.opaque": (
        "{title} : les contenus illisibles sont transmis",
        "{title}: unreadable contents are let through",
    ),
    "4.open.unread": ("{title} : non lu, donc non protégé", "{title}: unread, hence unprotected"),
    "4.officer": (
        "Avis du délégué à la protection des données",
        "Opinion of the data protection officer",
    ),
    "4.persons": (
        "Avis des personnes concernées ou de leurs représentants",
        "Views of data subjects or their representatives",
    ),
    "4.decision": (
        "Décision du responsable de traitement, date et signature",
        "Decision of the controller, date and signature",
    ),
    # from the record
    "data.read": (
        "sous pseudonyme ou réduites : {treated} ; en clair : {clear} ; et les contenus "
        "que les personnes écrivent",
        "under a pseudonym or reduced: {treated}; in clear: {clear}; and what people write",
    ),
    "data.unread": (
        "inconnues de Préau : le service est passé sans être lu",
        "unknown to Préau: the service passes unread",
    ),
}
