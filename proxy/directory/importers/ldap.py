"""LDAP: EOLE Scribe, the ENT of the ministry's SDET, OpenLDAP, Active Directory.

::

    roster: ldap
    url: ldaps://scribe.lycee.example
    schema: scribe
    base: o=gouv,c=fr
    bind: cn=reader,o=gouv,c=fr
    password_file: ldap-password
    ca: ca.pem

The description is read from a plain file only, not from an archive: it says where a password
goes. The password itself stands in a file or in the environment, never here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from proxy.directory.importers import ldap_entries
from proxy.directory.importers.description import Description, describes
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.problems import Problems
from proxy.directory.subjects import Person
from proxy.errors import InputError
from proxy.kinds import SubjectKind
from proxy.policy.validation import Strict

NAME = "ldap"
_PORTS = {"ldap": 389, "ldaps": 636}
_LONGEST_PASSWORD = 4096


def _url(text: str) -> str:
    try:
        url = urlsplit(text)
        _ = url.port  # raises for what is no port
    except ValueError:
        url = urlsplit("")
    if url.scheme in _PORTS and url.hostname and "@" not in url.netloc:
        return text
    raise ValueError("expected ldaps://host or ldap://host, without a name or a password in it")


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]


class BranchFile(Strict):
    """A part of the directory whose people are all of one kind."""

    base: str = Field(description="ou=eleves,ou=utilisateurs,o=gouv,c=fr")
    kind: SubjectKind = Field(description="pupil, staff or guardian.")
    filter: str = Field(default="", description="In place of the schema's.")


class MappedFile(Strict):
    """What a server's entries and a file's have in common."""

    roster: str
    schema_: ldap_entries.Schema = Field(alias="schema", description="Which attributes mean what.")
    attributes: dict[ldap_entries.Part, Names] = Field(
        default_factory=dict, description="Other attributes: {class: ENTEleveGroupes}."
    )


class LdapFile(MappedFile):
    """A description whose ``roster`` is ``ldap``."""

    url: Annotated[str, AfterValidator(_url)] = Field(description="ldaps://host[:port]")
    base: str = Field(default="", description="Where to search: o=gouv,c=fr.")
    branches: tuple[BranchFile, ...] = Field(
        default=(), description="In place of base: branches with the kind of their people."
    )
    filter: str = Field(default="", description="In place of the schema's.")
    bind: str = Field(default="", description="The DN of the account that reads; else nobody's.")
    password_file: str = Field(default="", description="The file that holds its password.")
    password_env: str = Field(default="", description="Or the variable that does.")
    ca: str = Field(default="", description="The authority's certificate (PEM), else the system's.")
    unencrypted: bool = Field(
        default=False, description="yes: ldap:// without TLS; the password can be read on the way."
    )
    page_size: Annotated[int, Field(ge=1, le=100_000)] = Field(default=500)


@dataclass(frozen=True, slots=True)
class _Search:
    base: str
    query: str
    kind: str


def detect(files: RosterFiles) -> bool:
    """A description that says ``roster: ldap``."""
    return describes(files, "ldap")


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    from proxy.directory.importers import ldap_server  # here: ldap3 costs every import 200 ms

    description = Description(files, LdapFile)
    written = description.written
    url = urlsplit(written.url)
    access = ldap_server.Access(
        host=url.hostname or "",
        port=url.port or _PORTS[url.scheme],
        tls=url.scheme == "ldaps",
        start_tls=url.scheme == "ldap" and not written.unencrypted,
        ca=_folder(description) / written.ca if written.ca else None,
        bind=written.bind,
        password=_password(description),
    )
    _check_encryption(url, written, access.name, problems)
    with ldap_server.connected(access) as connection:
        for wanted in _searches(description):
            reader = ldap_entries.Reader(
                access.name, written.schema_, written.attributes, wanted.kind
            )
            entries = ldap_server.search(
                connection,
                access,
                wanted.base,
                wanted.query,
                reader.attributes(),
                written.page_size,
            )
            yield from reader.people(entries, problems)


def _searches(description: Description[LdapFile]) -> list[_Search]:
    written = description.written
    usual = written.filter or ldap_entries.FILTERS[written.schema_]
    if bool(written.base) is bool(written.branches):
        description.fail((), "expected either 'base' or 'branches'")
    if written.base:
        return [_Search(written.base, usual, "")]
    return [_Search(b.base, b.filter or usual, b.kind.value) for b in written.branches]


def _check_encryption(url: SplitResult, written: LdapFile, name: str, problems: Problems) -> None:
    if written.unencrypted and url.scheme == "ldap":
        what = "read without encryption: names and password can be seen on the way; use ldaps://"
        problems.note(name, 1, 1, what)


def _folder(description: Description[LdapFile]) -> Path:
    if description.path is None:
        raise InputError(
            f"{description.label}: says where a password goes, so it is not read from an "
            f"archive; unpack it, look at it and name the file"
        )
    return description.path.parent


def _password(description: Description[LdapFile]) -> str:
    """From the file or the variable; empty for nobody. Never part of a message."""
    written, folder = description.written, _folder(description)
    if not written.bind:
        return ""
    if bool(written.password_file) is bool(written.password_env):
        description.fail(("bind",), "expected either 'password_file' or 'password_env' as well")
    if written.password_env:
        found = os.environ.get(written.password_env, "")
        source = f"environment variable {written.password_env}"
    else:
        source = str(folder / written.password_file)
        found = _first_line(folder / written.password_file)
    if not found:
        # Servers take a name without a password for nobody, and let it in.
        raise InputError(f"{source}: holds no password; put it there")
    return found


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.readline(_LONGEST_PASSWORD).rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise InputError(f"{path}: cannot be read as the file of the password") from error
