"""Whole requests: what fields, names of fields, classmates and neighbours give away."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from proxy.decisions import Forward
from proxy.engine import Client
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import School

JSON = ((b"content-type", b"application/json"),)
FORM = ((b"content-type", b"application/x-www-form-urlencoded"),)


def sent(
    runtime: Runtime,
    client: Client,
    body: bytes,
    headers: tuple[tuple[bytes, bytes], ...] = JSON,
    target: str = "/any/where",
) -> Forward:
    """What leaves; the answer echoes it and must come back as it was."""
    ruling = runtime.engine.begin(head(method="POST", target=target, headers=headers), client)
    assert ruling.exchange is not None
    out = runtime.engine.protect(ruling.exchange, body).decision
    assert isinstance(out, Forward), out
    back = runtime.engine.restore(ruling.exchange, headers, out.body or b"").decision
    assert isinstance(back, Forward)
    assert (back.body or b"").decode() == body.decode()
    return out


def leaving(*args: object, **kwargs: object) -> str:
    forward = sent(*args, **kwargs)  # type: ignore[arg-type]
    return (forward.body or b"").decode() + " " + (forward.target or "")


STRANGERS = [
    {"prenom": "Ysolde", "nom": "Quermeur"},
    {"nom": "Quermeur", "prenom": "Ysolde", "classe": "6A"},
    {"name": {"first": "Ysolde", "last": "Quermeur"}},
    {"student": {"firstName": "Ysolde", "lastName": "Quermeur"}},
    {"nom_eleve": "Quermeur", "prenom_eleve": "Ysolde"},
    {"displayName": "Ysolde Quermeur"},
    {"users": [{"id": 1, "name": "Ysolde Quermeur", "email": "yq@mail.example"}]},
    {"actor": {"mbox": "mailto:ysolde.quermeur@mail.example"}},
    {"from": '"Ysolde Quermeur" <ysolde@mail.example>', "email": "Ysolde Quermeur <y@q.example>"},
    {"emails": ["ysolde.quermeur@mail.example", "q@quermeur.example"]},
    {"emails": [{"value": "ysolde.quermeur@mail.example", "primary": True}]},
    {"payload": json.dumps({"prenom": "Ysolde", "nom": "Quermeur"})},
]


@pytest.mark.parametrize("document", STRANGERS, ids=lambda document: json.dumps(document)[:40])
@pytest.mark.parametrize("style", [{}, {"indent": 1}, {"separators": (",", ":")}])
def test_a_stranger_under_telling_names_stays_here(
    runtime: Runtime, client: Client, document: object, style: dict[str, object]
) -> None:
    out = leaving(runtime, client, json.dumps(document, **style).encode())  # type: ignore[arg-type]
    for word in ("ysolde", "quermeur", "yq@"):
        if word not in json.dumps(document).lower() or '"from"' in json.dumps(document):
            continue
        assert word not in out.lower()


@pytest.mark.parametrize(
    "document",
    [
        {"id": 4, "name": "Mathématiques", "section": "B"},
        {"links": {"first": "https://x.example/1", "last": "https://x.example/9"}},
        {"first": 1, "last": 10},
        {"email": True, "phone": None, "login": False},
        {"telemetry": "x", "fileName": "Devoir Maison", "className": "Sixième"},
        {"displayName": "6e B2", "userName": "a b"},
    ],
)
def test_what_only_looks_like_it_is_left_alone(
    runtime: Runtime, client: Client, document: object
) -> None:
    body = json.dumps(document, ensure_ascii=False).encode()
    assert sent(runtime, client, body).body == body


def test_birth_dates_and_postcodes_lose_what_singles_out(runtime: Runtime, client: Client) -> None:
    ruling = runtime.engine.begin(head(method="POST", target="/x", headers=JSON), client)
    assert ruling.exchange is not None
    body = b'{"prenom":"Ysolde","dateNaissance":"2011-05-17","codePostal":"29120"}'
    out = runtime.engine.protect(ruling.exchange, body).decision
    assert isinstance(out, Forward)
    document = json.loads(out.body or b"")
    assert document["dateNaissance"] == "2011-01-01"
    assert document["codePostal"] == "29000"


@pytest.mark.parametrize(
    "comment",
    ["Ysolde Quermeur a bien travaillé.", "QUERMEUR Ysolde", "Bravo Ysolde !", "Merci, Ysolde.",
     "La famille Quermeur a appelé.", "ysolde quermeur"],
)  # fmt: skip
def test_what_a_field_holds_is_found_in_the_others(
    runtime: Runtime, client: Client, comment: str
) -> None:
    document = {"prenom": "Ysolde", "nom": "Quermeur", "comment": comment, "x": [comment.title()]}
    body = json.dumps(document, ensure_ascii=False).encode()
    query = urlencode({"ref": comment.title(), "n": 1})
    forward = sent(runtime, client, body, target=f"/notes/Ysolde/all?{query}")
    out = ((forward.body or b"").decode() + (forward.target or "")).lower()
    assert "ysolde" not in out
    assert "quermeur" not in out
    assert parse_qs(urlsplit(forward.target or "").query)["n"] == ["1"]


def test_a_form_and_its_query(runtime: Runtime, client: Client) -> None:
    body = urlencode({"nom": "Quermeur", "prenom": "Ysolde", "commentaire": "ysolde quermeur"})
    out = leaving(runtime, client, body.encode(), FORM, target="/f?email=y%40mail.example")
    for word in ("uermeur", "solde", "y%40mail"):
        assert word not in out


def test_three_classmates_bring_the_rest_of_the_class(
    runtime: Runtime, client: Client, school: School
) -> None:
    person = school.people[0]
    mates = [p for p in school.people if p.class_name == person.class_name and p is not person]
    alone = f"Bilan : {mates[-1].given_name} a progressé."
    listed = [p.full_name for p in mates[:3]]
    assert mates[-1].given_name not in " ".join(listed)
    out = leaving(runtime, client, json.dumps([*listed, alone], ensure_ascii=False).encode())
    assert mates[-1].given_name not in out


def test_people_who_type_need_no_capitals(runtime: Runtime, client: Client, school: School) -> None:
    name = school.people[0].full_name.lower()
    for key in ("message", "prompt", "q", "content", "searchText"):
        body = json.dumps({key: f"où est {name} ?"}, ensure_ascii=False).encode()
        assert name not in leaving(runtime, client, body)
    query = urlencode({"q": name})
    assert query not in leaving(runtime, client, b"{}", target=f"/search?{query}")


XML = ((b"content-type", b"application/xml"),)


@pytest.mark.parametrize(
    "document",
    [
        "<eleve><prenom>Ysolde</prenom><nom>Quermeur</nom><avis>Quermeur progresse</avis></eleve>",
        '<eleve nom="Quermeur" prenom="Ysolde"/>',
        '<?xml version="1.0" encoding="UTF-8"?><ELEVES><ELEVE><NOM_DE_FAMILLE>QUERMEUR'
        "</NOM_DE_FAMILLE><PRENOM>Ysolde</PRENOM></ELEVE></ELEVES>",
        '<s:Envelope xmlns:s="u"><s:Body><u:givenName xmlns:u="v">Ysolde</u:givenName>'
        "<u:familyName xmlns:u='v'>Quermeur</u:familyName></s:Body></s:Envelope>",
    ],
)
def test_a_stranger_in_elements_and_attributes_stays_here(
    runtime: Runtime, client: Client, document: str
) -> None:
    out = leaving(runtime, client, document.encode(), XML).lower()
    assert "ysolde" not in out
    assert "quermeur" not in out


CSV = ((b"content-type", b"text/csv"),)


@pytest.mark.parametrize(
    "text",
    [
        "id;nom;prenom;note\n1;Quermeur;Ysolde;12\n2;Le Yar;Gwenc'hlan;9\n",
        'first_name,last_name,email\r\n"Ysolde","Quermeur, Le Yar",y@mail.example\r\n',
        "\ufeffNom de famille\tPrénom\nQuermeur\tYsolde",
    ],
)
def test_columns_of_csv_are_fields(runtime: Runtime, client: Client, text: str) -> None:
    out = leaving(runtime, client, text.encode(), CSV)
    for word in ("Quermeur", "Ysolde", "Le Yar", "Gwenc", "y@mail"):
        assert word not in out
    assert out.splitlines()[0].split(" /any")[0] == text.splitlines()[0]


def test_columns_that_tell_nothing_are_left_alone(runtime: Runtime, client: Client) -> None:
    body = "id;nom;code\n1;Mathématiques;MATHS\n2;Sport;EPS\n".encode()
    assert sent(runtime, client, body, CSV).body == body


def protected(runtime: Runtime, client: Client, body: bytes) -> str:
    """What leaves of a body: minimised dates do not come back."""
    ruling = runtime.engine.begin(head(method="POST", target="/x", headers=JSON), client)
    assert ruling.exchange is not None
    out = runtime.engine.protect(ruling.exchange, body).decision
    assert isinstance(out, Forward)
    return (out.body or b"").decode()


def test_a_birth_date_in_prose_keeps_its_year(
    runtime: Runtime, client: Client, school: School
) -> None:
    person, other = school.people[0], school.people[1]
    born = date.fromisoformat(person.birth_date)
    for way in (f"{born:%d/%m/%Y}", born.isoformat(), f"{born.day} octobre {born.year}"):
        if "octobre" in way and born.month != 10:
            way = f"{born:%d.%m.%Y}"
        text = f"{person.full_name}, né(e) le {way}, en 6e. Réunion le 04/03/2026."
        out = protected(runtime, client, json.dumps({"n": text}, ensure_ascii=False).encode())
        assert way not in out
        assert str(born.year) in out
        assert "04/03/2026" in out
        alone = json.dumps({"a": f"Fête : {way}"}).encode()
        assert protected(runtime, client, alone) == alone.decode()
        elsewhere = json.dumps({"a": way, "b": person.email}).encode()
        assert way not in protected(runtime, client, elsewhere)
        theirs = json.dumps({"a": way, "b": other.email}).encode()
        assert (way in protected(runtime, client, theirs)) is (other.birth_date != born.isoformat())


@pytest.mark.parametrize(
    ("document", "gone", "kept"),
    [
        ({"prenom": "Ysolde", "nom": "Quermeur", "t": "née le 12 mars 2010 à Brest"},
         "12 mars", "1er janvier 2010"),
        ({"prenom": "Ysolde", "dateNaissance": "2010-03-12", "t": "majeure le 12/03/2010"},
         "12/03", "01/01/2010"),
        ({"prenom": "Ysolde", "nom": "Quermeur", "t": "rendu le 12 mars 2010"},
         "Quermeur", "rendu le 12 mars 2010"),
        ({"titre": "Simone Veil, née le 13 juillet 1927"}, "x ", "née le 13 juillet 1927"),
    ],
)  # fmt: skip
def test_birth_dates_of_strangers_and_of_nobody(
    runtime: Runtime, client: Client, document: dict[str, str], gone: str, kept: str
) -> None:
    out = protected(runtime, client, json.dumps(document, ensure_ascii=False).encode())
    assert gone not in out
    assert kept in out


def test_numbers_and_addresses_written_out_come_back_as_they_were(
    runtime: Runtime, client: Client, school: School
) -> None:
    person = school.people[0]
    local, domain = person.email.split("@")
    ine, phone = person.national_id, person.phone
    spelt = [
        f"{local} (at) {domain.replace('.', ' (dot) ')}",
        f"{local}[at]{domain}",
        f"{ine[:3]} {ine[3:6]} {ine[6:9]} {ine[9:]}",
        f"{ine[:9]} {ine[9:]}",
        "/".join(phone[at : at + 2] for at in range(0, 10, 2)),
    ]
    for way in spelt:
        body = json.dumps({"n": f"voir {way}, merci"}, ensure_ascii=False).encode()
        assert way not in leaving(runtime, client, body)
