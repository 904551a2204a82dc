"""Rosters out: accounts for a service, in its own format, under its pseudonyms only.

What comes in: subjects and values of the directory, the pseudonymiser of one service and its
field rules. What goes out: one file, written whole or not at all, readable by its owner only.

What must never happen here: a real identifier in the file (who is written stands under the
very pseudonyms that the gateway makes on the wire; titles of classes and schools are cleaned
of names, and refused if one is left); a pseudonym of another service; a file half written.

To add a format: a module with ``NAME``, ``SUFFIX``, ``KINDS`` and ``write``, and a line in
``FORMATS``.
"""

from __future__ import annotations

from typing import BinaryIO, Protocol

from proxy.directory.exporters import google, oneroster, scim, sds, sds_v2
from proxy.directory.exporters.accounts import Account, Accounts, Options, Selection
from proxy.directory.exporters.output import replaced
from proxy.kinds import SubjectKind

__all__ = ["FORMATS", "Account", "Accounts", "Exporter", "Options", "Selection", "replaced"]


class Exporter(Protocol):
    """What a format's module holds."""

    NAME: str
    SUFFIX: str
    KINDS: frozenset[SubjectKind]
    """Whom the format can hold."""

    def write(self, accounts: Accounts, options: Options, out: BinaryIO) -> None:
        """Write everybody."""


FORMATS: dict[str, Exporter] = {
    module.NAME: module for module in (google, oneroster, scim, sds, sds_v2)
}
