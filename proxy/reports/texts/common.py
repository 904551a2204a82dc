"""Words that every report shares."""

from __future__ import annotations

MONTHS: tuple[tuple[str, str], ...] = (
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
)

KINDS: dict[str, tuple[str, str]] = {
    "given_name": ("prénom", "given name"),
    "family_name": ("nom de famille", "family name"),
    "full_name": ("nom et prénom", "full name"),
    "email": ("adresse électronique", "e-mail address"),
    "login": ("identifiant de connexion", "login"),
    "national_id": ("identifiant national (INE)", "national identifier"),
    "student_number": ("numéro d'élève", "student number"),
    "phone": ("numéro de téléphone", "phone number"),
    "birth_date": ("date de naissance", "date of birth"),
    "address": ("adresse postale", "postal address"),
    "photo": ("photo", "photo"),
    "uuid": ("identifiant technique", "technical identifier"),
    "text": ("texte libre", "free text"),
}

COMMON: dict[str, tuple[str, str]] = {
    "and": ("et", "and"),
    "pair": ("{term} : {text}", "{term}: {text}"),
    "none": ("aucun", "none"),
    "not-said": ("non précisé", "not said"),
    "blank": ("À compléter", "To be filled in"),
    "contents": ("Sommaire", "Contents"),
    "skip": ("Aller au contenu", "Skip to the content"),
    "source": ("D'où viennent ces informations", "Where this comes from"),
    "drawing": (
        "Graphique ; les mêmes nombres sont dans le tableau qui suit.",
        "Chart; the same numbers are in the table that follows.",
    ),
    # source
    "src.site": ("Site", "Site"),
    "src.policy": ("Empreinte de la politique", "Digest of the policy"),
    "src.log": ("Journal d'audit", "Audit log"),
    "src.period": ("Période", "Period"),
    "src.events": ("Événements comptés", "Events counted"),
    "src.checkpoint": ("Dernier point de contrôle signé", "Newest signed checkpoint"),
    "src.no-log": (
        "aucun : ce rapport ne dit que ce que prévoit la politique",
        "none: this report says only what the policy provides for",
    ),
    "src.no-events": ("aucun événement", "no event"),
    "src.from-to": ("du {first} au {last}", "from {first} to {last}"),
    "src.sealed": ("{size} événements, racine {root}", "{size} events, root {root}"),
    # months and amounts
    "month": ("Mois", "Month"),
    "service": ("Service", "Service"),
    "services": ("Services", "Services"),
    "supplier": ("Fournisseur", "Supplier"),
    "country": ("Pays", "Country"),
    "events": ("Événements", "Events"),
    "requests": ("Requêtes", "Requests"),
    "sent": ("Envoyé", "Sent"),
    "received": ("Reçu", "Received"),
    "volume.term": ("Quantité de données", "Amount of data"),
    "volume": (
        "{sent} envoyés et {received} reçus, en {times} requêtes ou connexions",
        "{sent} sent and {received} received, in {times} requests or connections",
    ),
    "volume.told": ("Quantité de données : {words}.", "Amount of data: {words}."),
    "volume.none": ("aucun relevé pour la période", "nothing counted in the period"),
    "identifiers": ("Identifiants", "Identifiers"),
    "kind": ("Donnée", "Data"),
    "rule": ("Règle", "Rule"),
    "reason": ("Motif", "Reason"),
    "count": ("Nombre", "Number"),
    "purpose": ("Finalité", "Purpose"),
    "hosts": ("Adresses", "Addresses"),
    "treatment": ("Traitement", "Treatment"),
    "retention": ("Durée de conservation chez le fournisseur", "How long the supplier keeps it"),
    "charter": ("Charte de confiance", "Trust charter"),
    "where": (
        "Pays dont les lois peuvent atteindre les données",
        "Countries whose laws can reach the data",
    ),
    "based": ("{name}, établi dans ce pays : {country}", "{name}, based in: {country}"),
    "transfer": ("Transfert hors de l'Union européenne", "Transfer outside the European Union"),
    "no-service": ("(aucun service connu)", "(no known service)"),
    "removed-service": (
        "{name} (n'est plus dans la politique)",
        "{name} (no longer in the policy)",
    ),
    # treatments
    "treat.inspect": (
        "protégé : lu par Préau, pseudonymisé avant de partir",
        "protected: read by Préau, pseudonymised before it leaves",
    ),
    "treat.tunnel": (
        "non lu : passe tel quel, Préau n'en protège pas le contenu",
        "unread: passes as it is, Préau does not protect what it carries",
    ),
    "treat.deny": ("refusé : aucune connexion", "denied: no connection"),
    "treat.mixed": ("protégé, sauf sur {hosts} : non lu", "protected, except on {hosts}: unread"),
    "treat.charter": (
        "refusé : le fournisseur n'a pas adhéré à la charte",
        "denied: the supplier has not adhered to the charter",
    ),
    # charter
    "charter.yes": ("adhésion déclarée par l'établissement", "adhesion stated by the school"),
    "charter.yes-since": (
        "adhésion déclarée par l'établissement, depuis le {since}",
        "adhesion stated by the school, since {since}",
    ),
    "charter.to-confirm": ("adhésion à confirmer", "adhesion to be confirmed"),
    "charter.no": ("pas d'adhésion", "no adhesion"),
    # transfers
    "basis.adequacy": (
        "décision d'adéquation (RGPD, art. 45)",
        "adequacy decision (GDPR, Art. 45)",
    ),
    "basis.data-privacy-framework": (
        "décision d'adéquation « Data Privacy Framework » entre l'UE et les États-Unis "
        "(RGPD, art. 45), si le fournisseur y est inscrit",
        "adequacy decision on the EU-US Data Privacy Framework (GDPR, Art. 45), provided that "
        "the supplier is on its list",
    ),
    "basis.standard-clauses": (
        "clauses contractuelles types (RGPD, art. 46)",
        "standard contractual clauses (GDPR, Art. 46)",
    ),
    "basis.binding-rules": (
        "règles d'entreprise contraignantes (RGPD, art. 47)",
        "binding corporate rules (GDPR, Art. 47)",
    ),
    "basis.other-safeguards": (
        "autres garanties appropriées (RGPD, art. 46)",
        "other appropriate safeguards (GDPR, Art. 46)",
    ),
    "basis.derogation": (
        "dérogation pour situation particulière (RGPD, art. 49)",
        "derogation for a specific situation (GDPR, Art. 49)",
    ),
    "basis.to-confirm": ("à confirmer", "to be confirmed"),
    "basis.none": ("aucune base indiquée", "no basis stated"),
    "transfer.none": ("aucun", "none"),
    "transfer.to": ("{countries} ; base : {basis}", "{countries}; basis: {basis}"),
    "evidence": ("Justificatif", "Evidence"),
    "basis": ("Base juridique", "Legal basis"),
    # what is done to a field
    "do.pseudonymise": (
        "remplacé par un pseudonyme propre à ce service",
        "replaced by a pseudonym of this service alone",
    ),
    "do.drop": ("supprimé", "removed"),
    "do.generalise": ("rendu moins précis", "made less precise"),
    "do.generalise.year": ("réduit à l'année", "reduced to the year"),
    "do.generalise.month": ("réduit au mois", "reduced to the month"),
    "do.generalise.department": ("réduit au département", "reduced to the department"),
    "do.allow": ("transmis en clair", "sent in clear"),
    "do.refuse": ("la requête est refusée", "the request is refused"),
    "do.search": (
        "lu ; les personnes connues y sont remplacées par des pseudonymes",
        "read; people who are known are replaced by pseudonyms in it",
    ),
    # types of event
    "type.request-pseudonymised": ("Requêtes pseudonymisées", "Requests pseudonymised"),
    "type.answer-restored": ("Réponses où les noms ont été remis", "Answers with names put back"),
    "type.field-minimised": ("Données supprimées ou réduites", "Data removed or reduced"),
    "type.request-refused": ("Requêtes refusées", "Requests refused"),
    "type.answer-refused": ("Réponses refusées", "Answers refused"),
    "type.tracker-blocked": ("Traceurs bloqués", "Trackers blocked"),
    "type.parameters-stripped": ("Paramètres de pistage retirés", "Tracking parameters taken out"),
    "type.profiling-blocked": ("Collectes de profilage bloquées", "Profiling blocked"),
    "type.profiling-observed": (
        "Collectes de profilage vues et laissées passer",
        "Profiling seen and let through",
    ),
    "type.privacy-filtered": (
        "Échanges dont un champ révélateur a été retiré",
        "Exchanges that lost a revealing field",
    ),
    "type.request-spared": (
        "Requêtes d'une liste laissées passer par une règle",
        "Listed requests let pass by a rule",
    ),
    "type.exception-used": ("Exceptions temporaires utilisées", "Temporary exceptions used"),
    "type.connection-tunnelled": ("Connexions passées sans être lues", "Connections passed unread"),
    "type.connection-denied": ("Connexions refusées", "Connections denied"),
    "type.opaque-allowed": ("Contenus illisibles laissés passer", "Unreadable content let through"),
    "type.objection-enforced": ("Oppositions appliquées", "Objections enforced"),
    "type.photo-refused": ("Photos refusées", "Photos refused"),
    "type.canary-seen": (
        "Identifiants témoins vus hors de leur place",
        "Planted identifiers seen where they should not be",
    ),
}
"""Sentences by key."""

ADMINISTRATION: dict[str, tuple[str, str]] = {
    "policy-loaded": ("Politiques mises en vigueur", "Policies put in force"),
    "policy-rejected": ("Politiques rejetées", "Policies rejected"),
    "list-updated": ("Listes de blocage mises à jour", "Blocking lists updated"),
    "list-rejected": ("Listes de blocage rejetées", "Blocking lists rejected"),
    "key-rotated": ("Clés créées ou renouvelées", "Keys made or replaced"),
    "keys-destroyed": (
        "Clés détruites à la fin de la conservation",
        "Keys destroyed at the end of retention",
    ),
    "exception-added": ("Exceptions temporaires ajoutées", "Temporary exceptions added"),
    "exception-revoked": ("Exceptions temporaires révoquées", "Temporary exceptions revoked"),
    "exception-expired": ("Exceptions temporaires échues", "Temporary exceptions expired"),
    "directory-imported": ("Annuaires importés", "Rosters imported"),
    "roster-exported": (
        "Annuaires pseudonymes remis à un service",
        "Pseudonymous rosters written for a service",
    ),
    "consent-recorded": ("Autorisations de photo enregistrées", "Photo permissions recorded"),
    "canary-planted": ("Identifiants témoins créés", "Canaries planted"),
    "subject-erased": ("Effacements de personnes", "Erasures of persons"),
    "subject-reported": ("Réponses à des demandes d'accès", "Answers to requests for access"),
    "objection-recorded": ("Oppositions enregistrées", "Objections recorded"),
    "objection-withdrawn": ("Oppositions retirées", "Objections withdrawn"),
    "gateway-started": ("Démarrages de la passerelle", "Starts of the gateway"),
    "gateway-stopped": ("Arrêts de la passerelle", "Stops of the gateway"),
    "log-opened": ("Ouvertures du journal", "Openings of the log"),
    "log-sealed": ("Fermetures du journal", "Closings of the log"),
    "log-repaired": (
        "Réparations du journal après une panne",
        "Repairs of the log after a failure",
    ),
    "log-pruned": (
        "Suppressions d'événements arrivés à échéance",
        "Deletions of events at the end of their retention",
    ),
    "checkpoint-published": ("Points de contrôle publiés", "Checkpoints published"),
    "checkpoint-witnessed": (
        "Points de contrôle contresignés par un témoin",
        "Checkpoints signed by a witness",
    ),
    "witness-refused": ("Refus d'un témoin", "Refusals by a witness"),
    "clock-jump": ("Changements d'horloge", "Changes of the clock"),
    "console-login": (
        "Sessions d'administration ouvertes",
        "Sessions of administrators",
    ),
    "traffic-counted": ("Relevés de volume", "Counts of traffic"),
    "events-counted": (
        "Totaux conservés d'événements supprimés",
        "Totals kept of deleted events",
    ),
    "pruning-held": (
        "Suppressions suspendues : horloge douteuse",
        "Deletions held: doubtful clock",
    ),
    "admin-act": ("Autres actes d'administration", "Other administrative acts"),
    "evidence-made": ("Dossiers de preuve établis", "Evidence files made"),
}
"""Types of event about the gateway itself; others fall under their own name."""
