"""Why something was refused: a closed list, one name from policy to page, metric and audit.

Add a reason here, with its French and English sentence, before you use it anywhere.
"""

from enum import StrEnum


class Reason(StrEnum):
    """A reason of refusal. The value is stable: dashboards and auditors rely on it."""

    UNKNOWN_SERVICE = "unknown-service"
    SERVICE_DENIED = "service-denied"
    CHARTER_NOT_ADHERED = "charter-not-adhered"
    RULE_DENIED = "rule-denied"
    TRACKER_BLOCKED = "tracker-blocked"
    PROFILING_BLOCKED = "profiling-blocked"
    NO_SNI = "no-sni"
    IP_LITERAL = "ip-literal"
    HOST_MISMATCH = "host-mismatch"
    HIDDEN_NAME = "hidden-name"
    PLAIN_HTTP = "plain-http"
    MALFORMED_REQUEST = "malformed-request"
    HEADERS_TOO_LARGE = "headers-too-large"
    BODY_TOO_LARGE = "body-too-large"
    UNDECODABLE = "undecodable"
    EXPANSION_LIMIT = "expansion-limit"
    OPAQUE_CONTENT = "opaque-content"
    PHOTO_REFUSED = "photo-refused"
    PHOTO_WITHOUT_CONSENT = "photo-without-consent"
    OBJECTION = "objection"
    SIGNED_CONTENT = "signed-content"
    CONTENT_MISMATCH = "content-mismatch"
    PARTIAL_CONTENT = "partial-content"
    FIELD_REFUSED = "field-refused"
    PSEUDONYMS_USED_UP = "pseudonyms-used-up"
    ENGINE_ERROR = "engine-error"
    STORE_UNAVAILABLE = "store-unavailable"
    AUDIT_UNAVAILABLE = "audit-unavailable"
    KEYS_UNAVAILABLE = "keys-unavailable"
    UPSTREAM_CERTIFICATE = "upstream-certificate"
    UPSTREAM_UNREACHABLE = "upstream-unreachable"
    MALFORMED_ANSWER = "malformed-answer"
    ANSWER_LATE = "answer-late"
    REQUEST_LATE = "request-late"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    TOO_MANY_FRAMES = "too-many-frames"
    ANSWER_UNREAD = "answer-unread"
    OVERLOADED = "overloaded"

    @property
    def fr(self) -> str:
        """The sentence shown to French readers."""
        return _TEXT[self][0]

    @property
    def en(self) -> str:
        """The sentence shown to English readers."""
        return _TEXT[self][1]


_TEXT: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_SERVICE: (
        "Ce service n'est pas dans la liste de votre établissement.",
        "This service is not on your school's list.",
    ),
    Reason.SERVICE_DENIED: (
        "Votre établissement n'autorise pas ce service.",
        "Your school does not allow this service.",
    ),
    Reason.CHARTER_NOT_ADHERED: (
        "Ce fournisseur n'a pas adhéré à la charte demandée.",
        "This supplier has not signed the required charter.",
    ),
    Reason.RULE_DENIED: (
        "Votre établissement ne l'autorise pas ici, ou pas à cette heure.",
        "Your school does not allow this here, or not at this hour.",
    ),
    Reason.TRACKER_BLOCKED: (
        "Cette adresse sert à la publicité ou au pistage.",
        "This address serves advertising or tracking.",
    ),
    Reason.PROFILING_BLOCKED: (
        "Cette requête rapporte un comportement : « pas de modèle prédictif du comportement ».",
        'This request reports on behaviour: "no predictive models of behaviour".',
    ),
    Reason.NO_SNI: (
        "La connexion ne dit pas à quel site elle s'adresse.",
        "The connection does not say which site it is for.",
    ),
    Reason.IP_LITERAL: (
        "L'adresse est un numéro IP et non un nom de site.",
        "The address is an IP number, not a site name.",
    ),
    Reason.HIDDEN_NAME: (
        "La connexion cache le nom du site où elle va (ECH). Votre établissement demande de "
        "désactiver cette fonction du navigateur.",
        "The connection hides the name of the site it goes to (ECH). Your school asks to turn "
        "this function of the browser off.",
    ),
    Reason.HOST_MISMATCH: (
        "La connexion annonce un site et en demande un autre.",
        "The connection announces one site and asks for another.",
    ),
    Reason.PLAIN_HTTP: (
        "La connexion n'est pas chiffrée (http au lieu de https).",
        "The connection is not encrypted (http instead of https).",
    ),
    Reason.MALFORMED_REQUEST: ("La requête est mal formée.", "The request is malformed."),
    Reason.HEADERS_TOO_LARGE: (
        "Les en-têtes de la requête sont trop volumineux.",
        "The request headers are too large.",
    ),
    Reason.BODY_TOO_LARGE: (
        "Le contenu est trop volumineux pour être vérifié.",
        "The content is too large to be checked.",
    ),
    Reason.UNDECODABLE: (
        "Le contenu n'a pas pu être décodé, donc pas vérifié.",
        "The content could not be decoded, hence not checked.",
    ),
    Reason.EXPANSION_LIMIT: (
        "Le contenu compressé dépasse la limite une fois décompressé.",
        "The compressed content exceeds the limit once expanded.",
    ),
    Reason.OPAQUE_CONTENT: (
        "Le contenu est illisible pour Préau, qui ne peut donc pas le protéger.",
        "Préau cannot read this content, so it cannot protect it.",
    ),
    Reason.PHOTO_REFUSED: (
        "Ce service ne doit pas recevoir de photos ni d'images.",
        "This service must not receive photos or pictures.",
    ),
    Reason.PHOTO_WITHOUT_CONSENT: (
        "Cette image ne peut partir qu'avec l'accord des personnes concernées, nommées dans "
        "l'envoi ; il manque un accord ou un nom.",
        "This picture may only leave with the consent of the people concerned, named with it; "
        "a consent or a name is missing.",
    ),
    Reason.OBJECTION: (
        "Une personne nommée dans cet envoi s'est opposée à l'usage de ce service ; "
        "rien n'a été transmis.",
        "Somebody named in this request objects to this service; nothing was sent.",
    ),
    Reason.SIGNED_CONTENT: (
        "Le contenu est signé et porte une identité : il ne peut pas être modifié.",
        "The content is signed and carries an identity: it cannot be changed.",
    ),
    Reason.CONTENT_MISMATCH: (
        "Le contenu n'est pas du type annoncé.",
        "The content is not of the declared type.",
    ),
    Reason.PARTIAL_CONTENT: (
        "Le contenu vient par morceaux, qui ne peuvent pas être vérifiés un à un.",
        "The content comes in parts, which cannot be checked one by one.",
    ),
    Reason.FIELD_REFUSED: (
        "La requête contient une donnée que ce service ne doit pas recevoir.",
        "The request holds data that this service must not receive.",
    ),
    Reason.PSEUDONYMS_USED_UP: (
        "Tous les pseudonymes de ce format sont déjà attribués pour ce service.",
        "All pseudonyms of this form have been given away for this service.",
    ),
    Reason.ENGINE_ERROR: (
        "Préau a rencontré une erreur ; par prudence rien n'a été transmis.",
        "Préau met an error; to be safe nothing was sent.",
    ),
    Reason.STORE_UNAVAILABLE: (
        "Le coffre des pseudonymes ne répond pas.",
        "The pseudonym store does not answer.",
    ),
    Reason.AUDIT_UNAVAILABLE: (
        "Le journal d'audit ne peut pas être écrit.",
        "The audit log cannot be written.",
    ),
    Reason.KEYS_UNAVAILABLE: (
        "Les clés de l'établissement ne sont pas disponibles.",
        "The site's keys are not available.",
    ),
    Reason.UPSTREAM_CERTIFICATE: (
        "Le certificat du service n'est pas valable.",
        "The service's certificate is not valid.",
    ),
    Reason.UPSTREAM_UNREACHABLE: (
        "Le service ne répond pas.",
        "The service does not answer.",
    ),
    Reason.MALFORMED_ANSWER: (
        "La réponse du service est mal formée.",
        "The service's answer is malformed.",
    ),
    Reason.ANSWER_LATE: (
        "Le service n'a pas répondu à temps.",
        "The service did not answer in time.",
    ),
    Reason.REQUEST_LATE: (
        "La requête n'est pas arrivée à temps.",
        "The request did not arrive in time.",
    ),
    Reason.TOO_MANY_CONNECTIONS: (
        "Trop de connexions sont ouvertes ; réessayez dans un instant.",
        "Too many connections are open; try again in a moment.",
    ),
    Reason.TOO_MANY_FRAMES: (
        "La connexion a abusé du protocole HTTP/2.",
        "The connection misused the HTTP/2 protocol.",
    ),
    Reason.ANSWER_UNREAD: (
        "Le poste ne lit pas la réponse qui l'attend.",
        "The device does not read the answer that waits for it.",
    ),
    Reason.OVERLOADED: (
        "Préau est surchargé ; réessayez dans un instant.",
        "Préau is overloaded; try again in a moment.",
    ),
}
