"""Schools and classes of a roster, their titles cleaned of people's names.

A service needs to know who is in which class, so titles are written as they are, except for
the names in them: full names and addresses of anybody in the directory become pseudonyms, as
they would in any text on the wire, and so does the single name of somebody in the class
(``Groupe de Mme Durand``), which a class's few people make certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import TYPE_CHECKING

from proxy.directory.exporters.merged import Subjects
from proxy.directory.fold import name_key
from proxy.errors import InputError
from proxy.kinds import Kind
from proxy.pseudonyms.pseudonymiser import ValueSource
from proxy.store.interface import SubjectRecord

if TYPE_CHECKING:
    from proxy.directory.exporters.accounts import Selection

type Protect = Callable[[str], str]
"""A text as it would leave the gateway."""
type NamePseudonym = Callable[[Kind, str, int], str]

_WORD = re.compile(r"[^\W\d_]+")
_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A school, or a class of a school."""

    id: str
    title: str
    school: str = ""
    """The id of a class's school."""


@dataclass(slots=True)
class _Named:
    """What stands in a title: names by their folded words, found as people are passed by."""

    words: frozenset[str]
    found: dict[str, tuple[Kind, str, int]] = field(default_factory=dict)


class Places:
    """Learn first, from everybody; then ask."""

    def __init__(self, protect: Protect, pseudonym: NamePseudonym, fallback: str) -> None:
        """``fallback`` is the school of those who have none: services want one."""
        self._protect, self._pseudonym, self._fallback = protect, pseudonym, fallback
        self._schools: dict[str, Place] = {}
        self._classes: dict[tuple[str, str], Place] = {}

    @property
    def schools(self) -> tuple[Place, ...]:
        """In the order of their titles."""
        return tuple(sorted(set(self._schools.values()), key=lambda place: (place.title, place.id)))

    @property
    def classes(self) -> tuple[Place, ...]:
        """In the order of their titles."""
        return tuple(sorted(set(self._classes.values()), key=lambda place: (place.title, place.id)))

    def learn(
        self,
        subjects: Subjects,
        source: ValueSource,
        selection: Selection,
    ) -> int:
        """Find the places of those selected, and the names in their titles; how many they are."""
        count = 0
        classes: dict[tuple[str, str], None] = {}
        schools: dict[str, None] = {}
        for subject in filter(selection.takes, subjects()):
            count += 1
            schools.update(dict.fromkeys(self._school_names(subject)))
            classes.update(
                ((self._school_names(subject)[0], title), None)
                for title in subject.classes
                if selection.takes_class(title)
            )
        names = self._names({title for _, title in classes}, subjects, source)
        for school in schools:
            title = self._clean(school, {})
            self._schools[school] = Place(_id(title), title)
        for school, written in classes:
            title = self._clean(written, names[written].found)
            home = self._schools[school].id
            self._classes[school, written] = Place(f"{home}:{_id(title)}", title, home)
        return count

    def schools_of(self, subject: SubjectRecord) -> tuple[Place, ...]:
        """At least one."""
        return tuple(self._schools[name] for name in self._school_names(subject))

    def classes_of(self, subject: SubjectRecord, selection: Selection) -> tuple[Place, ...]:
        """The classes of a subject that was selected."""
        school = self._school_names(subject)[0]
        wanted = filter(selection.takes_class, subject.classes)
        return tuple(dict.fromkeys(self._classes[school, title] for title in wanted))

    def _school_names(self, subject: SubjectRecord) -> tuple[str, ...]:
        return subject.schools or (self._fallback,)

    # --- names in titles -----------------------------------------------------------------

    def _names(
        self,
        titles: set[str],
        subjects: Subjects,
        source: ValueSource,
    ) -> dict[str, _Named]:
        """Single names of a class's people, whoever they are, that stand in its title."""
        names = {title: _Named(frozenset(_keys(title))) for title in titles}
        if not any(named.words for named in names.values()):
            return names
        for subject in subjects():
            for title in titles.intersection(subject.classes):
                named = names[title]
                for ref in subject.values if named.words else ():
                    plain = source.plain(ref)
                    if plain is None or plain[0] not in (Kind.GIVEN_NAME, Kind.FAMILY_NAME):
                        continue
                    key = name_key(plain[1])
                    if key in named.words:
                        named.found[key] = (*plain, ref)
        return names

    def _clean(self, title: str, found: dict[str, tuple[Kind, str, int]]) -> str:
        cleaned = self._protect(self._without(title, found))
        if self._protect(cleaned) != cleaned:  # pragma: no cover - protecting is idempotent
            raise InputError("a title of a class or school still holds a name; shorten the title")
        return cleaned

    def _without(self, title: str, found: dict[str, tuple[Kind, str, int]]) -> str:
        """The title with the longest names first replaced, from the left."""
        words = list(_WORD.finditer(title))
        pieces, at, index = [], 0, 0
        while index < len(words):
            taken = self._taken(title, words, index, found)
            if taken is None:
                index += 1
                continue
            index, start, end, pseudonym = taken
            pieces += [title[at:start], pseudonym]
            at = end
        return "".join((*pieces, title[at:]))

    def _taken(
        self,
        title: str,
        words: list[re.Match[str]],
        index: int,
        found: dict[str, tuple[Kind, str, int]],
    ) -> tuple[int, int, int, str] | None:
        start = words[index].start()
        for last in range(min(index + _LONGEST_NAME, len(words)) - 1, index - 1, -1):
            end = words[last].end()
            hit = found.get(name_key(title[start:end]))
            if hit is not None:
                kind, _, ref = hit
                return last + 1, start, end, self._pseudonym(kind, title[start:end], ref)
        return None


def _keys(title: str) -> dict[str, None]:
    """Every run of words of a title, folded as names are."""
    words = list(_WORD.finditer(title))
    runs = (
        title[words[first].start() : words[last].end()]
        for first in range(len(words))
        for last in range(first, min(first + _LONGEST_NAME, len(words)))
    )
    return {name_key(run): None for run in runs if len(run) > 1}


def _id(title: str) -> str:
    """A code is its own id; of a title a short hash, which every list and field accepts."""
    if _SIMPLE.fullmatch(title):
        return title
    return f"t-{blake2s(title.encode(), digest_size=10).hexdigest()}"
