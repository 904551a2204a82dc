"""Microsoft Graph's education users with httpx over HTTP/2, policy pack ``microsoft-graph``."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import httpx
import pytest

from proxy.ca import export_ca
from proxy.demo.people import Person
from proxy.site import load_site
from tests.clients.clients_site import make_site
from tests.sim.api_cloud import Asked, Told, h2_cloud
from tests.sim.authority import CloudAuthority
from tests.sim.served import Served

HOST = "graph.microsoft.com"
USERS = "/v1.0/education/users"
_USER = re.compile(r"/v1\.0/(?:education/)?users/([^/]+)", re.IGNORECASE)


@dataclass
class Graph:
    """Keeps users as it got them, by number and by principal name."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Told:
        """Answer as Graph does."""
        self.asked.append(asked)
        status, document = self._answer(asked.method, asked.target, asked.body)
        return Told.of(document, status)

    def _answer(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(target)
        path = unquote(parts.path)
        if path == "/v1.0/$batch":
            return 200, {"responses": [self._inner(one) for one in json.loads(body)["requests"]]}
        if path == USERS and method == "POST":
            user = json.loads(body) | {"id": f"9f00-{len(self.users):04}"}
            user.pop("passwordProfile", None)
            self.users[user["userPrincipalName"].lower()] = user
            return 201, user
        if path == USERS:
            return 200, {"value": self._filtered(parse_qs(parts.query).get("$filter", [""])[0])}
        match = _USER.fullmatch(path)
        user = self._find(match[1]) if match else None
        if user is None:
            return 404, {"error": {"code": "Request_ResourceNotFound"}}
        if method == "PATCH":
            user |= json.loads(body)
        return 200, user

    def _inner(self, one: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(one.get("body", {})).encode()
        status, document = self._answer(one["method"], f"/v1.0{one['url']}", body)
        return {"id": one["id"], "status": status, "body": document}

    def _find(self, key: str) -> dict[str, Any] | None:
        by_number = (user for user in self.users.values() if user["id"] == key)
        return self.users.get(key.lower()) or next(by_number, None)

    def _filtered(self, condition: str) -> list[dict[str, Any]]:
        match = re.fullmatch(r"(\w+) eq '(.*)'", condition)
        users = list(self.users.values())
        return [u for u in users if u.get(match[1]) == match[2]] if match else users


class H2First(ssl.SSLContext):
    """httpx asks for HTTP/1.1 first, and the gateway keeps to a client's own order."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(["h2", "http/1.1"])


@dataclass(frozen=True)
class Stage:
    """The cast, the fake, and a client in front of the gateway."""

    people: list[Person]
    graph: Graph
    cloud: Any
    client: httpx.Client


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("graph")
    authority = CloudAuthority(folder)
    people = make_site(folder / "site", authority.pem)
    graph = Graph()
    context = H2First(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=export_ca(load_site(folder / "site").ca_dir).decode())
    with (
        h2_cloud(authority.server_context(HOST, alpn=("h2", "http/1.1")), graph) as cloud,
        Served(folder / "site", {HOST: cloud.address}) as gateway,
        httpx.Client(
            base_url=f"https://{HOST}",
            http2=True,
            proxy=f"http://{gateway.listen}",
            verify=context,
            timeout=15,
            trust_env=False,
        ) as client,
    ):
        yield Stage(people, graph, cloud, client)


def user_of(person: Person) -> dict[str, Any]:
    """As a school's portal creates it."""
    return {
        "accountEnabled": True,
        "displayName": person.full_name,
        "givenName": person.given_name,
        "surname": person.family_name,
        "mailNickname": person.login,
        "mail": person.email,
        "userPrincipalName": person.email,
        "mobilePhone": person.phone,
        "primaryRole": "student",
        "student": {"studentNumber": person.student_number, "grade": "9", "gender": "other"},
        "residenceAddress": {"street": "1 rue de l'Exemple", "city": "Paris"},
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d", "forceChangePasswordNextSignIn": True},
    }


MINIMISED = {"student", "residenceAddress", "passwordProfile"}


def test_a_user_is_created_and_found_by_login(stage: Stage) -> None:
    for person in stage.people[:3]:
        sent = user_of(person)
        made = stage.client.post(USERS, json=sent)
        assert (made.status_code, made.http_version) == (201, "HTTP/2")
        for name in sent.keys() - MINIMISED:
            assert made.json()[name] == sent[name], name
        number = made.json()["id"]
        for way in (person.email, quote(person.email, safe=""), number):
            found = stage.client.get(f"{USERS}/{way}")
            assert found.status_code == 200, way
            assert found.json() == made.json()
    kept = next(iter(stage.graph.users.values()))
    assert kept["residenceAddress"] == {"street": "", "city": ""}
    assert kept["student"]["gender"] == ""
    assert kept["student"]["grade"] == "9"
    assert kept["primaryRole"] == "student"
    created = stage.graph.asked[0].json
    assert created["passwordProfile"] == user_of(stage.people[0])["passwordProfile"]


def test_the_services_own_search_still_finds(stage: Stage) -> None:
    person = stage.people[0]
    for field_name, value in (("mail", person.email), ("userPrincipalName", person.email)):
        answer = stage.client.get(USERS, params={"$filter": f"{field_name} eq '{value}'"})
        assert [user["mail"] for user in answer.json()["value"]] == [value]
    everyone = stage.client.get(USERS).json()["value"]
    assert [user["displayName"] for user in everyone] == [p.full_name for p in stage.people[:3]]


def test_a_change_and_a_batch_reach_the_same_records(stage: Stage) -> None:
    first, second = stage.people[:2]
    changed = stage.client.patch(
        f"{USERS}/{first.email}", json={"displayName": second.full_name, "surname": "Nouveau"}
    )
    assert changed.json()["displayName"] == second.full_name
    assert changed.json()["surname"] == "Nouveau"  # nobody in the directory: the field says so
    batch = {
        "requests": [
            {"id": "1", "method": "GET", "url": f"/education/users/{first.email}"},
            {"id": "2", "method": "GET", "url": f"/users/{second.email}"},
        ]
    }
    answers = stage.client.post("/v1.0/$batch", json=batch).json()["responses"]
    assert [one["status"] for one in answers] == [200, 200]
    assert answers[0]["body"] == changed.json()
    assert answers[1]["body"]["mail"] == second.email


def test_the_service_has_seen_pseudonyms_only(stage: Stage) -> None:
    received = unquote(stage.cloud.everything.decode("utf-8", "replace")).lower()
    assert len(stage.graph.users) == 3
    for person in stage.people[:3]:
        values = (person.full_name, person.family_name, person.email, person.login, person.phone)
        for value in (*values, person.student_number, "nouveau"):
            assert not value or value.lower() not in received
