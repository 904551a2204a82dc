"""Who sees what restored: by class, school and site, for people known and unknown."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.decisions import Forward
from proxy.engine import Client
from proxy.engine.exchange import Exchange
from proxy.engine.restore import scope
from proxy.policy.site_schema import RestoreScope
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head
from tests.sim.school import SERVICE_YAML, SITE_YAML, School

JSON = ((b"content-type", b"application/json"),)
MORE = """\
  - {network: 127.9.0.0/16, school: 0759999Z, group: pupils}
  - {network: 127.8.0.0/16, school: 0758888Y, group: staff, restore_scope: site}
"""
STRANGER = "Zénobie Inconnue"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    site = SITE_YAML.replace("school_domains:", MORE + "school_domains:", 1)
    school = School(tmp_path_factory.mktemp("scope"), 5, site)
    more = """\
      - {at: student.number, is: student_number, accepts: {digits_only: true}}
      - {at: student.login, is: login}
      - {at: student.ido, is: uuid, do: allow, why: "GAR's own pseudonym"}
accepts: {login: {max_length: 20}}
"""
    school.write("services/nuage-classe.yaml", SERVICE_YAML + more)
    with contextlib.closing(Runtime.open(school.root)) as opened:
        yield opened


def begun(runtime: Runtime, address: str) -> Exchange:
    request = head(method="POST", target="/v1/classwork", headers=JSON)
    exchange = runtime.engine.begin(request, runtime.client(address)).exchange
    assert exchange is not None
    return exchange


def sent(runtime: Runtime, address: str, document: object) -> bytes:
    out = runtime.engine.protect(begun(runtime, address), json.dumps(document).encode()).decision
    assert isinstance(out, Forward)
    assert out.body is not None
    return out.body


def seen(runtime: Runtime, address: str, body: bytes) -> bytes:
    back = runtime.engine.restore(begun(runtime, address), JSON, body).decision
    assert isinstance(back, Forward)
    assert back.body is not None
    return back.body


def test_an_unknown_persons_value_comes_back_only_where_it_was_sent(runtime: Runtime) -> None:
    document = {"student": {"name": STRANGER}}
    body = sent(runtime, "127.0.0.1", document)
    assert b"Inconnue" not in body
    assert json.loads(seen(runtime, "127.0.0.1", body)) == document
    assert json.loads(seen(runtime, "127.8.0.1", body)) == document  # site-wide
    assert seen(runtime, "127.9.0.1", body) == body  # another school
    assert seen(runtime, "10.0.0.1", body) == body  # no school
    assert sent(runtime, "127.9.0.1", document) == body  # yet one pseudonym
    assert json.loads(seen(runtime, "127.9.0.1", body)) == document


def test_numbers_stay_numbers_both_ways(runtime: Runtime) -> None:
    original = b'{"student": {"number": 8123, "login": "z.inconnue"}}'
    out = runtime.engine.protect(begun(runtime, "127.0.0.1"), original).decision
    assert isinstance(out, Forward)
    document = json.loads(out.body or b"")
    number, login = document["student"]["number"], document["student"]["login"]
    assert isinstance(number, int)
    assert 9 * 10**14 <= number < 10**15
    assert len(login) == 20
    assert seen(runtime, "127.0.0.1", out.body or b"") == original
    quoted = json.dumps({"id": str(number)}).encode()
    assert seen(runtime, "127.0.0.1", quoted) == b'{"id": "8123"}'


SCHOOLS: dict[int, set[str]] = {1: {"A"}, 2: {"A"}, 3: {"A", "B"}, 4: {"B"}, 5: {"A"}, 6: set()}
CLASSES: dict[int, set[tuple[str, str]]] = {
    1: {("A", "3A")},
    2: {("A", "3B")},
    3: {("A", "3A"), ("B", "3B")},
    4: {("B", "3A")},
    5: {("A", "")},
    6: set(),
}


def test_pseudonyms_of_national_schemes_pass_untouched(runtime: Runtime) -> None:
    gar = {"ido": "5a6c685b-9f00-4cf9-ba84-5c29f8acd6f5"}
    eck = {"number": "https://ketenid.nl/201703/" + "0f" * 64}
    document = json.dumps({"student": gar | eck}).encode()
    assert sent(runtime, "127.0.0.1", json.loads(document)) == document


class Roster:
    """Two classes of one school, a namesake in another, a teacher."""

    def schools(self, ref: int) -> frozenset[str]:
        return frozenset(SCHOOLS[ref])

    def classes(self, ref: int) -> frozenset[tuple[str, str]]:
        return frozenset(CLASSES[ref])


@pytest.mark.parametrize(
    ("client", "default", "shown"),
    [
        (Client("A", "pupils", "", ("3A",)), RestoreScope.CLASS, {1, 3, 5, 6}),
        (Client("A", "pupils", "", ("3A", "3B")), RestoreScope.CLASS, {1, 2, 3, 5, 6}),
        (Client("A", "pupils", ""), RestoreScope.CLASS, {5, 6}),
        (Client("B", "pupils", "", ("3A",)), RestoreScope.CLASS, {4, 6}),
        (Client("A", "pupils", "", ("3A",)), RestoreScope.SCHOOL, {1, 2, 3, 5, 6}),
        (Client("B", "staff", ""), RestoreScope.SCHOOL, {3, 4, 6}),
        (Client("", "guest", ""), RestoreScope.SCHOOL, {6}),
        (Client("B", "staff", "", (), RestoreScope.SITE), RestoreScope.CLASS, {1, 2, 3, 4, 5, 6}),
        (Client("A", "pupils", "", ("3A",), RestoreScope.CLASS), RestoreScope.SITE, {1, 3, 5, 6}),
    ],
)
def test_the_scope_of_a_directory_value(
    client: Client, default: RestoreScope, shown: set[int]
) -> None:
    may_restore = scope(Roster(), client, default).may_restore
    assert {ref for ref in SCHOOLS if may_restore is None or may_restore(ref)} == shown


def test_the_index_knows_classes(runtime: Runtime) -> None:
    index = runtime.snapshot().index
    known = [ref for ref in _refs(runtime) if index.classes(ref)]
    assert known
    for ref in known:
        assert {school for school, _ in index.classes(ref)} == set(index.schools(ref))


def _refs(runtime: Runtime) -> list[int]:
    return [ref for subject in runtime.store.subjects() for ref in subject.values]


def test_the_vault_is_cleared_once_a_day(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(runtime._vault, "expire", lambda days: asked.append(days) or 0)
    monkeypatch.setattr(runtime, "_expired_on", 0)
    runtime.refresh()
    runtime.refresh()
    assert asked == [13 * 31]


def test_a_class_scope_wants_a_class(tmp_path: Path) -> None:
    from proxy.errors import InputError
    from proxy.site import load_site

    (tmp_path / "site.yaml").write_text(
        "site: S\nnetworks:\n"
        "  - {network: 10.1.0.0/16, school: A, group: pupils, restore_scope: class}\n"
    )
    with pytest.raises(InputError) as error:
        load_site(tmp_path)
    assert "site.yaml:3:" in error.value.problems[0]
    assert "'classes: […]'" in error.value.problems[0]
