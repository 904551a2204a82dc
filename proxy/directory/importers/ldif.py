"""LDIF (RFC 2849): a directory as a file, such as ``slapcat`` or ``ldapsearch`` writes.

Alone it is read as the ministry's SDET or EOLE Scribe; a description (``roster: ldif``) names
another schema or other attributes. A file of changes (``changetype:``) is refused: it does
not say who the others are.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from proxy.directory.importers import ldap_entries
from proxy.directory.importers.description import Description, describes, names
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.ldap import MappedFile
from proxy.directory.importers.ldap_entries import Entry, Part, Schema, text_of
from proxy.directory.importers.problems import Problems
from proxy.directory.subjects import Person
from proxy.errors import InputError

NAME = "ldif"
_MAX_LINE = 1 << 20
_MAX_ENTRY_LINES = 100_000
_PEOPLE = {
    "person", "inetorgperson", "organizationalperson", "entperson", "enteleve", "user",
    "entauxenseignant", "entauxnonensetab", "entauxpersreleleve",
}  # fmt: skip


class LdifFile(MappedFile):
    """A description whose ``roster`` is ``ldif``."""


def detect(files: RosterFiles) -> bool:
    """A description that says ``roster: ldif``, or only files that end in ``.ldif``."""
    found = files.names()
    alone = bool(found) and all(name.endswith(".ldif") for name in found)
    return alone or describes(files, "ldif")


def is_complete(files: RosterFiles) -> bool:
    """Always a whole list."""
    return True


def read(files: RosterFiles, problems: Problems) -> Iterator[Person]:
    """Person after person."""
    schema: Schema = Schema.SCRIBE
    own: Mapping[Part, Sequence[str]] = {}
    if names(files):
        written = Description(files, LdifFile).written
        schema, own = written.schema_, written.attributes
    for name in files.names():
        if name.endswith(".ldif"):
            reader = ldap_entries.Reader(files.label(name), schema, own, "")
            people = (entry for entry in _entries(files, name) if _is_person(entry))
            yield from reader.people(people, problems)


def _is_person(entry: Entry) -> bool:
    classes = {one.lower() for one in entry.attributes.get("objectclass", ())}
    return not classes.isdisjoint(_PEOPLE) and "computer" not in classes


def _entries(files: RosterFiles, name: str) -> Iterator[Entry]:
    """Entries by the line where each begins; base64 (``::``) undone, URLs (``:<``) not followed."""
    label, dn, start = files.label(name), "", 0
    attributes: dict[str, list[str]] = defaultdict(list)
    for line, text in _unfolded(files, name):
        if not text:
            if dn:
                yield _entry(start, dn, attributes)
            dn, attributes = "", defaultdict(list)
            continue
        attribute, value = _parted(label, line, text)
        if attribute == "changetype":
            raise InputError(f"{label}:{line}:1: a file of changes; export the whole directory")
        if attribute == "dn":
            dn, start = value, line
        elif dn and value:
            attributes[attribute].append(value)
    if dn:
        yield _entry(start, dn, attributes)


def _entry(line: int, dn: str, attributes: dict[str, list[str]]) -> Entry:
    return Entry(line, dn, {name: tuple(values) for name, values in attributes.items()})


def _parted(label: str, line: int, text: str) -> tuple[str, str]:
    attribute, colon, value = text.partition(":")
    plain = attribute.partition(";")[0].strip().lower()
    if not colon:
        raise InputError(f"{label}:{line}:1: not LDIF: expected 'attribute: value'")
    if value.startswith("<"):
        return plain, ""
    try:
        if value.startswith(":"):
            return plain, text_of(plain, base64.b64decode(value[1:].strip(), validate=True))
    except UnicodeDecodeError:
        return plain, ""  # a photo, a password
    except binascii.Error:
        raise InputError(f"{label}:{line}:1: not LDIF: damaged base64; export it again") from None
    return plain, value.strip()


def _unfolded(files: RosterFiles, name: str) -> Iterator[tuple[int, str]]:
    """Logical lines with their number: continued lines joined, remarks left out."""
    label, first, parts = files.label(name), 0, list[str]()
    with io.TextIOWrapper(files.open(name), encoding=files.encoding(name)) as stream:
        for line, raw in enumerate(iter(lambda: stream.readline(_MAX_LINE), ""), start=1):
            if len(raw) == _MAX_LINE or len(parts) > _MAX_ENTRY_LINES:
                raise InputError(f"{label}:{line}:1: not LDIF: a line that never ends")
            text = raw.rstrip("\r\n")
            if text.startswith(" ") and parts:
                parts.append(text[1:])
                continue
            if parts:
                yield from _told(first, "".join(parts))
            first, parts = line, [text]
        if parts:
            yield from _told(first, "".join(parts))


def _told(line: int, text: str) -> Iterator[tuple[int, str]]:
    if not text.startswith("#") and not text.startswith("version:"):
        yield line, text
