"""Names of fields that tell what they hold: which they are, and which are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kinds import Kind
from proxy.policy.model import Action
from proxy.policy.plausible import looks_like
from proxy.policy.telling import NamedRules, TellingNames

NAMES = TellingNames()

TELLING = {
    "given_name": ["firstName", "given_name", "prenom", "Prénom", "PRENOM", "eleve_prenom",
                   "studentFirstName", "user[first_name]", "prenomEleve", "Parent1FirstName"],
    "family_name": ["lastName", "family_name", "surname", "nomDeFamille", "nom_usage",
                    "contact.last-name", "nom de naissance", "responsable2_nom_de_famille"],
    "full_name": ["displayName", "fullName", "nomPrenom", "sortable_name", "nomComplet"],
    "email": ["email", "E-Mail", "studentEmail", "mail", "courriel", "emailAddress",
              "parent_email_2", "user[email]", "studentemail", "invitedEmailAddress", "mbox"],
    "login": ["userName", "username", "login", "preferred_username"],
    "national_id": ["ine", "INE", "numeroINE", "ine_eleve"],
    "phone": ["phoneNumber", "tel", "mobilePhone", "telPortable", "parentPhone"],
    "birth_date": ["dateNaissance", "date_de_naissance", "birthDate", "dob", "studentDOB"],
    "address": ["streetAddress", "adressePostale", "home_address"],
}  # fmt: skip
SILENT = ["id", "title2x", "courseName", "fileName", "className", "courseTeacherGroup", "value",
          "token", "etag", "state", "hostname", "ipAddress", "machine", "emailTemplateId", "online",
          "nombre", "prenotation", "telemetry", "phoneModel", "dobry", "lineNumber", "from", "to",
          "last", "first", "name", "nom", "emailEnabled", "firstNameOrder"]  # fmt: skip


@pytest.mark.parametrize(
    ("means", "name"), [(means, name) for means, names in TELLING.items() for name in names]
)
def test_a_telling_name_is_known_in_every_way_of_writing_it(means, name):
    told = NAMES.of(name)
    assert told.means == means
    assert told.rule is not None
    assert told.rule.guessed


@pytest.mark.parametrize("name", SILENT)
def test_other_names_tell_nothing_by_themselves(name):
    rule = NAMES.of(name).rule
    assert rule is None or rule.action is Action.SEARCH


@pytest.mark.parametrize(
    ("names", "means"),
    [
        (["nom", "prenom"], {"nom": "family_name", "prenom": "given_name"}),
        (["first", "last"], {"first": "given_name", "last": "family_name"}),
        (["name", "email"], {"name": "full_name", "email": "email"}),
        (["name", "given_name", "family_name"], {"name": "full_name"}),
        (["name", "given_name"], {"name": "family_name"}),
        (["name", "id"], {}),
        (["nom", "code"], {}),
        (["studentName", "grade"], {"studentName": "full_name"}),
        (["nom_eleve", "prenom_eleve"], {"nom_eleve": "family_name", "prenom_eleve": "given_name"}),
        (["sn", "givenName", "cn", "uid"], {"sn": "family_name", "uid": "login"}),
        (["ville", "cp", "email"], {"ville": "address", "cp": "address"}),
    ],
)
def test_company_decides_what_an_ambiguous_name_is(names, means):
    rules = NamedRules({}, NAMES).among(names)
    got = {name: rules[name].kind.value for name in names if name in rules}
    assert {name: got.get(name) for name in means} == means
    assert means or not got


def test_a_service_may_leave_names_out():
    names = TellingNames(["displayName", "E-mail"])
    assert names.of("display_name").rule is None
    assert names.of("email").rule is None
    assert names.of("mail").rule is not None


@given(st.text(max_size=100))
def test_no_name_breaks_the_reading(name):
    told = NAMES.of(name)
    assert told == NAMES.of(name)
    assert told.rule is None or not told.maybe


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Kind.GIVEN_NAME, ["Jean", "Jean-Pierre", "Élie", "N'Golo", "Иван"],
         ["", "12", "true", "https://x.example/a", "a1", "{{first}}", "x" * 101]),
        (Kind.EMAIL, ["a@b.example", "mailto:a@b"], ["true", "none", "a"]),
        (Kind.PHONE, ["0612345678", "+33 6 12 34 56 78", "(0)6 12-34-56-78"], ["12", "true", "x1"]),
        (Kind.BIRTH_DATE, ["2011-03-02", "02/03/2011", "2011-03-02T00:00:00Z"], ["true", "abc"]),
        (Kind.NATIONAL_ID, ["123456789AB", "1234567890A"], ["none", "AB", "abcdefghij"]),
        (Kind.LOGIN, ["jmartin", "jean.martin", "AC\\jmartin"], ["a b", "", "false"]),
    ],
)  # fmt: skip
def test_a_value_must_look_like_what_the_name_says(kind, good, bad):
    assert [text for text in good if not looks_like(kind, text)] == []
    assert [text for text in bad if looks_like(kind, text)] == []
