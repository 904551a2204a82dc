"""A roster's description: a small YAML file that says how to read what says nothing of itself.

``roster: csv`` maps the columns of a plain table, ``roster: ldap`` names a directory server,
``roster: ldif`` a file that one wrote. What each may hold stands in the module that reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from proxy.directory.importers.files import RosterFiles
from proxy.errors import InputError
from proxy.policy.document import MAX_BYTES, Document, Location, parse_document
from proxy.policy.problems import InvalidFiles
from proxy.policy.validation import Strict, validate

_SUFFIXES = (".yaml", ".yml")
_WORDS = ("csv", "ldap", "ldif")


def names(files: RosterFiles) -> list[str]:
    """The YAML files among a roster's."""
    return [name for name in files.names() if name.endswith(_SUFFIXES)]


def describes(files: RosterFiles, word: str) -> bool:
    """Whether there is a description that says ``roster: word``.

    Raises ``InvalidFiles`` for one that says nothing that can be understood: the table beside
    it must not be taken for another format.
    """
    return _top(files).get("roster") == word


def has_key(files: RosterFiles, key: str) -> bool:
    """Whether the description holds ``key`` at its top: some have two forms."""
    return key in _top(files)


def _top(files: RosterFiles) -> dict[str, Any]:
    found = names(files)
    if not found:
        return {}
    document = _parsed(files, found[0])
    data = document.data if isinstance(document.data, dict) else {}
    if not document.problems and data.get("roster") not in _WORDS:
        message = f"expected 'roster: …' with one of: {', '.join(_WORDS)}"
        document.problems.append(document.problem(("roster",), message))
    if document.problems:
        raise InvalidFiles(f"{document.file}: cannot be used", document.problems)
    return data


class Description[Schema: Strict]:
    """One checked description and the places of its words, for problems."""

    def __init__(self, files: RosterFiles, schema: type[Schema]) -> None:
        """Raises ``InvalidFiles`` with every problem."""
        found = names(files)
        if len(found) != 1:
            what = "no description (.yaml)" if not found else "more than one description (.yaml)"
            raise InputError(f"{what} among the files; give exactly one, see docs/rosters.md")
        self.name = found[0]
        self.label = files.label(self.name)
        self.path: Path | None = files.plain_path(self.name)
        self._document = _parsed(files, self.name)
        written = validate(self._document, schema)
        if written is None:
            raise InvalidFiles(f"{self.label}: cannot be used", self._document.problems)
        self.written = written

    def fail(self, location: Location, message: str) -> NoReturn:
        """What is written at ``location`` does not fit: an error with its place."""
        problem = self._document.problem(location, message)
        raise InvalidFiles(f"{self.label}: cannot be used", [problem])


def _parsed(files: RosterFiles, name: str) -> Document:
    with files.open(name) as stream:
        return parse_document(stream.read(MAX_BYTES + 1), files.label(name))
