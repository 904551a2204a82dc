"""Office documents (OOXML: docx, xlsx, pptx; ODF: odt, ods) and any other ZIP archive.

A document is an archive of XML: text, comments, authors, properties and links are read as any
XML is. Pictures in it are cleaned like pictures alone. A preview of the first page shows in
pixels what the text no longer says: it is blanked as soon as anything else changes.
"""

from __future__ import annotations

import re

from proxy.content.clear_text import refuse_names_in_binary
from proxy.content.edits import splice
from proxy.content.files import archive, runs
from proxy.content.files.archive import Archive, Member
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason

_XML = re.compile(r"\.(?:xml|rels|vml|rdf|xhtml|opf|ncx)$", re.I)
_PREVIEW = re.compile(r"(?:^|/)thumbnails?/|thumbnail\.(?:jpe?g|png|emf|wmf)$", re.I)
_SIGNATURE = re.compile(r"^_xmlsignatures/.*\.xml$|^META-INF/.*signatures.*\.xml$", re.I)
_SETTINGS = re.compile(r"printerSettings\d*\.bin$", re.I)
"""What a printer remembers: no text of anybody's. Scanned, but not a reason to refuse."""


def rewrite(data: bytes, walk: Walk) -> bytes | None:
    """The archive with its members rewritten; the same object when nothing changed."""
    found = archive.read(data, walk.limits)
    if found is None:
        return None
    refuse_names_in_binary(b"".join(member.extras for member in found.members), walk)
    walk.work += walk.limits.work * sum(member.size for member in found.members)
    new = archive.rewrite(
        found,
        lambda text: _text(text, walk),
        lambda member, plain: _content(member, plain, walk),
        _shows_the_old if not walk.answer else _shows_nothing,
    )
    if new is not data and _is_signed(found):
        if walk.answer or walk.limits.signed_allowed:
            return data
        raise Refused(Reason.SIGNED_CONTENT, "a signed document")
    return new


def _shows_the_old(member: Member) -> bool:
    return _PREVIEW.search(member.texts.name) is not None


def _shows_nothing(member: Member) -> bool:
    return False


def _is_signed(found: Archive) -> bool:
    return any(_SIGNATURE.search(member.texts.name) for member in found.members)


def _text(text: str, walk: Walk) -> str:
    edits = walk.text(text) if text else []
    return splice(text, edits) if edits else text


def _content(member: Member, plain: bytes, walk: Walk) -> bytes:
    name = member.texts.name
    if _PREVIEW.search(name):
        return plain
    if _SETTINGS.search(name):
        refuse_names_in_binary(plain, walk)
        return plain
    if not _XML.search(name):
        return walk.data(plain, "")
    joined = _rejoined(plain, walk)
    return walk.data(joined, "application/xml")


def _rejoined(plain: bytes, walk: Walk) -> bytes:
    """Names that formatting cut into runs, in one."""
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return plain  # UTF-16: read as it stands
    edits = runs.edits(text, walk)
    return splice(text, edits).encode() if edits else plain
