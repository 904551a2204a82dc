"""What is wrong with a roster, where, and what to do; never what stands there."""

from __future__ import annotations

from collections.abc import Collection

from proxy.directory.importers.files import RosterFiles

_SHOWN = 200


class Problems:
    """Collects problems (rows not taken) and notes (rows taken, with a remark)."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: the roster is read again."""
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.bad_rows = 0
        self.remarks = 0

    def __repr__(self) -> str:
        return f"Problems(bad_rows={self.bad_rows})"

    def add(self, file: str, line: int, column: int, what: str) -> None:
        """A row that cannot be taken."""
        self.bad_rows += 1
        if self.bad_rows <= _SHOWN:
            self.lines.append(f"{file}:{line}:{column}: {what}")

    def note(self, file: str, line: int, column: int, what: str) -> None:
        """A row that is taken, but not as it stands."""
        self.remarks += 1
        if self.remarks <= _SHOWN:
            self.notes.append(f"{file}:{line}:{column}: {what}")

    def shown(self) -> tuple[str, ...]:
        """The problems to print; the rest as a count."""
        more = self.bad_rows - len(self.lines)
        return (*self.lines, f"… and {more} more bad rows") if more else tuple(self.lines)


def note_others(
    files: RosterFiles, known: Collection[str], format_name: str, problems: Problems
) -> None:
    """Say which files may hold people but are left alone, as they are of another format."""
    for name in files.names():
        if name not in known and name.endswith((".xml", ".csv", ".zip")):
            what = f"not read, as it is no file of {format_name}; import it on its own"
            problems.note(files.label(name), 1, 1, what)
