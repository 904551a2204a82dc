"""SCIM 2.0 users as JSON (RFC 7643): a list response, a bulk request, an array or one user.

Groups give the classes of their members. Read whole: a service's export is one document.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from proxy.directory.importers import cells
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.google import kind_of_words
from proxy.directory.importers.ldap_entries import EntryRow
from proxy.directory.importers.problems import Problems
from proxy.directory.importers.tables import BadRow
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind

NAME = "scim"
_MARK = b"urn:ietf:params:scim:"
_HEAD = 1 << 16
_MAX_BYTES = 1 << 30
_SEPARATOR = ","

type Resource = dict[str, Any]


def detect(files: RosterFiles) -> bool:
    """A JSON file that names SCIM near its start."""
    for name in _documents(files):
        with files.open(name) as stream:
            if _MARK in stream.read(_HEAD):
                return True
    return False


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    if not _documents(files):
        raise InputError("no .json file among those named; export the users as SCIM")
    for name in _documents(files):
        label = files.label(name)
        users, groups = _sorted_out(_resources(files, name))
        classes = _classes(groups)
        seen: set[str] = set()
        for number, (own_id, user) in enumerate(users, start=1):
            try:
                person = _person(label, number, own_id, user, classes, problems)
                if person.source_id in seen:
                    raise BadRow("externalId", "an id that another user has already")
                seen.add(person.source_id)
            except BadRow as bad:
                problems.add(label, number, 1, f"user {number}, {bad.header}: {bad.what}")
            else:
                yield person


def _documents(files: RosterFiles) -> list[str]:
    return [name for name in files.names() if name.endswith((".json", ".scim"))]


def _resources(files: RosterFiles, name: str) -> list[tuple[str, Resource]]:
    """Users and groups with the ids that a bulk request gives them."""
    with files.open(name) as stream:
        raw = stream.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise InputError(f"{files.label(name)}: larger than 1 GiB; export it in parts")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{files.label(name)}: not well-formed JSON; export it again") from error
    if isinstance(document, dict) and isinstance(document.get("Operations"), list):
        posts = (one for one in document["Operations"] if isinstance(one, dict))
        return [(_text(one.get("bulkId")), one["data"]) for one in posts if _is_new(one)]
    if isinstance(document, dict) and isinstance(document.get("Resources"), list):
        document = document["Resources"]
    listed = document if isinstance(document, list) else [document]
    return [(_text(one.get("id")), one) for one in listed if isinstance(one, dict)]


def _is_new(operation: Resource) -> bool:
    return _text(operation.get("method")).upper() == "POST" and isinstance(
        operation.get("data"), dict
    )


def _sorted_out(
    resources: list[tuple[str, Resource]],
) -> tuple[list[tuple[str, Resource]], list[Resource]]:
    users = [(own_id, one) for own_id, one in resources if "userName" in one]
    groups = [one for _, one in resources if "userName" not in one and "members" in one]
    return users, groups


def _classes(groups: list[Resource]) -> dict[str, dict[str, None]]:
    """Titles by member."""
    classes: dict[str, dict[str, None]] = defaultdict(dict)
    for group in groups:
        for member in _listed(group.get("members")):
            classes[member.removeprefix("bulkId:")][_text(group.get("displayName"))] = None
    return classes


def _person(
    label: str,
    number: int,
    own_id: str,
    user: Resource,
    classes: dict[str, dict[str, None]],
    problems: Problems,
) -> Person:
    name = user["name"] if isinstance(user.get("name"), dict) else {}
    login, external = _text(user["userName"]), _text(user.get("externalId"))
    key = external or own_id or login
    row = EntryRow(
        label,
        number,
        {
            "givenName": (_text(name.get("givenName")),),
            "familyName": (_text(name.get("familyName")),),
            "emails": tuple(_listed(user.get("emails"))),
            "phoneNumbers": tuple(_listed(user.get("phoneNumbers"))),
        },
    )
    if not key:
        raise BadRow("externalId", "no id; SCIM requires a userName at least")
    addresses = (login,) if cells.is_email(login) else ()
    person = Person(
        kind=_kind(label, number, user, problems),
        source_id=key,
        given_name=cells.name(row, "givenName"),
        family_name=cells.name(row, "familyName"),
        emails=tuple(dict.fromkeys((*cells.emails(row, "emails", _SEPARATOR), *addresses))),
        logins=() if addresses or not login else (login,),
        phones=cells.phones(row, "phoneNumbers", _SEPARATOR),
        uuids=tuple(dict.fromkeys(one.lower() for one in (external, own_id) if cells.is_uuid(one))),
        classes=tuple(filter(None, classes.get(own_id, ()))),
    )
    if next(person.values(), None) is None:
        raise BadRow("name", "a person without any identifier; fill in the name at least")
    return person


def _kind(label: str, number: int, user: Resource, problems: Problems) -> SubjectKind:
    kind = kind_of_words(f"{_text(user.get('userType'))} {_text(user.get('title'))}")
    if kind is None:
        what = "neither userType nor title tells pupil from staff: taken as a pupil"
        problems.note(label, number, 1, what)
    return kind or SubjectKind.PUPIL


def _listed(value: object) -> list[str]:
    """The values of a multi-valued attribute, the primary one first."""
    found = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    found.sort(key=lambda one: one.get("primary") is not True)
    return [text for one in found if (text := _text(one.get("value")))]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
