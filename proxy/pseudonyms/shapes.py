"""Shapes: the dress of a pseudonym, so that the field it stands in accepts it.

=========  ===============================  ==========================================
shape      looks like                       for
=========  ===============================  ==========================================
token      ``zqa…`` 30 letters and digits   free text, logins, numbers: anything
email      token ``@`` the site's domain    fields that check for an address
name       ``Zqa…`` 32 letters              name fields, which often refuse digits
uuid       a UUID of version 8 (RFC 9562)   ids
=========  ===============================  ==========================================

``auto`` takes what suits the kind in a field of its own; ``text`` what suits it in prose: a
token, which cannot be taken for a word, except that an address stays an address. A value has
one core in a service: token, e-mail and name are renderings of the same block.

To add a shape: one entry in ``SHAPES``; if the token scan does not find it, a scan in ``Finder``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import re2

from proxy.errors import InputError
from proxy.kinds import Kind
from proxy.pseudonyms import tokens
from proxy.pseudonyms.forms import AS_IS, UPPER, Look
from proxy.pseudonyms.sealing import Reference, ServiceSeal
from proxy.pseudonyms.tokens import Found, TokenScanner, as_latin1

type Render = Callable[[ServiceSeal, str, Reference, int], str | None]
"""(seal, domain, reference, form) to a pseudonym; ``None`` if the shape cannot carry the form."""

_DOMAIN = re.compile(r"(?=.{3,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_UUID_TAIL = re2.compile(rb"-8[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_UUID_HEAD = re.compile(rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}")
_HEAD_LENGTH, _UUID_LENGTH = 13, 36


def _token(seal: ServiceSeal, domain: str, reference: Reference, form: int) -> str:
    return tokens.token(seal, reference, form)


def _email(seal: ServiceSeal, domain: str, reference: Reference, form: int) -> str | None:
    local = tokens.local_part(seal, reference, form)
    return f"{local}@{domain}" if local else None


def _name(seal: ServiceSeal, domain: str, reference: Reference, form: int) -> str:
    return tokens.name(seal, reference, form)


def _uuid(seal: ServiceSeal, domain: str, reference: Reference, form: int) -> str | None:
    """No room for a form: upper case says upper case, unless it has no letter to say it."""
    text = seal.sealers[seal.current].uuid(reference)
    if form == AS_IS:
        return text
    return text.upper() if form == UPPER and text.upper() != text else None


SHAPES: dict[str, Render] = {"token": _token, "email": _email, "name": _name, "uuid": _uuid}

SHAPE_NAMES = frozenset({"auto", "text", *SHAPES})
"""What a policy may write."""

_AUTO = {
    Kind.GIVEN_NAME: _name,
    Kind.FAMILY_NAME: _name,
    Kind.FULL_NAME: _name,
    Kind.EMAIL: _email,
    Kind.UUID: _uuid,
}
_TEXT = {Kind.EMAIL: _email, Kind.UUID: _uuid}


def render_for(shape: str, kind: Kind) -> Render:
    """How to dress a ``kind`` under a shape's name."""
    if shape == "auto":
        return _AUTO.get(kind, _token)
    if shape == "text":
        return _TEXT.get(kind, _token)
    if render := SHAPES.get(shape):
        return render
    raise InputError(f"no shape {shape!r}; there are {', '.join(sorted(SHAPE_NAMES))}")


def checked_domain(domain: str) -> str:
    """A domain that can follow the @ everywhere: lower-case ASCII, 200 characters at most."""
    if not _DOMAIN.fullmatch(domain):
        raise InputError(
            "pseudonym domain: write a lower-case ASCII domain that the site owns, "
            "such as p.lycee.example"
        )
    return domain


class Finder:
    """Finds every pseudonym of one service in a text, whatever its shape."""

    __slots__ = ("_seal", "_tokens")

    def __init__(self, seal: ServiceSeal, domain: str) -> None:
        self._seal = seal
        self._tokens = TokenScanner(seal, checked_domain(domain))

    def find(self, text: str) -> list[Found]:
        """In order, not overlapping."""
        data = as_latin1(text)
        found = self._tokens.find(data)
        uuids = self._uuids(data)
        if not uuids:
            return found
        return _without_overlaps(sorted(found + uuids)) if found else uuids

    def _uuids(self, data: bytes) -> list[Found]:
        """From the version's hyphen and digit: rare, so that RE2 skips from one to the next."""
        found: list[Found] = []
        position = 0
        while match := _UUID_TAIL.search(data, position):
            tail: int = match.start()
            hit = self._uuid(data, tail - _HEAD_LENGTH)
            if hit is not None:
                found.append(hit)
            position = tail + 1
        return found

    def _uuid(self, data: bytes, start: int) -> Found | None:
        if start < 0 or not _UUID_HEAD.fullmatch(data, start, start + _HEAD_LENGTH):
            return None
        seen = data[start : start + _UUID_LENGTH]
        for sealer in self._seal.sealers.values():
            reference = sealer.open_uuid(seen.lower())
            if reference is not None:
                upper = seen == seen.upper() and seen != seen.lower()
                look = Look.UPPER if upper else Look.UNCHANGED
                return Found(start, start + _UUID_LENGTH, reference, AS_IS, look)
        return None


def _without_overlaps(found: list[Found]) -> list[Found]:
    """A token glued before a UUID is cut from nothing: keep the first of two that overlap."""
    kept: list[Found] = []
    for hit in found:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept
