"""What names a field where no key does: a member beside it, a sign in a text, a path; and what a
request that shows somebody says about them elsewhere."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from proxy.demo.people import Person
from proxy.engine import Client
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.proxy.engine.test_engine_finding import FORM, JSON, leaving
from tests.sim.school import School

TEXT = ((b"content-type", b"text/plain; charset=utf-8"),)


@pytest.fixture(scope="module")
def pupil(school: School) -> Person:
    """Somebody whose names are no words, and whose login is of letters only."""
    return next(
        person
        for person in school.people
        if person.login.isalpha() and person.given_name.isalpha() and person.family_name.isalpha()
    )


# --- names beside values ------------------------------------------------------------------

BESIDE = [
    [{"name": "nom", "value": "Quermeur"}, {"name": "prenom", "value": "Ysolde"}],
    {"UserAttributes": [{"Name": "family_name", "Value": "Quermeur"}]},
    {"Operations": [{"op": "replace", "path": "name.familyName", "value": "Quermeur"}]},
    {"fields": {"lastName": {"stringValue": "Quermeur"}}},
    {"givenName": ["Ysolde"], "sn": ["Quermeur"]},
    {"a": {"label": "Nom de famille", "type": "short", "value": "Quermeur"}},
]


@pytest.mark.parametrize("document", BESIDE, ids=lambda document: json.dumps(document)[:40])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_value_is_known_by_the_name_beside_it(
    runtime: Runtime, client: Client, document: object, indent: int | None
) -> None:
    out = leaving(runtime, client, json.dumps(document, indent=indent).encode())
    assert "Quermeur" not in out
    assert "Ysolde" not in out


@pytest.mark.parametrize(
    "document",
    [
        {"name": "couleur", "value": "Bleu"},
        [{"name": "nom", "value": "Mathématiques"}, {"name": "salle", "value": "B12"}],
        {"type": "text", "value": "Quermeur"},
    ],
)
def test_other_values_stay(runtime: Runtime, client: Client, document: object) -> None:
    body = json.dumps(document, ensure_ascii=False)
    assert body in leaving(runtime, client, body.encode())


# --- text that means to be JSON -----------------------------------------------------------

LOOSE = [
    '{"givenName": "Ysolde", "surname": "Quermeur",}',
    '{ // la fille de l\'école\n  "givenName": "Ysolde",\n  "surname": "Quermeur" // fin\n}',
    "{givenName: 'Ysolde', surname: 'Quermeur'}",
    '{"value": [{"givenName": "Ysolde", "surname": "Quermeur", ...}, ... ]}',
    '/* exemple */ {"prenom": "Ysolde"\n "nom": "Quermeur"}',
    '{"prenom": "Ysolde", "nom": "Quermeur", "note": "coup',
]


@pytest.mark.parametrize("text", LOOSE)
@pytest.mark.parametrize("headers", [JSON, TEXT])
def test_fields_of_text_that_is_nearly_json_count(
    runtime: Runtime, client: Client, text: str, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    out = leaving(runtime, client, text.encode(), headers)
    assert "Ysolde" not in out
    assert "Quermeur" not in out


# --- fields in text -----------------------------------------------------------------------

IN_TEXT = [
    'mutation { addPupil(firstName: "Ysolde", lastName: "Quermeur") { id } }',
    "familyName='Quermeur' AND givenName='Ysolde'",
    "name.familyName eq 'Quermeur' and name.givenName eq 'Ysolde'",
    "Bonjour,\nNom : Quermeur\nPrénom : Ysolde\nmerci",
    "nom=Quermeur\r\nprenom=Ysolde\r\nmessage=bonjour\r\n",
]


@pytest.mark.parametrize("text", IN_TEXT)
def test_fields_in_a_text_count(runtime: Runtime, client: Client, text: str) -> None:
    for body, headers in (
        (text.encode(), TEXT),
        (json.dumps({"query": text}).encode(), JSON),
        (f"filter={quote(text)}".encode(), FORM),
    ):
        out = leaving(runtime, client, body, headers)
        assert "Quermeur" not in out, body
        assert "Ysolde" not in out, body


@pytest.mark.parametrize(
    "text",
    [
        "Prénom : voir plus bas\nSalle : 12",
        'Il dit : "Bonjour" ; objet = "cours" ; name="submit"',
        "Adresse : 3 rue des Lilas\nNom : Mathématiques",
    ],
)
def test_prose_with_signs_in_it_stays(runtime: Runtime, client: Client, text: str) -> None:
    assert text in leaving(runtime, client, text.encode(), TEXT)


def test_json_in_a_cookie_or_a_part_has_fields_too(runtime: Runtime, client: Client) -> None:
    written = json.dumps({"firstName": "Ysolde", "lastName": "Quermeur"})
    for value in (quote(written), written):
        fields = ((b"cookie", f"u={value}; sid=1".encode()),)
        begun = runtime.engine.begin(head(headers=fields), client).exchange
        assert begun is not None
        out = runtime.engine.protect(begun, b"").decision
        assert "Quermeur" not in str(out)
    part = (
        '--x\r\nContent-Disposition: form-data; name="meta"\r\n'
        f"Content-Type: application/json\r\n\r\n{written}\r\n--x\r\n"
        'Content-Disposition: form-data; name="f"; filename="a.csv"\r\n'
        "Content-Type: text/csv\r\n\r\nfirstname;lastname\r\nYsolde;Quermeur\r\n\r\n--x--\r\n"
    )
    headers = ((b"content-type", b"multipart/form-data; boundary=x"),)
    out_part = leaving(runtime, client, part.encode(), headers)
    assert "Quermeur" not in out_part
    assert "Ysolde" not in out_part


# --- who is shown somewhere is looked for elsewhere ---------------------------------------


def test_halves_of_a_name_that_the_request_shows(
    runtime: Runtime, client: Client, pupil: Person
) -> None:
    for shown in (
        {"emailAddress": {"name": pupil.full_name}},
        {"to": pupil.email},
        {"subject": f"Entretien avec {pupil.full_name}"},
    ):
        note = f"{pupil.given_name}, merci de venir. Amitiés à {pupil.given_name}"
        out = leaving(
            runtime, client, json.dumps({**shown, "text": note}, ensure_ascii=False).encode()
        )
        assert pupil.given_name not in out, shown
    alone = json.dumps({"text": f"{pupil.given_name} !"}, ensure_ascii=False)
    out = leaving(runtime, client, alone.encode())
    assert pupil.given_name in out  # nobody says which one


def test_logins_of_letters_only_where_a_place_says_that_they_are_logins(
    runtime: Runtime, client: Client, pupil: Person
) -> None:
    login = pupil.login
    for body, target in (
        ({"username": login, "acct": login, "url": f"https://x.example/@{login}"}, "/"),
        ({"userId": login}, "/"),
        ({"externalId": login, "x": login}, "/"),
        ({"text": f"@{login} bonjour"}, "/"),
        ({"id": f"https://x.example/users/{login}"}, "/"),
        ({}, f"/api/users/{login}/posts"),
    ):
        out = leaving(runtime, client, json.dumps(body).encode(), target=target)
        assert login not in out, (body, target)


def test_other_words_in_such_places_stay(runtime: Runtime, client: Client, pupil: Person) -> None:
    document = {"userId": "quiconque", "x": pupil.login, "url": "/users/quiconque"}
    body = json.dumps(document).encode()
    out = leaving(runtime, client, body, target="/users/search")
    assert body.decode() in out
    assert "/users/search" in out


# --- ways of writing ----------------------------------------------------------------------


def test_an_echo_keeps_the_escapes_of_the_request(runtime: Runtime, client: Client) -> None:
    for ascii_only in (True, False):
        document = {"displayName": "Zoë Quermeur", "email": "z@q.example", "n": 1}
        leaving(runtime, client, json.dumps(document, ensure_ascii=ascii_only).encode())


def test_an_echo_keeps_the_plus_of_a_form(runtime: Runtime, client: Client, pupil: Person) -> None:
    name = pupil.full_name.replace(" ", "+")
    leaving(runtime, client, f"text=<%40U1>+{name}+est+absent&n=1".encode(), FORM)


def test_a_word_under_a_postcode_s_name_is_kept(runtime: Runtime, client: Client) -> None:
    body = json.dumps({"firstName": "Ysolde", "zip": "string", "postalCode": "75011"})
    out = leaving_only(runtime, client, body)
    assert '"string"' in out
    assert "75011" not in out


def leaving_only(runtime: Runtime, client: Client, body: str) -> str:
    """What leaves, where what is minimised cannot come back."""
    begun = runtime.engine.begin(head("POST", headers=JSON), client).exchange
    assert begun is not None
    return str(runtime.engine.protect(begun, body.encode()).decision)
