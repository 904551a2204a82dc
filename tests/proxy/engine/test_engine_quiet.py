"""The quick look at a body spares the reading of it, and nothing else."""

from __future__ import annotations

import base64
import contextlib
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.content import quiet
from proxy.content.streaming import json_document
from proxy.decisions import Forward, Stream
from proxy.engine import Head
from proxy.engine.protect import ProtectVisitor
from proxy.errors import Refused
from proxy.runtime import Runtime
from tests.sim.school import HOST, School


@dataclass(frozen=True)
class Door:
    """The engine of a school, with and without the quick look."""

    runtime: Runtime
    school: School

    def protect(
        self,
        path: str,
        body: bytes,
        *,
        media: str = "application/json",
        more: tuple[tuple[bytes, bytes], ...] = (),
    ) -> tuple[Any, Any]:
        fields = ((b"host", HOST.encode()), (b"content-type", media.encode()), *more)
        head = Head("POST", "https", HOST, 443, path, fields, HOST)
        exchange = self.runtime.engine.begin(head, self.runtime.client("127.0.0.1")).exchange
        assert exchange is not None
        decision = self.runtime.engine.protect(exchange, body).decision
        if not isinstance(decision, Forward):
            return getattr(decision, "reason", None), dict(exchange.hits)
        return (decision.body, decision.target, decision.headers), dict(exchange.hits)

    def slowly(self, path: str, body: bytes, **more: Any) -> tuple[Any, Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ProtectVisitor, "signs", lambda *_: None)
            return self.protect(path, body, **more)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    school = School(tmp_path_factory.mktemp("quiet"), 60)
    with contextlib.closing(Runtime.open(school.root)) as runtime:
        yield Door(runtime, school)


_WORDS = (
    "Bien construit", "à rendre", "l'après-midi", "la Rose des vents", "C. puis Mme", "12 000",
    "œuvre d’art", "50 %", "fo\xadrêt", "a=3d&b=41", "x@nulle.example", "0690001122", "M. ",
    "2026-11-01T10:00:00Z", "c000000-0000-4d1a-9b7e-00c04fd430c8", "https://x.example/a?b=c",
    "1+1", "C++", "<b>", "\\n", "\n", '"', "(l'", "{", "Иван", "ﬁn", "=?", "&amp;", "%41", "''",
    "12345678901", "dd0123456789abcdef",
)  # fmt: skip
_KEYS = (
    "id", "etag", "text", "message", "name", "nom", "prenom", "email", "first", "last", "title",
    "uuid", "isNew", "student", "student_name", "value", "q", "created", "état", "data", "emails",
)  # fmt: skip


@st.composite
def strings(draw: st.DrawFn, people: list[Any]) -> str:
    """Text in which now and then somebody, or half of somebody, stands, now and then coded."""
    person = people[draw(st.integers(0, len(people) - 1))]
    given, family = person.given_name, person.family_name
    said = (
        person.full_name,
        person.full_name.lower(),
        given,
        family,
        person.email,
        f"{given}\n{family}",
        f"{given[0]}. {family}",
    )
    words = draw(st.lists(st.sampled_from(_WORDS), max_size=4))
    if draw(st.integers(0, 3)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(st.sampled_from(said)))
    text = " ".join(words)
    match draw(st.integers(0, 15)):
        case 0:
            return base64.b64encode(text.encode()).decode()
        case 1:
            return quote(text)
        case 2:
            return html.escape(text).encode("ascii", "xmlcharrefreplace").decode()
        case 3:
            return json.dumps({"text": text})
    return text


@st.composite
def bodies(draw: st.DrawFn, people: list[Any]) -> bytes:
    """JSON of many kinds, and now and then what only looks like it."""
    leaves = st.one_of(strings(people), st.integers(), st.booleans(), st.none())
    value = draw(
        st.recursive(
            leaves,
            lambda inner: st.one_of(
                st.lists(inner, max_size=4),
                st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
            ),
            max_leaves=12,
        )
    )
    text = json.dumps(
        [value],
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from((None, None, 1))),
    )
    match draw(st.integers(0, 9)):
        case 0:
            at = draw(st.integers(0, len(text)))
            text = (
                text[:at] + draw(st.sampled_from(('"', "]", "\n", ";", "\\", "\x00"))) + text[at:]
            )
        case 1:
            text += "\n" + text
    return text.encode()


@st.composite
def forms(draw: st.DrawFn, people: list[Any]) -> bytes:
    """Forms, some with JSON in a field, written in more than one way."""
    pairs = []
    for name in draw(st.lists(st.sampled_from((*_KEYS, "items[0][id]", "f.req")), max_size=5)):
        value = draw(strings(people))
        if draw(st.integers(0, 4)) == 0:
            value = json.dumps([value, {draw(st.sampled_from(_KEYS)): value}])
        write = draw(st.sampled_from((quote, quote_plus, str)))
        pairs.append(f"{quote_plus(name)}={write(value)}")
    return "&".join(pairs).encode()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_quick_look_changes_no_answer(door: Door, data: st.DataObject) -> None:
    body = data.draw(bodies(door.school.people))
    path = data.draw(st.sampled_from(("/v1/notes", "/v1/classwork", "/v1/notes?q=Lina")))
    assert door.protect(path, body) == door.slowly(path, body)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_quick_look_changes_no_form(door: Door, data: st.DataObject) -> None:
    body = data.draw(forms(door.school.people))
    media = "application/x-www-form-urlencoded"
    assert door.protect("/v1/notes", body, media=media) == door.slowly(
        "/v1/notes", body, media=media
    )


@st.composite
def long_bodies(draw: st.DrawFn, people: list[Any]) -> bytes:
    """More than one stretch of records, nearly all of them alike; some hold what is drawn."""
    records: list[Any] = [
        {"id": number, "text": "Bien construit, à rendre lundi.", "tags": [{"v": "x"}, []]}
        for number in range(4500)
    ]
    for text in draw(st.lists(strings(people), max_size=4)):
        key = draw(st.sampled_from(_KEYS))
        at = draw(st.integers(0, len(records)))
        records.insert(at, draw(st.sampled_from(({key: text}, {"data": [{key: text}]}, text))))
    value: Any = records
    if draw(st.booleans()):
        value = {"value": records, draw(st.sampled_from(_KEYS)): draw(strings(people))}
    ascii_only = draw(st.booleans())
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")).encode()


def _streamed(door: Door, body: bytes) -> tuple[Any, Any]:
    fields = ((b"host", HOST.encode()), (b"content-type", b"application/json"))
    head = Head("POST", "https", HOST, 443, "/v1/notes", fields, HOST)
    engine = door.runtime.engine
    exchange = engine.begin(head, door.runtime.client("127.0.0.1")).exchange
    assert exchange is not None
    decision = engine.protect_passing(exchange, body[: 64 << 10]).decision
    if not isinstance(decision, Stream):
        return getattr(decision, "reason", None), dict(exchange.hits)
    pieces = [*decision.first]
    try:
        for at in range(64 << 10, len(body), 50_000):
            pieces += decision.transform(body[at : at + 50_000])
        pieces += decision.transform(b"")
    except Refused as refused:
        return refused.reason, dict(exchange.hits)
    return b"".join(pieces), dict(exchange.hits)


@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_the_quick_look_changes_no_body_that_passes(door: Door, data: st.DataObject) -> None:
    body = data.draw(long_bodies(door.school.people))
    quickly = _streamed(door, body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProtectVisitor, "signs", lambda *_: None)
        patch.setattr(json_document, "last_of_outermost", lambda *_: None)
        assert quickly == _streamed(door, body)


_HEADERS = ("cookie", "referer", "x-user", "authorization", "x-data", "accept", "link")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_quick_look_changes_no_head(door: Door, data: st.DataObject) -> None:
    people = door.school.people
    more = []
    for name in data.draw(st.lists(st.sampled_from(_HEADERS), max_size=3)):
        text = data.draw(strings(people)).replace("\n", " ").replace("\x00", "")
        if name == "authorization":
            login = f"{data.draw(st.sampled_from(people)).login}:x".encode()
            basic = f"Basic {base64.b64encode(login).decode()}"
            text = data.draw(st.sampled_from((basic, f"Bearer {text}")))
        elif name == "cookie":
            text = f"s=a; n={text}"
        more.append((name.encode(), text.encode()))
    asked: dict[str, Any] = {"more": tuple(more)}
    assert door.protect("/v1/notes", b"", **asked) == door.slowly("/v1/notes", b"", **asked)


def test_a_plain_body_is_not_read_value_by_value(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [{"id": n, "text": "À rendre lundi."} for n in range(9)]
    body = json.dumps(records, ensure_ascii=False).encode()
    door.protect("/v1/notes", body)  # behind a body that held somebody no look is taken
    read: list[str] = []
    monkeypatch.setattr(ProtectVisitor, "text", lambda self, text: read.append(text) or [])
    written, _ = door.protect("/v1/notes", body)
    assert written[0] is body
    assert not any("rendre" in text for text in read)


def test_a_value_of_a_field_of_the_address_is_found_in_a_quiet_body(door: Door) -> None:
    """Whom nobody knows: a field of the query tells, and the body, quiet by itself, says again."""
    body = json.dumps([{"id": 1, "remark": "Vu avec Zoltan hier."}]).encode()
    path = "/v1/notes?first_name=Zoltan&last_name=Brz%C4%99czyk"
    written, _ = door.protect(path, body)
    assert b"Zoltan" not in written[0]
    assert (written, _) == door.slowly(path, body)


def test_shapes_of_objects_that_are_remembered_are_bounded() -> None:
    from proxy.policy.model import FieldState

    state = FieldState()
    for number in range(5000):
        quiet._is_silent({f"k{number}": 1}, state, 9)
    assert len(state.spoken) <= 2048
