"""A row of changes: what it does not say of a person is as it was.

A changed family name must be found beside the given name that only the directory knows (and
the other way round), or the new full name would leave in clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from proxy.directory.subjects import Person
from proxy.kinds import Kind
from proxy.store.interface import SubjectRecord


def completed(
    person: Person, before: SubjectRecord, names: Callable[[], Iterable[tuple[Kind, str]]]
) -> Person:
    """The whole person after a change. ``names`` opens the single names known before."""
    person = replace(
        person,
        kind=before.kind,
        schools=person.schools or before.schools,
        classes=person.classes or before.classes,
    )
    if bool(person.given_name) == bool(person.family_name):
        return person
    known = list(names())
    if person.given_name:
        family = [text for kind, text in known if kind is Kind.FAMILY_NAME] or [""]
        return replace(person, family_name=family[0], other_family=tuple(family[1:]))
    given = [text for kind, text in known if kind is Kind.GIVEN_NAME] or [""]
    return replace(person, given_name=given[0], other_given=tuple(given[1:]))
