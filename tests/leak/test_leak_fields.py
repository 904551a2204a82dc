"""Fields that a policy names protect even people whom the directory does not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from proxy.demo.people import Person, cast
from tests.adversary.oracle import fold, name_words
from tests.leak.scene import OTHER_HOST, Exchanged, Request, Scene

STRANGERS = cast(120, seed=99, school="0990001Z", domain="ailleurs.example")

FIELDS: dict[str, Callable[[Person], str]] = {
    "prenom": lambda p: p.given_name,
    "nom": lambda p: p.family_name.upper(),
    "eleve": lambda p: p.full_name,
    "courriel": lambda p: p.email,
    "login": lambda p: p.login,
    "tel": lambda p: p.phone,
    "ine": lambda p: p.national_id or "999999999ZZ",
    "numero": lambda p: p.student_number or "7654321",
}


def _values(person: Person) -> dict[str, str]:
    return {name: value(person) for name, value in FIELDS.items()}


def _remains(scene: Scene, got: Exchanged, person: Person) -> list[str]:
    """What of a person arrived: any identifier, half a name, a value of a named field."""
    assert got.received is not None, got.refusal
    whole = got.received.whole
    found = [str(leak) for leak in scene.oracle.near(whole, [person])]
    words = set(fold(whole.decode("utf-8", "replace")).split())
    alone = name_words(person) | {person.login, person.student_number, person.phone}
    return found + [f"{word!r} of {person.full_name}" for word in alone if word and word in words]


@pytest.mark.parametrize("known", [True, False], ids=["known", "strangers"])
@pytest.mark.parametrize("shape", ["flat", "deep", "pretty", "ascii"])
def test_named_json_fields_protect_everybody(scene: Scene, known: bool, shape: str) -> None:
    wrong: list[str] = []
    for person in (scene.people if known else STRANGERS)[:100]:
        data: object = _values(person)
        if shape == "deep":
            data = {"liste": [{"id": 3, "qui": data, "fin": True}], "n": 1.50}
        indent = 2 if shape == "pretty" else None
        body = json.dumps(data, indent=indent, ensure_ascii=shape == "ascii").encode()
        got = scene.send(Request(body, "application/json", host=OTHER_HOST))
        wrong += _remains(scene, got, person)
        if json.loads(got.body) != data:
            wrong.append(f"NOT RESTORED {body!r} came back {got.body!r}")
        elif shape != "ascii" and got.body != body:
            wrong.append(f"NOT EXACT {body!r} came back {got.body!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("known", [True, False], ids=["known", "strangers"])
@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_named_form_fields_protect_everybody(scene: Scene, known: bool, kind: str) -> None:
    wrong: list[str] = []
    names = ("prenom", "nom", "eleve", "courriel", "tel")
    for person in (scene.people if known else STRANGERS)[:100]:
        values = {name: FIELDS[name](person) for name in names} | {"note": "12,5"}
        body, media = urlencode(values).encode(), "application/x-www-form-urlencoded"
        if kind == "multipart":
            parts = [
                f'--lim\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in values.items()
            ]
            body, media = (
                "".join([*parts, "--lim--\r\n"]).encode(),
                "multipart/form-data; boundary=lim",
            )
        got = scene.send(Request(body, media, host=OTHER_HOST))
        wrong += _remains(scene, got, person)
        if kind == "multipart" and got.body != body:
            wrong.append(f"NOT EXACT {body!r} came back {got.body!r}")
        if kind == "urlencoded" and dict(parse_qsl(got.body.decode())) != values:
            wrong.append(f"NOT RESTORED {body!r} came back {got.body!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("known", [True, False], ids=["known", "strangers"])
def test_named_parts_of_a_head_protect_everybody(scene: Scene, known: bool) -> None:
    wrong: list[str] = []
    for person in (scene.people if known else STRANGERS)[:100]:
        login, family = quote(person.login, safe=""), quote(person.family_name, safe="")
        request = Request(
            method="GET",
            target=f"/eleves/{login}/notes?nom={family}&login={login}&suite=2",
            fields=(("x-user", person.full_name.encode()), ("x-login", person.login.encode())),
            host=OTHER_HOST,
        )
        wrong += _remains(scene, scene.send(request), person)
    assert not wrong, "\n".join(wrong)
