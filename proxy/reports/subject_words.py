"""The words of a person's report, in French and English."""

from __future__ import annotations

from proxy.kinds import Kind

WORDS: dict[str, dict[str, str]] = {
    "title": {"fr": "Ce que Préau sait de vous", "en": "What Préau knows of you"},
    "about": {
        "fr": "Vos données dans Préau, les pseudonymes que chaque service voit à la place, ce qui "
              "y a été envoyé et quand, et vos droits (RGPD, art. 15). Cette page ne quitte pas "
              "l'établissement ; gardez-la comme un document personnel.",
        "en": "Your data in Préau, the pseudonyms that each service sees instead, what was sent "
              "there and when, and your rights (GDPR, Art. 15). This page stays in the school; "
              "keep it as you keep a personal document.",
    },
    "site": {"fr": "Établissement", "en": "Site"},
    "sort": {"fr": "Donnée", "en": "Data"},
    "value": {"fr": "Valeur", "en": "Value"},
    "whose": {"fr": "À qui", "en": "Whose"},
    "choice": {"fr": "Choix", "en": "Choice"},
    "what": {"fr": "Quoi", "en": "What"},
    "detail": {"fr": "Précision", "en": "Detail"},
    "services": {"fr": "Vos services", "en": "Your services"},
    "services.what": {
        "fr": "Un pseudonyme est un mot inventé que le service reçoit à la place de votre nom ; "
              "seul l'établissement sait que c'est vous.",
        "en": "A pseudonym is a made-up word that the service gets in place of your name; only "
              "the school knows that it is you.",
    },
    "first": {"fr": "Premier jour", "en": "First day"},
    "last": {"fr": "Dernier jour", "en": "Last day"},
    "times": {"fr": "Requêtes", "en": "Requests"},
    "instead": {"fr": "ce que le service voit à la place", "en": "what the service sees instead"},
    "rights": {"fr": "Vos droits", "en": "Your rights"},
    "person": {"fr": "Vous", "en": "You"},
    "made": {"fr": "Établi le", "en": "Made on"},
    "handle": {"fr": "Votre numéro de dossier", "en": "Your file number"},
    "kind": {"fr": "Qualité", "en": "You are"},
    "pupil": {"fr": "élève", "en": "pupil"},
    "staff": {"fr": "personnel", "en": "staff"},
    "self": {"fr": "la personne elle-même", "en": "the person"},
    "guardian": {"fr": "responsable légal", "en": "guardian"},
    "places": {"fr": "Établissements et classes", "en": "Schools and classes"},
    "state": {"fr": "Situation", "en": "State"},
    "active": {"fr": "dans l'annuaire", "en": "in the directory"},
    "left": {"fr": "parti ; conservé pour relire les anciens pseudonymes",
             "en": "left; kept so that old pseudonyms can be read"},
    "held": {"fr": "Données tenues dans l'annuaire", "en": "Data held in the directory"},
    "alone": {"fr": "à vous", "en": "yours"},
    "shared": {"fr": "peut être celle d'autres aussi", "en": "may be others' too"},
    "nothing": {"fr": "aucune", "en": "none"},
    "choices": {"fr": "Vos choix", "en": "Your choices"},
    "objection": {"fr": "Opposition", "en": "Objection"},
    "every": {"fr": "tous les services", "en": "every service"},
    "consent": {"fr": "Accord pour les images", "en": "Consent to pictures"},
    "no-end": {"fr": "sans terme", "en": "no end"},
    "none": {"fr": "aucun", "en": "none"},
    "service": {"fr": "Service", "en": "Service"},
    "supplier": {"fr": "Fournisseur", "en": "Supplier"},
    "purpose": {"fr": "Finalité", "en": "Purpose"},
    "retention": {"fr": "Conservation par le service", "en": "Kept by the service"},
    "unsaid": {"fr": "non indiquée", "en": "not said"},
    "treatment": {"fr": "Traitement", "en": "Treatment"},
    "inspect": {"fr": "vos identifiants sont remplacés par des pseudonymes",
                "en": "your identifiers are replaced by pseudonyms"},
    "tunnel": {"fr": "passe sans être lu : ce que vous y envoyez, le service le voit",
               "en": "passes unread: what you send there, the service sees"},
    "deny": {"fr": "refusé : rien ne part", "en": "denied: nothing leaves"},
    "enforced": {"fr": "appliquée", "en": "enforced"},
    "seen": {"fr": "Envoyé sous pseudonyme", "en": "Sent under a pseudonym"},
    "never": {"fr": "jamais, d'après nos comptes", "en": "never, by our counts"},
    "maybe": {"fr": " (peut désigner un homonyme)", "en": " (may mean a namesake)"},
    "pseudonym": {"fr": "Pseudonyme", "en": "Pseudonym"},
    "closing": {
        "fr": "Les comptes disent quel jour et combien de fois, jamais le contenu ; ils peuvent "
              "ignorer la dernière demi-minute avant une panne. Rectification, opposition, "
              "effacement : {contact}. Réclamation : CNIL, www.cnil.fr.",
        "en": "Counts say on what days and how often, never the content; they may lack the last "
              "half minute before a breakdown. To correct, object or erase: {contact}. "
              "Complaints: your data protection authority (in France the CNIL).",
    },
}  # fmt: skip

_KINDS: dict[Kind, dict[str, str]] = {
    Kind.GIVEN_NAME: {"fr": "prénom", "en": "given name"},
    Kind.FAMILY_NAME: {"fr": "nom de famille", "en": "family name"},
    Kind.FULL_NAME: {"fr": "nom complet", "en": "full name"},
    Kind.EMAIL: {"fr": "adresse électronique", "en": "e-mail address"},
    Kind.LOGIN: {"fr": "identifiant de connexion", "en": "login"},
    Kind.NATIONAL_ID: {"fr": "INE", "en": "national id (INE)"},
    Kind.STUDENT_NUMBER: {"fr": "numéro d'élève", "en": "student number"},
    Kind.PHONE: {"fr": "téléphone", "en": "phone"},
    Kind.BIRTH_DATE: {"fr": "date de naissance", "en": "date of birth"},
    Kind.ADDRESS: {"fr": "adresse", "en": "address"},
    Kind.PHOTO: {"fr": "photo", "en": "photo"},
    Kind.UUID: {"fr": "UUID", "en": "UUID"},
    Kind.TEXT: {"fr": "clé commune à plusieurs sources", "en": "key that several sources share"},
}


def kind_word(kind: Kind, language: str) -> str:
    """A kind of value, for people."""
    return _KINDS[kind][language]
