"""A row of changes: what it does not say of a person is as it was.

A changed family name must be found beside the given name that only the directory knows (and
the other way round), or half a name would leave in clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proxy.directory.subjects import Person
from proxy.kinds import Kind


def lacks_half_a_name(person: Person) -> bool:
    """Whether a change gives a family name without a given name, or a given name alone."""
    return person.partial and bool(person.given_name) != bool(person.family_name)


def completed(person: Person, known: Iterable[tuple[Kind, str]]) -> Person:
    """The person with the missing half of the name, from the values that were known before."""
    names = list(known)
    if person.given_name:
        family = [text for kind, text in names if kind is Kind.FAMILY_NAME] or [""]
        return replace(person, family_name=family[0], other_family=tuple(family[1:]))
    given = [text for kind, text in names if kind is Kind.GIVEN_NAME] or [""]
    return replace(person, given_name=given[0], other_given=tuple(given[1:]))
