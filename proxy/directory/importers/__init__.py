"""Rosters in: one file a format, each turning its files into ``Person`` after ``Person``.

What comes in: paths that an administrator names. What goes out: a ``Roster`` whose people are
read row by row, and its problems, ``file:line:column: what, expected, what to do``.

What must never happen here: a cell's content in a message; a file opened outside the folder
or archive that was named; an archive expanded without a bound; a bad row dropped in silence.

To add a format: a module with ``NAME``, ``detect(files)`` and ``read(files, problems)``, and a
line in ``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from proxy.directory.importers import (
    aaf,
    any_csv,
    ent_csv,
    google,
    ldap,
    ldif,
    mapped_csv,
    onde,
    oneroster,
    scim,
    sds,
    sds_v2,
    siecle,
    simple_csv,
    sts,
)
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.subjects import Person
from proxy.errors import InputError

__all__ = ["FORMATS", "Problems", "Roster", "open_roster"]


class Importer(Protocol):
    """What a format's module holds."""

    NAME: str

    def detect(self, files: RosterFiles) -> bool:
        """Whether these files are of this format."""

    def is_complete(self, files: RosterFiles) -> bool:
        """Whether who is not in the files has left; false for files of changes only."""

    def read(self, files: RosterFiles, problems: Problems) -> Iterator[Person]:
        """People, row by row; a bad row becomes a problem."""


_MODULES: tuple[Importer, ...] = (
    mapped_csv,
    ldap,
    ldif,
    scim,
    sds_v2,
    oneroster,
    sds,
    google,
    siecle,
    sts,
    aaf,
    onde,
    ent_csv,
    simple_csv,
    any_csv,
)

FORMATS: dict[str, Importer] = {module.NAME: module for module in _MODULES}
"""In the order in which detection tries them."""


_PLAIN: tuple[Importer, ...] = (onde, ent_csv, simple_csv)
"""Formats of one person a row: of other tables they would lose people or values."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Opened files of a known format."""

    format: str
    complete: bool
    problems: Problems
    _files: RosterFiles
    _importer: Importer

    def persons(self) -> Iterator[Person]:
        """People, row by row; the problems are whole only at the end. May be called again."""
        self.problems.clear()
        return self._importer.read(self._files, self.problems)

    def close(self) -> None:
        """Release the files."""
        self._files.close()


def open_roster(paths: Sequence[Path], format_name: str = "") -> Roster:
    """Open a folder, an archive or plain files; find out the format unless it is named."""
    files = RosterFiles(paths)
    importer = FORMATS.get(format_name) if format_name else _detect(files)
    if importer is None:
        advised = tuple(any_csv.advice(files))
        files.close()
        known = ", ".join(FORMATS)
        raise InputError(
            f"{paths[0]}: not a roster format that Préau reads ({known}); name "
            f"the format with --format, or say which column is what in a mapping file: "
            f"docs/rosters.md, under 'Any other CSV' / format inconnu ; nommez-le avec --format, "
            f"ou décrivez les colonnes dans un fichier de correspondance",
            advised,
        )
    return Roster(importer.NAME, importer.is_complete(files), Problems(), files, importer)


def _detect(files: RosterFiles) -> Importer | None:
    for importer in FORMATS.values():
        if importer in _PLAIN and any_csv.knows_better(files):
            return any_csv
        if importer.detect(files):
            return importer
    return None
