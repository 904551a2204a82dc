"""No identifier survives in a path, a query or a header field."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest

from tests.leak.mirror import Answer, Received
from tests.leak.scene import Request, Scene


def _twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="")


def _lower(text: str) -> str:
    """With hexadecimal digits in small letters."""
    return "".join(
        part if part[:1] != "%" else part.lower() for part in _escapes(quote(text, safe=""))
    )


def _escapes(text: str) -> list[str]:
    parts, at = [], 0
    while at < len(text):
        step = 3 if text[at] == "%" else 1
        parts.append(text[at : at + step])
        at += step
    return parts


def _every(text: str) -> str:
    """Each byte escaped."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _in_json(text: str) -> str:
    return quote(json.dumps({"note": text}), safe="")


def _in_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _in_url(text: str) -> str:
    return quote(f"https://ecole.example/x?note={quote_plus(text)}&fin=1", safe="")


type Coded = tuple[Callable[[str], str], Callable[[str], str]]

CODED: dict[str, Coded] = {
    "percent": (lambda t: quote(t, safe=""), unquote),
    "plus": (quote_plus, unquote_plus),
    "twice": (_twice, lambda t: unquote(unquote(t))),
    "lower hex": (_lower, unquote),
    "every byte": (_every, unquote),
    "json": (_in_json, lambda t: str(json.loads(unquote(t))["note"])),
    "base64": (
        _in_base64,
        lambda t: base64.urlsafe_b64decode(unquote(t).rstrip("=") + "===").decode(),
    ),
    "url": (_in_url, lambda t: unquote_plus(unquote(t).partition("note=")[2].partition("&")[0])),
}

PLACES: dict[str, tuple[str, str]] = {
    "query": ("/v1/notes?tri=nom&q={}&rang=2", ""),  # not "page": people are called so
    "query name": ("/v1/notes?{}=oui", ""),
    "path": ("/v1/notes/{}/3", ""),
    "matrix": ("/v1/notes;de={}/3", ""),
    "referer": ("/v1/notes", "referer: https://www.nuage.example/lire?q={}"),
    "referer path": ("/v1/notes", "referer: https://www.nuage.example/e/{}/notes"),
    "cookie": ("/v1/notes", "cookie: langue=fr; nom={}; suite=1"),
    "location": ("/v1/notes", "content-location: /e/{}"),
    "link": ("/v1/notes", "link: </e/{}>; rel=author"),
    "custom": ("/v1/notes", "x-app-context: v=2 {} fin"),
    "file name": ("/v1/notes", "content-disposition: attachment; filename*=UTF-8''{}"),
}


def _sent(place: str, value: str) -> tuple[Request, bytes]:
    """The request, and what stands in it before the value."""
    target, field = PLACES[place]
    name, _, content = field.partition(": ")
    fields = ((name, content.format(value).encode()),) if field else ()
    request = Request(method="GET", target=target.format(value), fields=fields)
    before = (content if field else target).partition("{}")[0]
    return request, before.encode()


def _value_of(place: str, received: Received, before: bytes) -> str:
    """What the cloud got at the place."""
    target, field = PLACES[place]
    line = received.field(field.partition(":")[0]) if field else received.head.split(b" ")[1]
    after = (field or target).partition("{}")[2].encode()
    assert line.startswith(before), line
    assert line.endswith(after), line
    return line[len(before) : len(line) - len(after)].decode()


@pytest.mark.parametrize("coded", CODED)
@pytest.mark.parametrize("place", PLACES)
def test_no_identifier_survives_in_any_place_of_a_head(
    scene: Scene, place: str, coded: str
) -> None:
    """And the cloud's answer, which repeats it in four formats, comes back as it was sent."""
    write, read = CODED[coded]
    wrong: list[str] = []
    for said in scene.author.texts(14):
        if place == "cookie" and coded == "every byte":
            write = CODED["percent"][0]
        request, before = _sent(place, write(said.text))
        scene.cloud.reply = lambda received, b=before: _repeat(_value_of(place, received, b), read)
        got = scene.send(request)
        where = f"{place} in {coded}"
        if got.refusal or got.received is None:
            wrong.append(f"{where}: refused as {got.refusal}: {said.text!r}")
            continue
        scene.note(where, [said])
        wrong += [f"{where}: LEAK {leak}" for leak in scene.leaks(got, [said])]
        seen = read(_value_of(place, got.received, before))
        if not said.is_protected_as(seen):
            wrong.append(f"{where}: CHANGED {said.text!r} became {seen!r}")
        elif got.body.decode() != json.dumps({"vu": said.text}, ensure_ascii=False):
            wrong.append(f"{where}: NOT RESTORED {said.text!r} came back {got.body.decode()!r}")
        elif got.field("x-vu").decode() != said.text:
            wrong.append(f"{where}: HEADER {said.text!r} came back {got.field('x-vu')!r}")
        elif unquote(got.field("location").decode().partition("=")[2]) != said.text:
            wrong.append(f"{where}: LOCATION {said.text!r} came back {got.field('location')!r}")
    assert not wrong, "\n".join(wrong)


def _repeat(value: str, read: Callable[[str], str]) -> Answer:
    text = read(value)
    return Answer(
        json.dumps({"vu": text}, ensure_ascii=False).encode(),
        [
            ("content-type", b"application/json"),
            ("x-vu", text.encode()),
            ("location", b"/lu?q=" + quote(text, safe="").encode()),
        ],
    )


@pytest.mark.parametrize("place", ["query", "path", "referer", "cookie", "custom"])
def test_a_head_without_identifiers_is_not_touched(scene: Scene, place: str) -> None:
    for value in ("l%27%C3%A9t%c3%a9+2", "a%2Fb%2fc", "1%252C5", "%7B%22a%22%3A1%7D", "x~y.z-_!"):
        request, before = _sent(place, value)
        got = scene.send(request)
        assert got.received is not None, got.refusal
        assert _value_of(place, got.received, before) == value


@pytest.mark.parametrize("name", ["x-eleve", "x-note", "user-note", "subject", "from"])
def test_no_identifier_survives_in_a_field_that_is_not_encoded(scene: Scene, name: str) -> None:
    wrong: list[str] = []
    for said in scene.author.texts(40):
        for charset in ("utf-8", "latin-1"):
            if said.fits(charset):
                fields = ((name, said.text.encode(charset)),)
                got = scene.send(Request(method="GET", fields=fields))
                assert got.refusal is None
                wrong += scene.leaks(got, [said])
    assert not wrong, "\n".join(wrong)
