"""The default site holds what it promises: two complete packs, checked against outside facts."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path
from typing import Any

import pytest

from proxy.kinds import Kind
from proxy.policy.model import Action, Endpoint, Treatment
from proxy.policy.policy import Policy, load_policy, read_policy

ROOT = Path(__file__).parents[3] / "policies"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(ROOT, {})


def body(endpoint: Endpoint, path: str) -> tuple[Kind, Action] | None:
    state = endpoint.body
    for step in path.split():
        state = state.step(step)
    return (state.rule.kind, state.rule.action) if state.rule else None


def test_the_default_site_only_warns_about_what_the_site_must_fill_in() -> None:
    reading = read_policy(ROOT, {})
    assert reading.problems == []
    for warning in reading.warnings:
        awaited = ("nobody has confirmed", "its supplier has not adhered")
        assert warning.file == "site.yaml" or any(why in warning.message for why in awaited)


@pytest.mark.parametrize(
    ("host", "treatment", "service"),
    [
        ("classroom.googleapis.com", Treatment.INSPECT, "google-classroom"),
        ("graph.microsoft.com", Treatment.INSPECT, "microsoft-graph"),
        ("www.labanquepostale.fr", Treatment.TUNNEL, None),
        ("3018.fr", Treatment.TUNNEL, None),
        ("gateway.icloud.com", Treatment.TUNNEL, "apple"),
        ("accounts.google.com", Treatment.TUNNEL, "google-accounts"),
        ("teams.microsoft.com", Treatment.TUNNEL, "microsoft-365"),
        ("unknown.example", Treatment.DENY, None),
    ],
)
def test_the_default_site_treats_hosts_as_documented(
    policy: Policy, host: str, treatment: Treatment, service: str | None
) -> None:
    verdict = policy.verdict(host)
    assert verdict.treatment is treatment
    assert (verdict.service.name if verdict.service else None) == service


def discovery() -> dict[str, Any]:
    package = pytest.importorskip("googleapiclient.discovery_cache.documents")
    file = importlib.resources.files(package) / "classroom.v1.json"
    return json.loads(file.read_text(encoding="utf-8"))


def methods(resource: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(resource.get("methods", {}).values())
    for inner in resource.get("resources", {}).values():
        found.extend(methods(inner))
    return found


PERSON_PARAMETERS = {"userId", "studentId", "teacherId", "guardianId", "invitedEmailAddress"}


def test_every_method_of_classroom_is_named_and_its_people_are_treated(policy: Policy) -> None:
    """Google's own description is the oracle: no request of it falls to the default."""
    endpoints = policy.services["google-classroom"].endpoints
    assert len(methods(discovery())) > 80
    for method in methods(discovery()):
        template = "/" + method.get("flatPath", method["path"])
        endpoint = endpoints.find(method["httpMethod"], template.replace("{", "").replace("}", ""))
        assert endpoint.template != "/…", template
        for name, parameter in method.get("parameters", {}).items():
            if name in PERSON_PARAMETERS and parameter["location"] == "query":
                assert name in endpoint.query_fields, (template, name)
            if name in PERSON_PARAMETERS and parameter["location"] == "path":
                index = template[1:].split("/").index(f"{{{name}}}")
                assert endpoint.path_fields[index].kind is Kind.EMAIL, (template, name)


PERSON_FIELDS = {
    "givenName": Kind.GIVEN_NAME,
    "familyName": Kind.FAMILY_NAME,
    "fullName": Kind.FULL_NAME,
    "photoUrl": Kind.PHOTO,
    **dict.fromkeys(
        [
            "emailAddress",
            "invitedEmailAddress",
            "userId",
            "studentId",
            "ownerId",
            "guardianId",
            "creatorUserId",
            "actorUserId",
            "studentIds",
            "addStudentIds",
            "removeStudentIds",
        ],
        Kind.EMAIL,
    ),
}


def person_paths(document: dict[str, Any], name: str, seen: tuple[str, ...] = ()) -> list[str]:
    """The paths of fields that can hold a person, in a schema of the description."""
    if name in seen:
        return []
    found = []
    for key, value in document["schemas"][name].get("properties", {}).items():
        item = value.get("items", value) if value.get("type") == "array" else value
        here = f"{key} []" if value.get("type") == "array" else key
        if key in PERSON_FIELDS:
            found.append(here)
        elif "$ref" in item:
            inner = person_paths(document, item["$ref"], (*seen, name))
            found.extend(f"{here} {path}" for path in inner)
    return found


def test_every_person_in_any_body_of_classroom_is_treated(policy: Policy) -> None:
    endpoints = policy.services["google-classroom"].endpoints
    document = discovery()
    checked = 0
    for method in methods(document):
        if "request" not in method:
            continue
        path = "/" + method.get("flatPath", method["path"]).replace("{", "").replace("}", "")
        endpoint = endpoints.find(method["httpMethod"], path)
        for field in person_paths(document, method["request"]["$ref"]):
            key = [step for step in field.split() if step != "[]"][-1]
            found = body(endpoint, field)
            assert found is not None, (path, field)
            assert found[0] is PERSON_FIELDS[key], (path, field)
            checked += 1
    assert checked > 30


@pytest.mark.parametrize(
    ("method", "path", "field", "expected"),
    [
        ("POST", "/v1.0/education/users", "displayName", (Kind.FULL_NAME, Action.PSEUDONYMISE)),
        (
            "POST",
            "/v1.0/education/users",
            "student birthDate",
            (Kind.BIRTH_DATE, Action.GENERALISE),
        ),
        (
            "POST",
            "/v1.0/education/users",
            "student studentNumber",
            (Kind.STUDENT_NUMBER, Action.PSEUDONYMISE),
        ),
        ("POST", "/v1.0/education/users", "mailNickname", (Kind.LOGIN, Action.PSEUDONYMISE)),
        ("POST", "/v1.0/education/users", "residenceAddress street", (Kind.ADDRESS, Action.DROP)),
        ("POST", "/v1.0/education/users", "businessPhones []", (Kind.PHONE, Action.PSEUDONYMISE)),
        (
            "POST",
            "/v1.0/education/users",
            "createdBy user displayName",
            (Kind.FULL_NAME, Action.PSEUDONYMISE),
        ),
        ("POST", "/v1.0/education/users", "passwordProfile password", (Kind.TEXT, Action.ALLOW)),
        ("PATCH", "/beta/users/x", "SURNAME", (Kind.FAMILY_NAME, Action.PSEUDONYMISE)),
        ("PATCH", "/V1.0/Users/x", "otherMails []", (Kind.EMAIL, Action.PSEUDONYMISE)),
        ("POST", "/v1.0/education/classes", "displayName", None),
        ("POST", "/v1.0/groups", "mailNickname", None),
        (
            "POST",
            "/v1.0/$batch",
            "requests [] body student externalId",
            (Kind.STUDENT_NUMBER, Action.PSEUDONYMISE),
        ),
        ("POST", "/v1.0/%24batch", "requests [] body mail", (Kind.EMAIL, Action.PSEUDONYMISE)),
        (
            "POST",
            "/v1.0/me/sendMail",
            "message toRecipients [] emailAddress name",
            (Kind.FULL_NAME, Action.PSEUDONYMISE),
        ),
    ],
)
def test_people_in_microsoft_graph_bodies_are_treated(
    policy: Policy, method: str, path: str, field: str, expected: tuple[Kind, Action] | None
) -> None:
    endpoint = policy.services["microsoft-graph"].endpoints.find(method, path)
    assert endpoint.template != "/…"
    assert body(endpoint, field) == expected


@pytest.mark.parametrize(
    ("method", "path", "index"),
    [
        ("GET", "/v1.0/users/a%40b.example", 2),
        ("GET", "/v1.0/users('a%40b.example')", 1),
        ("PATCH", "/beta/education/users('a@b.example')", 2),
        ("GET", "/v1.0/users(userPrincipalName='a@b.example')/photo/$value", 1),
        ("DELETE", "/beta/users/a@b.example/manager/$ref", 2),
        ("GET", "/v1.0/education/users/a@b.example/classes", 3),
        ("PATCH", "/v1.0/education/users/a@b.example", 3),
        ("DELETE", "/v1.0/education/classes/9/members/a@b.example/$ref", 5),
        ("DELETE", "/v1.0/groups/9/members/a@b.example/$ref", 4),
    ],
)
def test_people_in_microsoft_graph_paths_are_treated(
    policy: Policy, method: str, path: str, index: int
) -> None:
    endpoint = policy.services["microsoft-graph"].endpoints.find(method, path)
    rule = endpoint.path_fields[index]
    assert (rule.kind, rule.strict) == (Kind.EMAIL, False)
