"""Google's own Python client against a local Classroom that speaks its published description.

The description is the discovery document that the client ships; the policy is the shipped
``google-classroom`` pack in a site from ``preau init``.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httplib2
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from proxy.ca import export_ca
from proxy.demo.people import Person
from proxy.site import load_site
from tests.clients.clients_site import make_site
from tests.sim.api_cloud import Asked, Told, h1_cloud, parse, write
from tests.sim.authority import CloudAuthority
from tests.sim.served import Served, preau

HOST = "classroom.googleapis.com"
SERVICE = "google-classroom"
COURSE = "101"


@dataclass
class Classroom:
    """Keeps accounts and courses as it got them: by the addresses that it was told."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    students: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def provision(self, name: dict[str, str], email: str) -> None:
        """Make an account, as the domain's administrator did before the courses began."""
        number = str(900_001 + len(self.accounts))
        profile = {"id": number, "name": name, "emailAddress": email}
        self.accounts[email] = self.accounts[number] = profile

    def __call__(self, asked: Asked) -> Told:
        """Answer as Google does, gzip included."""
        self.asked.append(asked)
        told = self._batch(asked) if asked.target.startswith("/batch") else self._one(asked)
        if "gzip" not in asked.headers.get("accept-encoding", ""):
            return told
        headers = told.headers | {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Told(told.status, gzip.compress(told.body), headers)

    def _one(self, asked: Asked) -> Told:
        path = unquote(urlsplit(asked.target).path)
        if path == f"/v1/courses/{COURSE}/students":
            return self._create(asked) if asked.method == "POST" else self._list()
        if match := re.fullmatch(rf"/v1/courses/{COURSE}/students/(.+)", path):
            return self._found(self.students.get(self._number(match[1])))
        if match := re.fullmatch(r"/v1/userProfiles/([^/]+)", path):
            return self._found(self.accounts.get(match[1]))
        return self._found(None)

    def _create(self, asked: Asked) -> Told:
        profile = self.accounts.get(asked.json["userId"])
        if profile is None:
            return self._found(None)
        student = {"courseId": COURSE, "userId": profile["id"], "profile": profile}
        self.students[profile["id"]] = student
        return Told.of(student)

    def _list(self) -> Told:
        return Told.of({"students": list(self.students.values())})

    def _number(self, user: str) -> str:
        return str(self.accounts.get(user, {"id": ""})["id"])

    def _found(self, document: dict[str, Any] | None) -> Told:
        if document is None:
            error = {
                "code": 404,
                "message": "Requested entity was not found.",
                "status": "NOT_FOUND",
            }
            return Told.of({"error": error}, 404)
        return Told.of(document)

    def _batch(self, asked: Asked) -> Told:
        head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
        parts: Any = message_from_bytes(head + asked.body, policy=HTTP).get_payload()
        out = b""
        for part in parts:
            inner_head, _, inner_body = part.get_payload().encode().partition(b"\n\n")
            inner = parse(inner_head.replace(b"\n", b"\r\n"), inner_body)
            self.asked.append(inner)
            number = part["content-id"].strip("<>")
            out += b"--answers\r\ncontent-type: application/http\r\n"
            out += f"content-id: <response-{number}>\r\n\r\n".encode()
            out += write(self._one(inner)) + b"\r\n"
        kind = 'multipart/mixed; boundary="answers"'
        return Told(200, out + b"--answers--\r\n", {"content-type": kind})


class Tunnelling(httplib2.Http):
    """httplib2 through the gateway by CONNECT (its own ``ProxyInfo`` needs PySocks)."""

    def __init__(self, port: int, ca: Path) -> None:
        super().__init__()
        context = ssl.create_default_context(cafile=str(ca))

        class Connection(http.client.HTTPSConnection):
            def __init__(self, host: str, **_: object) -> None:
                super().__init__("127.0.0.1", port, timeout=15, context=context)
                self.set_tunnel(host, 443)

        self._connection = Connection

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """As httplib2's, over our connections."""
        return super().request(*args, **kwargs | {"connection_type": self._connection})


@dataclass(frozen=True)
class Stage:
    """The site, the fake, and Google's client in front of the gateway."""

    root: Path
    people: list[Person]
    classroom: Classroom
    cloud: Any
    service: Any

    def provision(self, people: list[Person]) -> None:
        """Make accounts under the pseudonyms that the command line gives."""
        document = [
            {
                "name": {
                    "givenName": person.given_name,
                    "familyName": person.family_name,
                    "fullName": person.full_name,
                },
                "emailAddress": person.email,
            }
            for person in people
        ]
        command = ["pseudonymise", "--site", self.root, "--service", SERVICE]
        done = preau(*command, stdin=json.dumps(document).encode())
        assert done.returncode == 0, done.stderr.decode()
        for account in json.loads(done.stdout):
            self.classroom.provision(account["name"], account["emailAddress"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("google")
    authority = CloudAuthority(folder)
    root = folder / "site"
    people = make_site(root, authority.pem)
    classroom = Classroom()
    ca = folder / "ca.pem"
    ca.write_bytes(export_ca(load_site(root).ca_dir))
    document = files("googleapiclient") / "discovery_cache/documents/classroom.v1.json"
    with (
        h1_cloud(authority.server_context(HOST), classroom) as cloud,
        Served(root, {HOST: cloud.address}) as gateway,
    ):
        service = build_from_document(
            json.loads(document.read_text()), http=Tunnelling(gateway.port, ca)
        )
        stage = Stage(root, people, classroom, cloud, service)
        stage.provision(people[:3])
        yield stage


def profile_of(person: Person) -> tuple[str, str, str, str]:
    return person.given_name, person.family_name, person.full_name, person.email


def seen(profile: dict[str, Any]) -> tuple[str, str, str, str]:
    name = profile["name"]
    return name["givenName"], name["familyName"], name["fullName"], profile["emailAddress"]


def test_a_class_is_filled_read_and_found_again(stage: Stage) -> None:
    students = stage.service.courses().students()
    pupils = stage.people[:3]
    for pupil in pupils:
        made = students.create(courseId=COURSE, body={"userId": pupil.email}).execute()
        assert seen(made["profile"]) == profile_of(pupil)
    listed = students.list(courseId=COURSE, pageSize=100).execute()["students"]
    assert [seen(student["profile"]) for student in listed] == [profile_of(p) for p in pupils]
    for pupil in pupils * 2:  # by the address in the path: the same record, every time
        found = students.get(courseId=COURSE, userId=pupil.email).execute()
        assert seen(found["profile"]) == profile_of(pupil)
        profile = stage.service.userProfiles().get(userId=pupil.email).execute()
        assert profile["id"] == found["userId"]
        assert seen(profile) == profile_of(pupil)
    by_number = stage.service.userProfiles().get(userId=listed[0]["userId"]).execute()
    assert seen(by_number) == profile_of(pupils[0])
    assert len(stage.classroom.students) == 3


def test_a_batch_reaches_the_same_records(stage: Stage) -> None:
    got: dict[str, Any] = {}
    failed: list[object] = []

    def take(number: str, answer: Any, error: object) -> None:
        got[number] = answer
        if error:
            failed.append(error)

    pupils = stage.people[:3]
    batch = stage.service.new_batch_http_request(callback=take)
    for index, pupil in enumerate(pupils):
        request = (
            stage.service.courses().students().create(courseId=COURSE, body={"userId": pupil.email})
            if index == 0
            else stage.service.userProfiles().get(userId=pupil.email)
        )
        batch.add(request, request_id=str(index))
    batch.execute()
    assert failed == []
    assert seen(got["0"]["profile"]) == profile_of(pupils[0])
    assert [seen(got[number]) for number in "12"] == [profile_of(p) for p in pupils[1:]]


def test_the_service_has_seen_pseudonyms_only(stage: Stage) -> None:
    """Last of this file: over everything that the tests above sent, and then some."""
    pupil = stage.people[0]
    work = {"title": "Exposé", "description": f"Avec {pupil.full_name}, voir {pupil.email}"}
    guardians = stage.service.userProfiles().guardianInvitations()
    for call in (
        stage.service.courses().courseWork().create(courseId=COURSE, body=work),
        guardians.list(studentId=pupil.email, invitedEmailAddress="parent@maison.example"),
    ):
        with pytest.raises(HttpError) as raised:  # this Classroom knows neither
            call.execute()
        assert raised.value.status_code == 404
    received = unquote(stage.cloud.everything.decode("utf-8", "replace")).lower()
    kept = json.dumps(stage.classroom.accounts, ensure_ascii=False).lower()
    for person in stage.people[:3]:
        for value in (
            "parent@maison",
            person.full_name,
            person.family_name,
            person.email,
            person.login,
        ):
            assert value.lower() not in received
            assert value.lower() not in kept
    assert stage.classroom.asked
    assert preau("audit", "verify", "--site", stage.root).returncode == 0
