"""Writers of the national roster formats, as schools' software writes them.

They share nothing with the importers: each puts down what the format's users see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from french_people import Being

UAI = "0751234A"
OLD_NAMES = {"NOM_DE_FAMILLE": "NOM", "ID_NATIONAL": "INE_BEA"}


def element(tag: str, text: str = "", attributes: str = "") -> str:
    if not text:
        return f"<{tag}{attributes}/>"
    return f"<{tag}{attributes}>{escape(text)}</{tag}>"


# --- SIECLE --------------------------------------------------------------------------------


def siecle_pupils(people: Iterable[Being], *, old: bool = False, uai: str = UAI) -> str:
    people = list(people)
    rows = "\n".join(_siecle_pupil(one, old) for one in people)
    places = "\n".join(
        f'<STRUCTURES_ELEVE ELEVE_ID="{one.number}" ELENOET="{one.number + 7}">'
        + "".join(
            f"<STRUCTURE><CODE_STRUCTURE>{escape(code)}</CODE_STRUCTURE>"
            f"<TYPE_STRUCTURE>{'GD'[not index]}</TYPE_STRUCTURE></STRUCTURE>"
            for index, code in enumerate(one.classes)
        )
        + "</STRUCTURES_ELEVE>"
        for one in people
    )
    return (
        '<BEE_ELEVES VERSION="2.1">\n<PARAMETRES>\n'
        f"<UAJ>{uai}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>\n</PARAMETRES>\n<DONNEES>\n"
        f"<ELEVES>\n{rows}\n</ELEVES>\n<OPTIONS><OPTION ELEVE_ID='1'><OPTIONS_ELEVE>"
        f"<NUM_OPTION>1</NUM_OPTION></OPTIONS_ELEVE></OPTION></OPTIONS>\n"
        f"<STRUCTURES>\n{places}\n</STRUCTURES>\n</DONNEES>\n</BEE_ELEVES>\n"
    )


def _siecle_pupil(one: Being, old: bool) -> str:
    family, ine = ("NOM", "INE_BEA") if old else ("NOM_DE_FAMILLE", "ID_NATIONAL")
    further = "".join(
        element(f"PRENOM{index}", name) for index, name in enumerate(one.further, start=2)
    )
    return (
        f'<ELEVE ELEVE_ID="{one.number}" ELENOET="{one.number + 7}">\n'
        f"{element(ine, one.ine)}\n{element('ELENOET', str(one.number + 7))}\n"
        f"{element(family, one.family)}\n{element('NOM_USAGE', one.usual)}\n"
        f"{element('PRENOM', one.given)}{further}\n"
        f"{element('DATE_NAISS', one.french_date())}\n{element('DATE_SORTIE', one.left)}\n"
        f"{element('TEL_PORTABLE', ' '.join(one.phones))}{element('MEL', one.email)}\n"
        "<SCOLARITE_AN_DERNIER><CODE_RNE>0759999Z</CODE_RNE><MEL>autre@ecole.example</MEL>"
        "<TELEPHONE>0199001122</TELEPHONE></SCOLARITE_AN_DERNIER>\n</ELEVE>"
    )


def siecle_guardians(people: Iterable[Being], *, old: bool = False, uai: str = UAI) -> str:
    people = list(people)
    family = "NOM" if old else "NOM_DE_FAMILLE"
    rows = "\n".join(
        f'<PERSONNE PERSONNE_ID="{one.number}">\n{element(family, one.family)}\n'
        f"{element('NOM_USAGE', one.usual)}{element('PRENOM', one.given)}\n"
        "<LC_CIVILITE>M.</LC_CIVILITE>\n"
        + "".join(map(element, ("TEL_PERSONNEL", "TEL_PORTABLE"), one.phones))
        + f"{element('MEL', one.email)}<ADRESSE_ID>1</ADRESSE_ID></PERSONNE>"
        for one in people
    )
    links = "".join(
        f"<RESPONSABLE_ELEVE><ELEVE_ID>{child}</ELEVE_ID><PERSONNE_ID>{one.number}</PERSONNE_ID>"
        "<RESP_LEGAL>1</RESP_LEGAL></RESPONSABLE_ELEVE>"
        for one in people
        for child in one.children
    )
    return (
        '<BEE_RESPONSABLES VERSION="2.1"><PARAMETRES>'
        f"<UAJ>{uai}</UAJ></PARAMETRES>\n<DONNEES><PERSONNES>\n{rows}\n</PERSONNES>\n"
        f"<RESPONSABLES>{links}</RESPONSABLES>\n<ADRESSES><ADRESSE ADRESSE_ID='1'>"
        "<LIGNE1_ADRESSE>1 rue Haute</LIGNE1_ADRESSE></ADRESSE></ADRESSES>\n"
        "</DONNEES></BEE_RESPONSABLES>\n"
    )


# --- STS-web -------------------------------------------------------------------------------


def sts(people: Iterable[Being], *, uai: str = UAI, kind: str = "epp") -> str:
    people = list(people)
    rows = "\n".join(
        f'<INDIVIDU ID="{one.number}" TYPE="{kind}">\n'
        f"{element('NOM_USAGE', one.usual or one.family)}\n"
        f"{element('NOM_PATRONYMIQUE', one.family)}\n{element('PRENOM', one.given)}"
        f"<CIVILITE>2</CIVILITE>{element('DATE_NAISSANCE', one.iso_date())}\n"
        "<FONCTION>ENS</FONCTION><PROFS_PRINC>"
        + "".join(
            f"<PROF_PRINC>{element('CODE_STRUCTURE', code)}<DATE_DEBUT>2026-09-01</DATE_DEBUT>"
            "</PROF_PRINC>"
            for code in one.classes[:1]
        )
        + "</PROFS_PRINC></INDIVIDU>"
        for one in people
    )
    codes = dict.fromkeys(code for one in people for code in one.classes[1:])
    divisions = "\n".join(
        f'<DIVISION CODE="{escape(code)}"><LIBELLE_LONG>{escape(code)}</LIBELLE_LONG><SERVICES>'
        '<SERVICE CODE_MATIERE="030001"><ENSEIGNANTS>'
        + "".join(
            f'<ENSEIGNANT ID="{one.number}" TYPE="{kind}"/>'
            for one in people
            if code in one.classes[1:]
        )
        + "</ENSEIGNANTS></SERVICE></SERVICES></DIVISION>"
        for code in codes
    )
    return (
        f'<STS_EDT><PARAMETRES><UAJ CODE="{uai}"><SIGLE>CLG</SIGLE></UAJ>'
        '<ANNEE_SCOLAIRE ANNEE="2026"/></PARAMETRES><DONNEES>\n'
        f"<INDIVIDUS>\n{rows}\n</INDIVIDUS>\n<STRUCTURE><DIVISIONS>{divisions}</DIVISIONS>"
        "<GROUPES/></STRUCTURE></DONNEES></STS_EDT>\n"
    )


# --- AAF -----------------------------------------------------------------------------------

DOCTYPE = '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">\n'
FIRST_DEGREE = {
    "sn": "ENTPersonNom",
    "givenName": "ENTPersonPrenom",
    "mail": "ENTPersonMail",
    "homePhone": "ENTPersonTelPerso",
    "mobile": "ENTPersRelEleveTelMobile",
    "ENTEleveClasses": "ENTPersonClasses",
    "ENTElevePersRelEleve": "ENTEleveAutoriteParentale",
    "ENTEleveINE": "ENTEleveIne",
}


def aaf(requests: Iterable[str]) -> str:
    return (
        f"{DOCTYPE}<ficAlimMENESR>\n<!-- AAF -->\n" + "\n".join(requests) + "\n</ficAlimMENESR>\n"
    )


def aaf_request(
    verb: str,
    category: str,
    number: str,
    attributes: Sequence[tuple[str, Sequence[str]]] = (),
    *,
    first_degree: bool = False,
) -> str:
    about = "categorieStructure" if category == "EtabEducNat" else "categoriePersonne"
    many, one = ("modifications", "modification") if verb == "modify" else ("attributes", "attr")
    operation = ' operation="replace"' if verb == "modify" else ""
    lines = "\n".join(
        f'<{one} name="{FIRST_DEGREE.get(name, name) if first_degree else name}"{operation}>'
        + ("".join(f"<value>{escape(value)}</value>" for value in values) or "<value/>")
        + f"</{one}>"
        for name, values in attributes
    )
    return (
        f'<{verb}Request>\n<operationalAttributes><attr name="{about}"><value>{category}</value>'
        f"</attr></operationalAttributes>\n<identifier><id>{escape(number)}</id></identifier>\n"
        + (f"<{many}>\n{lines}\n</{many}>\n" if lines else "")
        + f"</{verb}Request>"
    )


def aaf_school(number: str = "52000", uai: str = UAI) -> str:
    return aaf_request(
        "add",
        "EtabEducNat",
        number,
        [("ENTStructureJointure", [number]), ("ENTStructureUAI", [uai])],
    )


def aaf_pupil(
    one: Being, guardians: Sequence[int] = (), *, school: str = "52000", **options: bool
) -> str:
    return aaf_request(
        "add",
        "Eleve",
        str(one.number),
        [
            ("ENTPersonJointure", [str(one.number)]),
            ("ENTEleveINE", [one.ine]),
            ("ENTPersonDateNaissance", [one.french_date()]),
            ("ENTPersonNomPatro", [one.family]),
            ("sn", [one.usual or one.family]),
            ("givenName", [one.given]),
            ("ENTPersonAutresPrenoms", [one.given, *one.further]),
            ("mail", [one.email] if one.email else []),
            ("homePhone", one.phones),
            ("ENTPersonStructRattach", [school]),
            ("ENTEleveClasses", [f"{school}${code}" for code in one.classes]),
            ("ENTElevePersRelEleve", [f"{number}$1$1$1$1$0" for number in guardians]),
        ],
        **options,
    )


def aaf_guardian(one: Being, **options: bool) -> str:
    return aaf_request(
        "add",
        "PersRelEleve",
        str(one.number),
        [
            ("ENTPersonJointure", [str(one.number)]),
            ("ENTPersonDateNaissance", []),
            ("ENTPersonNomPatro", [one.family]),
            ("sn", [one.usual or one.family]),
            ("givenName", [one.given]),
            ("homePhone", one.phones[:1]),
            ("mobile", one.phones[1:]),
            ("mail", [one.email] if one.email else []),
        ],
        **options,
    )


def aaf_staff(one: Being, *, school: str = "52000", **options: bool) -> str:
    return aaf_request(
        "add",
        "PersEducNat",
        str(one.number),
        [
            ("ENTPersonJointure", [str(one.number)]),
            ("ENTPersonDateNaissance", [one.french_date()]),
            ("ENTPersonNomPatro", [one.family]),
            ("sn", [one.usual or one.family]),
            ("givenName", [one.given]),
            ("mail", [one.email]),
            ("ENTPersonStructRattach", [school]),
            ("ENTAuxEnsClassesMatieres", [f"{school}${code}$006600" for code in one.classes]),
            ("ENTPersonFonctions", [f"{school}$ENS$ENSEIGNEMENT$L0202$LETTRES"]),
        ],
        **options,
    )


def aaf_folder(
    folder: Path,
    pupils: Sequence[Being],
    guardians: Sequence[Being],
    staff: Sequence[Being],
    *,
    encoding: str = "iso-8859-15",
    first_degree: bool = False,
) -> Path:
    folder.mkdir(exist_ok=True)
    of_child = {child: one.number for one in guardians for child in one.children}
    option = {"first_degree": first_degree}
    half = len(pupils) // 2
    parts = {
        "EtabEducNat_0000": [aaf_school()],
        "Eleve_0000": [aaf_pupil(p, [of_child[p.number]], **option) for p in pupils[:half]],
        "Eleve_0001": [aaf_pupil(p, [of_child[p.number]], **option) for p in pupils[half:]],
        "PersRelEleve_0000": [aaf_guardian(one, **option) for one in guardians],
        "PersEducNat_0000": [aaf_staff(one, **option) for one in staff],
    }
    for part, requests in parts.items():
        write_xml(folder / f"ENT_Complet_20260901_{part}.xml", aaf(requests), encoding)
    (folder / "ficAlimMENESR.dtd").write_text("<!ELEMENT ficAlimMENESR (addRequest)*>\n")
    return folder


# --- ONDE ----------------------------------------------------------------------------------

ONDE_PUPILS = (
    "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;Sexe;INE;Adresse1;Cp1;Commune1;Pays1;"
    "Adresse2;Cp2;Commune2;Pays2; Cycle;Niveau;Libellé classe;Identifiant classe;Attestation "
    "fournie;Autorisation associations;Autorisation photo;Décision de passage"
)
ONDE_PUPILS_2013 = (
    "Nom Elève;Nom d'usage Elève;Prénom Elève;Date naissance;Sexe;Adresse1;Cp1;Commune1;Pays1;"
    "Adresse2;Cp2;Commune2;Pays2; Cycle;Niveau;Classe;Attestation fournie;Autorisations "
    "associations;Autorisations photos;Décision de passage"
)
ONDE_GUARDIANS = (
    "Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;Adresse "
    "responsable;CP responsable;Commune responsable;Pays;Courriel;Téléphone domicile;Téléphone "
    "travail;Téléphone portable;"
)
ONDE_CHILD = "Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants"
ONDE_STAFF = (
    "Civilité;Nom usage;Nom;Prénom;Adresse;CP;Commune;Pays;Courriel;Téléphone domicile;Téléphone "
    "portable;Directeur;Classe"
)


def table(header: str, rows: Iterable[Sequence[str]], *, quoted: bool = False) -> str:
    lines = [header.split(";"), *rows]
    if quoted:
        lines = [[f'"{cell}"' if cell else "" for cell in line] for line in lines]
    return "".join(";".join(line) + "\r\n" for line in lines)


def onde_pupils(people: Iterable[Being], *, dialect: int = 2018) -> str:
    if dialect == 2018:
        return table(ONDE_PUPILS, map(_onde_pupil, people))
    rows = (
        (
            one.family,
            one.usual,
            one.given,
            one.iso_date(),
            "F",
            *([""] * 8),
            "CYCLE II",
            "CE1",
            *one.classes,
            "Oui",
            "Non",
            "Oui",
            "",
        )
        for one in people
    )
    return table(ONDE_PUPILS_2013, rows, quoted=True)


def _onde_pupil(one: Being) -> list[str]:
    start = [one.family, one.usual, one.given, one.french_date(), "M", one.ine]
    place = ["1 rue Haute", "21000", "Dijon", "FRANCE", "", "", "", ""]
    return [*start, *place, "CYCLE II", "CE2", *one.classes, "99999", "Non", "Non", "Non", ""]


def onde_guardians(people: Iterable[Being], pupils: Iterable[Being], *, dialect: int = 2018) -> str:
    """Rows end with their last child."""
    known = {one.number: one for one in pupils}
    people = list(people)
    most = max((len(one.children) for one in people), default=1)
    extra = "" if dialect == 2018 else "Numéro de poste;"
    header = ONDE_GUARDIANS.replace("Téléphone portable;", f"{extra}Téléphone portable;")
    rows = (_onde_guardian(one, known, dialect) for one in people)
    return table(header + ";".join([ONDE_CHILD] * most), rows, quoted=dialect != 2018)


def _onde_guardian(one: Being, known: dict[int, Being], dialect: int) -> list[str]:
    phones = [*one.phones, "", ""]
    row = ["M.", one.usual, one.family, one.given, "1 rue Haute", "21000", "Dijon", "FRANCE"]
    row += [one.email, phones[0], ""] + ([""] if dialect != 2018 else []) + [phones[1]]
    for child in one.children:
        if pupil := known.get(child):
            row += [pupil.usual, pupil.family, pupil.given, " ".join(pupil.classes)]
    return row


def onde_staff(people: Iterable[Being], *, quoted: bool = True) -> str:
    rows = (
        ["MME", one.usual, one.family, one.given, "", "", "", "", one.email, *one.phones[:1]]
        + [""] * (2 - len(one.phones[:1]))
        + ["non", *one.classes[:1]]
        for one in people
    )
    return table(ONDE_STAFF, rows, quoted=quoted)


# --- ENT CSV -------------------------------------------------------------------------------


def ent_pupils(people: Iterable[Being]) -> str:
    rows = ([one.given, one.family, one.french_date(), *one.classes] for one in people)
    return table("Prénom*;Nom*;Date de naissance*;Classes*", rows)


def ent_staff(people: Iterable[Being]) -> str:
    header = (
        "Prénom*;Nom*;date de naissance;fonction;telephone;telephonetravail;email;adresse;cp;"
        "ville;pays;classe;classe"
    )
    rows = (
        (
            one.given,
            one.family,
            one.french_date(),
            "Français",
            *(*one.phones, "", "")[:2],
            one.email,
            "1 rue Haute",
            "75017",
            "PARIS",
            "France",
            *(*one.classes, "", "")[:2],
        )
        for one in people
    )
    return table(header, rows)


def ent_guardians(people: Iterable[Being], pupils: Iterable[Being]) -> str:
    known = {one.number: one for one in pupils}
    header = "Nom*;Prénom*;Adresse;Code postal;Ville;Pays;Courriel;Téléphone" + (
        ";Nom de l'élève;Prénom de l'élève;Classes de l'élève" * 3
    )
    rows = (
        [one.family, one.given, "", "", "", "", one.email, *[*one.phones, ""][:1]]
        + [
            cell
            for child in one.children
            for cell in (known[child].family, known[child].given, *known[child].classes[:1])
        ]
        for one in people
    )
    return table(header, rows)


# --- bytes ---------------------------------------------------------------------------------


def write_xml(path: Path, text: str, encoding: str, declared: str = "") -> Path:
    """Characters that the encoding lacks become references, as XML writers do."""
    name = declared or {"utf-8-sig": "UTF-8"}.get(encoding, encoding.upper())
    head = f'<?xml version="1.0" encoding="{name}"?>\n'
    path.write_bytes((head + text).encode(encoding, "xmlcharrefreplace"))
    return path


def write_csv(path: Path, text: str, encoding: str = "cp1252") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
