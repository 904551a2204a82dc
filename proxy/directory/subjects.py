"""A person as a roster gives them, before anything is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms.canonical import NAME_SEPARATOR


@dataclass(frozen=True, slots=True)
class Person:
    """One subject of one source. The ``repr`` shows no value: it ends up in logs."""

    kind: SubjectKind
    source_id: str = field(repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    other_given: tuple[str, ...] = field(default=(), repr=False)
    """Usual or preferred given names, and given names written with the middle ones."""
    other_family: tuple[str, ...] = field(default=(), repr=False)
    """Usual or preferred family names."""
    emails: tuple[str, ...] = field(default=(), repr=False)
    logins: tuple[str, ...] = field(default=(), repr=False)
    national_id: str = field(default="", repr=False)
    student_number: str = field(default="", repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    birth_date: str = field(default="", repr=False)
    """ISO 8601, or empty."""
    uuids: tuple[str, ...] = field(default=(), repr=False)
    schools: tuple[str, ...] = field(default=(), repr=False)
    classes: tuple[str, ...] = field(default=(), repr=False)
    active: bool = True
    partial: bool = False
    """From a file of changes: kind, schools and classes that it does not give stay as they were."""
    stable_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys under which several sources know the person (ENTPersonJointure): they join subjects."""

    def values(self) -> Iterator[tuple[Kind, str]]:
        """Every identifier, as typed: single names, each given with each family name, the rest."""
        given = [name for name in (self.given_name, *self.other_given) if name]
        family = [name for name in (self.family_name, *self.other_family) if name]
        yield from ((Kind.GIVEN_NAME, name) for name in given)
        yield from ((Kind.FAMILY_NAME, name) for name in family)
        for last in family:
            yield from ((Kind.FULL_NAME, f"{first}{NAME_SEPARATOR}{last}") for first in given)
        yield from ((Kind.EMAIL, email) for email in self.emails)
        yield from ((Kind.LOGIN, login) for login in self.logins)
        yield from ((Kind.PHONE, phone) for phone in self.phones)
        yield from ((Kind.UUID, uuid) for uuid in self.uuids)
        yield from ((Kind.TEXT, key) for key in self.stable_keys)
        single = (
            (Kind.NATIONAL_ID, self.national_id),
            (Kind.STUDENT_NUMBER, self.student_number),
            (Kind.BIRTH_DATE, self.birth_date),
        )
        yield from ((kind, text) for kind, text in single if text)
