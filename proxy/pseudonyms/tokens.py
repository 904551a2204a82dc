"""Tokens: sealed references as words, and one fast scan that finds them again.

::

    zq a fp3kq7…(26)…me b      token   marker, version, core in base 32, form
    zq a fp3kq7…(26)…me 2      e-mail  the same with a digit for its form, then @domain
    Zq a kfmwz…(28)…qp b       name    marker, version, core in base 26, form: letters only
    zq a xbvrt…(17)…k          short   marker, version, FF1 core: letters only, no form

A version is a letter (a = root key 1), a form is a letter; in the e-mail shape it is one of
the digits 2-7, so that a bare local part is told from a token of the whole address.

The scan needs no word boundary: where the marker stands, it takes what follows and asks the
cipher, which says yes by chance once in 2**56. So a token is found when glued to other
letters, and prose is never mistaken. Case does not matter: services fold it. A short one
passes here by chance once in 2,300, and is one only if its reference exists (``sparse``).

What costs, on nearly every answer, is to see that no token is there: one RE2 pass for the
marker in any case, 1.4 GB/s for both scans (three ``str.find`` give 0.3), over the text as
Latin-1 (characters beyond become ``?``, so offsets stay). After a first marker ``bytes.find``
goes from one to the next, a tenth of the price of an RE2 call each.
"""

from __future__ import annotations

from typing import NamedTuple

import re2

from proxy.kinds import Kind
from proxy.pseudonyms.forms import AS_IS, LOWER, UPPER, Look
from proxy.pseudonyms.radix import LENGTH26, LENGTH32, LENGTH_SHORT, LETTERS
from proxy.pseudonyms.sealing import Reference, ServiceSeal

MARKER = "zq"
_MARK = MARKER.encode()
EMAIL_FORMS = "234567"
TOKEN_LENGTH = len(MARKER) + 1 + LENGTH32 + 1
NAME_LENGTH = len(MARKER) + 1 + LENGTH26 + 1
SHORT_LENGTH = len(MARKER) + 1 + LENGTH_SHORT
NAMES = frozenset({Kind.GIVEN_NAME, Kind.FAMILY_NAME, Kind.FULL_NAME})
"""A short form of these begins with a capital."""

_CORE = len(MARKER) + 1
_FORM_OF = {ord(letter): number for number, letter in enumerate(LETTERS)}
_EMAIL_FORM_OF = {ord(digit): number for number, digit in enumerate(EMAIL_FORMS)}


class Found(NamedTuple):
    """A pseudonym of this service at ``text[start:end]``."""

    start: int
    end: int
    reference: Reference
    form: int
    look: Look
    local_part: bool = False
    """An e-mail pseudonym whose domain was cut off: only the local part is meant."""
    sparse: bool = False
    """It is one only if its reference exists."""


def version_letter(version: int) -> str:
    """a for 1, b for 2 …"""
    return LETTERS[version - 1]


def token(seal: ServiceSeal, reference: Reference, form: int) -> str:
    """30 characters: lower-case letters and digits."""
    core = seal.sealers[seal.current].core32(reference)
    return f"{MARKER}{version_letter(seal.current)}{core}{LETTERS[form]}"


def local_part(seal: ServiceSeal, reference: Reference, form: int) -> str | None:
    """The local part of an e-mail pseudonym; ``None`` for a form it has no room for."""
    if form >= len(EMAIL_FORMS):
        return None
    core = seal.sealers[seal.current].core32(reference)
    return f"{MARKER}{version_letter(seal.current)}{core}{EMAIL_FORMS[form]}"


def name(seal: ServiceSeal, reference: Reference, form: int) -> str:
    """32 letters, the first a capital."""
    core = seal.sealers[seal.current].core26(reference)
    return f"{MARKER.capitalize()}{version_letter(seal.current)}{core}{LETTERS[form]}"


def short(seal: ServiceSeal, reference: Reference, form: int) -> str | None:
    """20 letters. No room for a form: its own case says upper case and, of names, lower."""
    core = seal.sealers[seal.current].short(reference)
    text = f"{MARKER}{version_letter(seal.current)}{core}"
    is_name = reference.kind in NAMES
    if form == AS_IS:
        return text.capitalize() if is_name else text
    if form == UPPER:
        return text.upper()
    return text if is_name and form == LOWER else None


def as_latin1(text: str) -> bytes:
    """One byte a character, for scanning only."""
    return text.encode("latin-1", "replace")


class TokenScanner:
    """Finds tokens, e-mails and names of one service, of every version of its key."""

    __slots__ = ("_domain", "_open", "_pattern")

    def __init__(self, seal: ServiceSeal, domain: str) -> None:
        self._domain = f"@{domain}".encode()
        self._open = {ord(version_letter(v)): sealer for v, sealer in seal.sealers.items()}
        letters = "z" + "".join(map(version_letter, seal.sealers))
        self._pattern = re2.compile(f"[zZ][qQ][{letters}{letters.upper()}]".encode())

    def marker(self, data: bytes) -> int | None:
        """Where the first marker stands in a text ``as_latin1``, with a version or a ``z``."""
        first = self._pattern.search(data)
        return None if first is None else int(first.start())

    def find(self, data: bytes, start: int) -> list[Found]:
        """In order, not overlapping, from the first ``marker`` on."""
        found: list[Found] = []
        low = data.lower()
        position = low.find(_MARK, start)
        while position >= 0:
            hit = self._token_or_name(data, low, position)
            if hit is None:  # resume just behind: a real one may start inside a look-alike
                position = low.find(_MARK, position + 1)
            else:
                found.append(hit)
                position = low.find(_MARK, hit.end)
        return found

    def _token_or_name(self, data: bytes, low: bytes, start: int) -> Found | None:
        word = low[start : start + NAME_LENGTH]
        sealer = self._open.get(word[2]) if len(word) >= SHORT_LENGTH else None
        if sealer is None:
            return None
        if len(word) >= TOKEN_LENGTH:
            reference = sealer.open32(word[_CORE : _CORE + LENGTH32])
            if reference is not None:
                return self._token(data, low, start, reference)
        if len(word) == NAME_LENGTH and word.isalpha():
            reference = sealer.open26(word[_CORE : _CORE + LENGTH26])
            if reference is not None:
                end = start + NAME_LENGTH
                look = _name_look(data[start:end], word)
                return Found(start, end, reference, _FORM_OF[word[-1]], look)
        reference = sealer.open_short(word[_CORE : _CORE + LENGTH_SHORT])
        return self._short(data, low, start, reference) if reference is not None else None

    def _short(self, data: bytes, low: bytes, start: int, reference: Reference) -> Found:
        end = start + SHORT_LENGTH
        seen, lower = data[start:end], low[start:end]
        is_name = reference.kind in NAMES
        look = _name_look(seen, lower) if is_name else _look(seen, lower, Look.UNCHANGED)
        return Found(start, end, reference, AS_IS, look, sparse=True)

    def _token(self, data: bytes, low: bytes, start: int, reference: Reference) -> Found | None:
        end = start + TOKEN_LENGTH
        mark = low[end - 1]
        look = _look(data[start:end], low[start:end], Look.UNCHANGED)
        if mark in _FORM_OF:
            return Found(start, end, reference, _FORM_OF[mark], look)
        if mark not in _EMAIL_FORM_OF:
            return None
        form = _EMAIL_FORM_OF[mark]
        whole = end + len(self._domain)
        if low[end:whole] == self._domain:
            return Found(start, whole, reference, form, look)
        return Found(start, end, reference, form, look, local_part=True)


def _name_look(seen: bytes, lower: bytes) -> Look:
    """As ``_look``, of what begins with a capital by itself."""
    look = _look(seen, lower, Look.LOWER)
    return Look.UNCHANGED if look is Look.CAPITALISED else look


def _look(seen: bytes, lower: bytes, when_lower: Look) -> Look:
    if seen == lower:
        return when_lower
    if seen == lower.upper():
        return Look.UPPER
    return Look.CAPITALISED if seen[:1].isupper() else when_lower
