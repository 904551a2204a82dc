"""Identifiers that their own shape and checksum give away, whoever they belong to.

Pure functions on text that a scan has already cut out. Sources of the rules: INE and BEA
checksum as universities' transfer software checks it; NIR from the INSEE's definition.
"""

from __future__ import annotations

import re

_BEA_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_RNIE = re.compile(r"[0-9]{9}[A-HJ-NP-Z]{2}")
_BEA = re.compile(r"[0-9]{10}[A-HJ-NP-Z]")
_APPRENTICE = re.compile(r"[0-9]{4}A[0-9]{5}[A-HJ-NP-Z]")
_INE = re.compile(r"[0-9]{9}[A-Za-z]{2}|[0-9]{10}[A-Za-z]|[0-9]{4}[Aa][0-9]{5}[A-Za-z]")
_NIR = re.compile(
    r"[1-478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:[0-9]{2}|2[AB])[0-9]{6}(?P<key>[0-9]{2})"
)
_NATIONAL = r"0[1-9](?:{0}[0-9]{{2}}){{4}}"
_INTERNATIONAL = r"(?:\+|00)33{0}(?:\(0\){0})?[1-9](?:{0}[0-9]{{2}}){{4}}"
_PHONE = re.compile(
    "|".join(
        form.format(separator)
        for form in (_NATIONAL, _INTERNATIONAL)
        for separator in ("", " ", "\xa0", r"\.", "-", "/")
    )
    + r"|(?:\+|00)33[ \xa0](?:\(0\))?[1-9][0-9]{8}"
)


def looks_like_ine(text: str) -> bool:
    """Whether a roster's cell is an INE: RNIE, BEA or apprentice form, any case."""
    return _INE.fullmatch(text) is not None


def is_ine(text: str) -> bool:
    """Whether an unknown text is an INE: upper case, and its checksum right where it has one.

    A BEA number has one; RNIE has none that is public, so its form must do.
    """
    if _BEA.fullmatch(text):
        return _BEA_LETTERS[int(text[:10]) % 23] == text[10]
    return bool(_RNIE.fullmatch(text) or _APPRENTICE.fullmatch(text))


def is_nir(text: str) -> bool:
    """Whether a text is a French social security number with its key."""
    match = _NIR.fullmatch(re.sub(r"[ \xa0]", "", text).upper())
    if match is None:
        return False
    number = match.group()[:13].replace("2A", "19", 1).replace("2B", "18", 1)
    return number.isdecimal() and 97 - int(number) % 97 == int(match["key"])


def is_french_phone(text: str) -> bool:
    """Whether a text is a French phone number with one separator throughout, or none."""
    return _PHONE.fullmatch(text) is not None


def phone_digits(text: str) -> str:
    """A number as its digits, French ones in international form: two spellings, one text."""
    digits = re.sub(r"[^0-9+]", "", text.replace("(0)", ""))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if len(digits) == 10 and digits[0] == "0":
        digits = "+33" + digits[1:]
    return digits
