"""SCIM users as services export them, and documents that only look like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proxy.directory.importers import open_roster
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
LEA = {
    "schemas": [USER],
    "id": "2819c223-7f76-453a-919d-413861904646",
    "externalId": "e1",
    "userName": "lea@c.example",
    "name": {"formatted": "Mlle Léa Martin", "familyName": "Martin", "givenName": "Léa"},
    "emails": [{"value": "home@h.example"}, {"value": "work@c.example", "primary": True}],
    "phoneNumbers": [{"value": "+33639981234", "type": "mobile"}],
    "userType": "Student",
}
GROUP = {"displayName": "6e B", "members": [{"value": LEA["id"], "display": "Léa"}]}


def read(path: Path, document: object) -> tuple[list[Person], list[str]]:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    roster = open_roster([path])
    assert (roster.format, roster.complete) == ("scim", True)
    return list(roster.persons()), list(roster.problems.shown())


@pytest.mark.parametrize(
    "document",
    [
        {"schemas": [LIST], "totalResults": 2, "Resources": [LEA, GROUP]},
        [LEA, GROUP],
        {"schemas": [LIST], "Resources": [GROUP, LEA], "itemsPerPage": 2},
    ],
)
def test_users_and_their_groups_are_read(tmp_path, document):
    (lea,), problems = read(tmp_path / "u.json", document)
    assert problems == []
    assert (lea.kind, lea.source_id) == (SubjectKind.PUPIL, "e1")
    assert (lea.given_name, lea.family_name) == ("Léa", "Martin")
    assert lea.emails == ("work@c.example", "home@h.example", "lea@c.example")
    assert (lea.phones, lea.uuids, lea.classes) == (("+33639981234",), (LEA["id"],), ("6e B",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"userName": 5, "externalId": None},
        {"emails": [{"value": "Secret"}]},
        {"name": {"givenName": "Secret" * 50}},
        {"phoneNumbers": [{"value": "Secret"}]},
    ],
)
def test_bad_users_are_told_by_number_never_by_content(tmp_path, wrong):
    people, problems = read(tmp_path / "u.json", [LEA, LEA | {"id": "", "externalId": "x"} | wrong])
    assert len(people) == 1
    assert len(problems) == 1
    assert "u.json:2:1: user 2, " in problems[0]
    assert "ecret" not in problems[0]


@pytest.mark.parametrize("name", [None, [], "x", {"givenName": {}}])
def test_odd_types_do_no_harm(tmp_path, name):
    (lea,), problems = read(tmp_path / "u.json", [LEA | {"name": name, "emails": "x"}])
    assert problems == []
    assert (lea.given_name, lea.emails) == ("", ("lea@c.example",))


@pytest.mark.parametrize("text", [f'{{"schemas": ["{USER}"', f'["{USER}"' + "[" * 200_000])
def test_what_is_no_json_is_an_input_error(tmp_path, text):
    with pytest.raises(InputError, match="not well-formed JSON"):
        read(tmp_path / "u.json", text)
