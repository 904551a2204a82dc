"""What a column holds, by the words of its header: no vendor's list of headers is ever whole.

A header is cut into words (``Prénom resp. légal 1``, ``student_last_name``, ``guardian2Email``).
Words for a person say whose the column is, a number says which of several, little words say
nothing; what remains is looked up. So one short table reads French, English and their
neighbours, in any order and with a letter wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.directory.importers.spelling import Aliases
from proxy.kinds import SubjectKind

_LEAST_KNOWN: Final = 3
_DIGITS: Final = 2
_MOST_WORDS: Final = 8
_LONGEST: Final = 100

OWN: Final = ""
"""The column speaks of whoever the row is about."""

NAMES: Final = frozenset({"family", "given", "full"})

_PERSONS: Final = {
    SubjectKind.PUPIL.value: (
        "eleve eleves enfant enfants student students pupil pupils learner learners child "
        "children etudiant etudiants apprenant apprenants stu schueler alumno alumna leerling"
    ),
    SubjectKind.GUARDIAN.value: (
        "responsable responsables resp rl representant representants parent parents pere mere "
        "father mother mom dad guardian guardians tuteur tutrice tuteurs contact contacts "
        "eltern padre madre genitore ouder observer"
    ),
    SubjectKind.STAFF.value: (
        "teacher teachers enseignant enseignants professeur professeurs prof profs instructor "
        "staff lehrer profesor docente leraar counselor advisor"
    ),
}
_PERSON_OF: Final = {word: kind for kind, words in _PERSONS.items() for word in words.split()}
_NUMBERED: Final = {"pere": 1, "father": 1, "dad": 1, "mere": 2, "mother": 2, "mom": 2}
_NOISE: Final = frozenset(
    "de du des d l la le les un une the of a s e required obligatoire optional optionnel "
    "facultatif string text field legal legale legaux personnel personnelle perso professionnel "
    "professionnelle pro personal home work domicile travail primary principal "
    "principale academique scolaire user utilisateurs official officiel summary census".split()
)
_FIELDS: Final = {
    "id": (
        "id sourcedid userid personid externalid externalidentifier objectid sisid sisuserid "
        "databaseid uuid idexterne identifiantexterne identifiantinterne idinterne hostid "
        "localid canvasuserid recordid peopleid dcid guid sourceid identifiantunique code cle"
    ),
    "integration": ("integrationid azureid immutableid onpremisesimmutableid entpersonjointure"),
    "family": (
        "nom nomfamille nomnaissance nompatronymique nomjeunefille lastname last lname "
        "surname familyname sn ln nachname familienname apellido apellidos primerapellido "
        "cognome achternaam nomfamilleofficiel nomlegal legallastname birthname nomlong"
    ),
    "usual": (
        "nomusage nomusuel nommarital nomepouse nomepoux preferredlastname "
        "preferredfamilyname usagename marriedname maidenname nompreference"
    ),
    "given": (
        "prenom prenoms firstname first fname givenname forename fn vorname nombre nombres "
        "nome voornaam legalfirstname christianname prenomofficiel"
    ),
    "middle": (
        "middlename middle mname deuxiemeprenom secondprenom autresprenoms autreprenom "
        "troisiemeprenom middlenames zweitername additionalname"
    ),
    "usual_given": (
        "prenomusuel prenomusage preferredfirstname preferredgivenname preferredname nickname "
        "knownas surnom goesby callingname prenompreference shortname alternatename"
    ),
    "full": (
        "fullname displayname name nomcomplet nomprenom nometprenom prenomnom prenometnom "
        "prenometnom nomaffiche nomaffichage lastfirst sortablename namefull completename "
        "anzeigename nomsprenoms nomsetprenoms identite nombrecompleto vollername "
        "formattedname lastnamefirstname firstnamelastname namelastfirst cn"
    ),
    "email": (
        "email emails mail mails mel melacademique courriel courriels emailaddress emailaddr "
        "adresseemail adressemail adresseelectronique adressecourriel adressemel "
        "adressemessagerie mailadresse emailadresse correo correoelectronico indirizzoemail "
        "secondaryemail alternateemail alternateemailaddress alternateemails othermails "
        "otheremail emailsecondaire proxyaddresses recoveryemail mailnickname smtp"
    ),
    "login": (
        "login logins username userprincipalname userprincipal loginid identifiant "
        "identifiants identifiantconnexion identifianteduconnect eduloginid nomutilisateur "
        "nomconnexion samaccountname sisusername benutzername usuario nombreusuario "
        "gebruikersnaam uid compte pseudo oldusername principalname upn webid studentwebid "
        "account accountname useralias alias loginname identifiantent nomcompte userlogin "
        "principal"
    ),
    "national": (
        "ine numeroine noine nine ineeleve numine identifiantnational idnational nonational "
        "nnational numeronational numnational identifiantnationaleleve codeine stateid "
        "statenumber statestudentnumber statestudentid stateidentifier uniquepupilnumber "
        "nationalid nationalidentifier ssid"
    ),
    "number": (
        "numero num number matricule idnumber identifier employeeid employeenumber "
        "employeenum personnumber elenoet admissionnumber admissionno localstudentid otherid "
        "cardnumber numen numerointerne ninterne numeroidentification numerobadge badge "
        "numerodossier schulnummer numbersis sisnumber usernumber ndossier"
    ),
    "phone": (
        "telephone telephones tel tels phone phones mobile portable cell cellphone gsm sms "
        "telephonenumber phonenumber mobilephone mobilephonenumber telephoneportable "
        "telephonemobile telportable telmobile telfixe telephonefixe telefon telefono handy "
        "numerotelephone numeroportable numerotel officephone businessphones fixe "
        "recoveryphone celltelephone"
    ),
    "birth": (
        "datenaissance datenaiss naissance nele nee ne neele birthdate birth dateofbirth "
        "datebirth dob birthday geburtsdatum geburtstag fechanacimiento geboortedatum "
        "datanascita datadinascita ddn jourdenaissance bday nelejjmmaaaa dateneissance"
    ),
    "class": (
        "classe classes libelleclasse codeclasse nomclasse division divisions class klasse "
        "clase homeroom homeroomname room section sectionname sections groupe groupes group "
        "groups course cohort cohorte enrolledin assignedto classroom classrooms classname "
        "classenames tutorgroup registrationgroup form yearform structureclasse regroupement "
        "classesenrolled classesgroupes classeprincipale period"
    ),
    "school": (
        "etablissement etablissements ecole uai rne codeuai coderne codeetablissement "
        "uaietablissement schoolid school schoolname schoolnumber institution locationid "
        "location campus schule escuela structure structures company companyname organisation "
        "organization calendarname calendar facility schools nometablissement entityid"
    ),
    "kind": (
        "profil profils profile type types role roles usertype userrole typeprofil typeuser "
        "declaredusertype categorie kind persontype categoriepersonne persona rolename "
        "systemrole profilutilisateur profilname statutprofil"
    ),
    "title": (
        "jobtitle title department service fonction fonctions discipline employeetype "
        "employeetitle poste metier division2 orgunitpath ou staffclassification matiere "
        "matieres function"
    ),
    "status": ("status statut etat deleted enrollmentstatus enrolstatus userstatus"),
    "left": ("datesortie dateradiation exitdate withdrawaldate leavingdate enddate dateleft exit"),
    "child_id": ("childids childid wards relatedstudents associatedstudentid"),
}
_FIELD_OF: Final = Aliases({w: field for field, words in _FIELDS.items() for w in words.split()})
_SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_BRACKETS = re.compile(r"\[([^\]]*)\]|\(('[^)]*'|[^)]*)\)")


class Meaning(NamedTuple):
    """Whose a column is, which of several, and what it holds."""

    whose: str
    """``OWN``, or the value of a ``SubjectKind``."""
    number: int
    field: str


@lru_cache(1024)
def meaning_of(header: str) -> Meaning | None:
    """What a header says; ``None`` if nothing that counts."""
    if len(header) > _LONGEST or "@" in header:
        return None
    plain = _plain(_BRACKETS.sub(" ", header))
    inside = [one or two for one, two in _BRACKETS.findall(header)]
    tried = [plain, _plain(header), *map(_plain, inside)]
    return next(filter(None, (_read(_words(text)) for text in tried)), None)


def is_known(cells: Sequence[str]) -> bool:
    """Whether enough of these cells are headers for the line to be the one that holds them."""
    return sum(meaning_of(cell.strip()) is not None for cell in cells) >= _LEAST_KNOWN


def header_line(lines: Sequence[Sequence[str]]) -> int:
    """Which of the first lines holds the headers: exports put titles and dates above them."""
    known = [sum(meaning_of(cell.strip()) is not None for cell in line) for line in lines]
    if not known or known[0] >= _LEAST_KNOWN or max(known) < _LEAST_KNOWN:
        return 0
    return next(at for at, count in enumerate(known) if count >= _LEAST_KNOWN)


def _plain(text: str) -> str:
    text = text.replace("œ", "oe").replace("°", "o")
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _words(text: str) -> list[str]:
    parts = re.split(r"[^A-Za-z0-9]+", _SPLIT.sub(" ", text))
    return [part.lower() for part in parts if part]


def _read(words: list[str]) -> Meaning | None:
    numbers = [int(word) for word in words if word.isdigit() and len(word) <= _DIGITS]
    number = numbers[0] if numbers else 0
    words = [word for word in words if not word.isdigit()]
    if not words or len(words) > _MOST_WORDS:
        return None
    persons = [word for word in words if word in _PERSON_OF]
    rest = [word for word in words if word not in _PERSON_OF]
    quiet = [word for word in rest if word not in _NOISE]
    if not persons:
        field = _field(words) or _field(quiet)
        return Meaning(OWN, number, field) if field else None
    kinds = [_PERSON_OF[word] for word in persons]
    # ``student.homeroomTeacher``, ``student guardian name``: not the pupil's.
    whose = next((kind for kind in kinds if kind != SubjectKind.PUPIL), kinds[0])
    number = number or _NUMBERED.get(persons[0], 0)
    field = "full" if not quiet else _field(rest) or _field(quiet)
    return Meaning(whose, number, field) if field else None


def _field(words: list[str]) -> str:
    return _FIELD_OF.get("".join(words), "")
