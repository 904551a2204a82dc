"""Names of fields that tell what they hold: ``firstName``, ``nom_eleve``, ``studentEmail``.

In a service that nobody described, ``{"prenom": "Jean", "nom": "Le Gall"}`` names a pupil
all the same, known to the directory or not. The words are in ``telling_names.txt``, which can
be read aloud and where nothing was learned from data; this module reads it once and answers,
for a field's name, which rule it asks for. Answers are kept, up to a bound: names repeat.

A name may be ambiguous (``name``, ``nom``, ``first``): it is then ``Told.maybe``, and what
stands beside it decides (``settle``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from proxy.kinds import Kind
from proxy.policy.model import ELEMENT, Action, FieldRule, FieldState, RuleRef

_FILE = "telling_names.txt"
_PERSON, _OTHER, _TYPED = "about a person", "about anything", "typed"
_KNOWN = "known "
_VALUE = "value"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MAX_NAME = 80
_MAX_WORDS = 10
_KEPT = 8192
_INSIDE = frozenset(
    {"value", "values", "address", "text", "formatted", "full", "#text", "_", "stringvalue"}
)
"""Members of an object under a telling name that hold the value itself: ``email.value``."""

PEOPLE = frozenset(
    "user users people person persons member members profile profiles profil profils account "
    "accounts student students pupil pupils learner learners teacher teachers author authors eleve "
    "eleves utilisateur utilisateurs enseignant enseignants prof profs compte comptes annuaire "
    "membre membres files calendars addressbooks principals avatar avatars".split()
)
"""What stands before somebody's login in a path (``files``, ``principals``: WebDAV's)."""


class Beside(NamedTuple):
    """What an ambiguous name is in the company of one of these; always, if there are none."""

    company: frozenset[str]
    means: str
    rule: FieldRule


class Told(NamedTuple):
    """What a name tells: a rule, or several to choose from."""

    means: str = ""
    rule: FieldRule | None = None
    maybe: tuple[Beside, ...] = ()


_NOTHING = Told()
_ALONE: frozenset[str] = frozenset()


def settle(certain: Collection[str], asked: Sequence[Told]) -> list[FieldRule | None]:
    """The rule of each ambiguous name of one object, form or row.

    ``certain``: what the unambiguous names beside them mean. Two ambiguous names may vouch for
    each other: ``first`` and ``last``.
    """
    return [_choose(told, certain, asked) for told in asked]


def _choose(told: Told, certain: Collection[str], asked: Sequence[Told]) -> FieldRule | None:
    company = {beside.means for other in asked if other is not told for beside in other.maybe}
    company.update(certain)
    for beside in told.maybe:
        if not beside.company or beside.company & company:
            return beside.rule
    return None


class TellingNames:
    """Answers for the names of one service. Immutable but for what it remembers."""

    def __init__(self, exceptions: Iterable[str] = ()) -> None:
        """``exceptions``: names that tell nothing in this service."""
        self._words = _read_words()
        self._except = {"".join(_parts(name)) for name in exceptions}
        self._known: dict[str, Told] = {}

    def of(self, name: str) -> Told:
        """What the name of a field tells; an empty ``Told`` for most."""
        told = self._known.get(name)
        if told is None:
            told = self._tell(name)
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[name] = told
        return told

    def after(self, state: FieldState, name: str) -> FieldState:
        """The state behind a member that no rule of the service mentions."""
        told = self.of(name)
        if told is _NOTHING or state.other.rule is not None:
            return state.other
        return _TellingState(told, state.other)

    def _tell(self, name: str) -> Told:
        if len(name) > _MAX_NAME:
            return _NOTHING
        parts = _parts(name)
        if not parts or len(parts) > _MAX_WORDS or "".join(parts) in self._except:
            return _NOTHING
        return self._words.tell(parts)


class _TellingState(FieldState):
    """Behind a telling name: the value, its elements, or a member such as ``value``."""

    __slots__ = ("_told",)

    def __init__(self, told: Told, below: FieldState) -> None:
        super().__init__(fold=below.fold)
        self._told, self.other = told, below
        self.rule, self.told = told.rule, told

    def step(self, key: str) -> FieldState:
        if key == ELEMENT or (self.rule is not None and key.lower() in _INSIDE):
            return _TellingState(self._told, self.other.step(key))
        return self.other.step(key)


class NamedRules(Mapping[str, FieldRule]):
    """Rules by name for forms, queries and the like: those written, then those names tell."""

    __slots__ = ("_telling", "_written")

    def __init__(self, written: Mapping[str, FieldRule], telling: TellingNames | None) -> None:
        self._written, self._telling = written, telling

    def __getitem__(self, name: str) -> FieldRule:
        return self._written[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def __bool__(self) -> bool:
        return bool(self._written) or self._telling is not None

    def among(self, names: Iterable[str]) -> Mapping[str, FieldRule]:
        """The rules that hold for these names, which stand together."""
        if self._telling is None:
            return self._written
        rules: dict[str, FieldRule] = {}
        asked: dict[str, Told] = {}
        certain: set[str] = set()
        for name in names:
            told = _NOTHING if name in self._written else self._telling.of(name)
            rule = self._written.get(name) or told.rule
            if rule is not None:
                rules[name] = rule
                certain.add(told.means or rule.vouches)
            elif told.maybe:
                asked[name] = told
        for name, rule in zip(asked, settle(certain, list(asked.values())), strict=True):
            if rule is not None:
                rules[name] = rule
        return rules


def rules_among(rules: Mapping[str, FieldRule], names: Iterable[str]) -> Mapping[str, FieldRule]:
    """``rules`` for the names that stand together in one form or row."""
    return rules.among(names) if isinstance(rules, NamedRules) else rules


def member_patterns() -> tuple[str, str]:
    """Patterns of the words in names that tell, and of those in names of what people type.

    For lower-case text. Whatever tells by ``TellingNames`` has one of them in it; not all that
    has one tells: a quick look (``proxy.directory.screen``).
    """
    table = _read_words().table
    typed = [word for word, told in table.items() if told.means == _TYPED]
    telling = [word for word, told in table.items() if told.means != _TYPED]
    telling.append(_VALUE)  # whose name may stand beside it (``content.labelled``)
    apart = '[^a-z"]*'
    written, search = ("|".join(map(apart.join, sorted(words))) for words in (telling, typed))
    return written, search


# --- reading the words --------------------------------------------------------------------


class _Words(NamedTuple):
    table: Mapping[str, Told]
    person: frozenset[str]
    other: frozenset[str]

    def tell(self, parts: list[str]) -> Told:
        """The longest run of parts that is listed, if the parts around it may stand there."""
        whole = self.table.get("".join(parts))
        if whole is not None:
            return whole
        if len(parts) == 1:
            return self._glued(parts[0])
        for length in range(len(parts) - 1, 0, -1):
            for start in range(len(parts) - length + 1):
                told = self.table.get("".join(parts[start : start + length]))
                around = parts[:start] + parts[start + length :]
                if told is not None and (told.means == _TYPED or self._fits(around)):
                    return self._of_person(told, around)
        return _NOTHING

    def _glued(self, word: str) -> Told:
        """``studentemail``, ``nomeleve``."""
        for cut in range(2, len(word) - 1):
            for around, rest in ((word[:cut], word[cut:]), (word[cut:], word[:cut])):
                if around in self.person and (told := self.table.get(rest)) is not None:
                    return self._of_person(told, [around])
        return _NOTHING

    def _fits(self, around: list[str]) -> bool:
        return all(part in self.person or part in self.other for part in around)

    def _of_person(self, told: Told, around: list[str]) -> Told:
        """``studentName`` needs no company: full name if it may be one."""
        if not told.maybe or not self.person.intersection(around):
            return told
        last = next((one for one in told.maybe if one.means == Kind.FULL_NAME), told.maybe[0])
        return told._replace(maybe=(*told.maybe, last._replace(company=frozenset())))


@lru_cache(1)
def _read_words() -> _Words:
    text = resources.files("proxy.policy").joinpath(_FILE).read_text("utf-8")
    table: dict[str, Told] = {}
    groups: dict[str, frozenset[str]] = {}
    for line, head, names in _entries(text):
        means, _, company = head.partition(" beside ")
        if means in (_PERSON, _OTHER):
            groups[means] = frozenset("".join(_parts(name)) for name in names)
            continue
        beside = frozenset(word.strip() for word in company.split(",")) if company else None
        known = means.startswith(_KNOWN)
        for name in names:
            rule = _rule(means.removeprefix(_KNOWN), name, line, known=known)
            key = "".join(_parts(name))
            if known:  # after the others: what stands beside the name decides first
                told = table.get(key, _NOTHING)
                if told.rule is None:
                    table[key] = Told(maybe=(*told.maybe, Beside(_ALONE, "", rule)))
            elif beside is None:
                table.setdefault(key, Told(means, rule))
            elif key not in table or table[key].rule is None:
                told = table.get(key, _NOTHING)
                table[key] = Told(maybe=(*told.maybe, Beside(beside, means, rule)))
    return _Words(table, groups[_PERSON], groups[_OTHER])


def _entries(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Line, what stands before the colon, and the names behind it."""
    number, entry = 0, ""
    for at, line in enumerate([*text.splitlines(), "end:"], 1):
        if line.startswith(" "):
            entry += " " + line.strip()
        elif line and not line.startswith("#"):
            if entry:
                head, _, names = entry.partition(":")
                yield number, head, [name.strip() for name in names.split(",")]
            number, entry = at, line


_MINIMISED = {
    "birth_date": (Kind.BIRTH_DATE, "year"),
    "postcode": (Kind.ADDRESS, "department"),
}


def _rule(means: str, name: str, line: int, *, known: bool) -> FieldRule:
    kind, coarse = _MINIMISED.get(means, (None, ""))
    action = Action.GENERALISE if coarse else Action.PSEUDONYMISE
    if means == _TYPED:
        kind, action = Kind.TEXT, Action.SEARCH
    ref = RuleRef(_FILE, line, f"{name} is {means}")
    return FieldRule(
        kind or Kind(means), action, ref, "auto", coarse, strict=False, guessed=True, known=known
    )


def _parts(name: str) -> list[str]:
    """``studentFirstName`` → student, first, name; ``Prénom`` → prenom."""
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii())
    return [word.lower() for word in _WORD.findall(name)]
