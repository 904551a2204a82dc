"""Whether a value has the form of what a rule says it is.

Two degrees. ``plausible``: for rules somebody wrote, which may meet a number or the word
``me`` where an e-mail is expected. ``looks_like``: for rules that a field's name asks for,
which may be wrong about the field; it asks more.
"""

from __future__ import annotations

import re

from proxy.kinds import Kind

_PLAUSIBLE = {
    Kind.EMAIL: re.compile(r"@|%40"),
    Kind.UUID: re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}"),
    Kind.PHONE: re.compile(r"\d\D*\d\D*\d\D*\d\D*\d\D*\d"),
    Kind.NATIONAL_ID: re.compile(r"\d.*\d.*\d.*\d"),
}

_NAME = re.compile(
    r"\s*[^\W\d_](?:[^\W\d_]|[ \t\xa0\u202f.,'’()\-\u00ad\u0300-\u036f\u2010-\u2015])*"
)
_LOOKS_LIKE = {
    Kind.GIVEN_NAME: _NAME,
    Kind.FAMILY_NAME: _NAME,
    Kind.FULL_NAME: _NAME,
    Kind.EMAIL: re.compile(r"[^@]{1,200}@[^@].*", re.DOTALL),
    Kind.LOGIN: re.compile(r"[^\W_][\w.@+'’\-\\]{1,99}"),
    Kind.NATIONAL_ID: re.compile(r"(?=(?:\D*\d){6})[0-9A-Za-z .\-]{8,24}"),
    Kind.STUDENT_NUMBER: re.compile(r"(?=\D*\d)[\w./\-]{3,40}"),
    Kind.PHONE: re.compile(r"\s*(?:tel:)?[+(]?[0-9](?:[ .\-/()\xa0\u202f]{0,3}[0-9]){5,17}\s*"),
    Kind.BIRTH_DATE: re.compile(r"\s*[0-9]{1,4}[-/. ]?[0-9]{1,2}[-/. ]?[0-9]{2,4}(?:T.*)?\s*"),
    Kind.ADDRESS: re.compile(
        r"(?=.*[^\W\d_]{2}).*\S\s+\S.*|[^\W\d_][\w' ’.\-]{1,80}|[0-9AB]{5}", re.S
    ),
}
_LONGEST_NAME = 100
_NO_VALUE = frozenset(
    "true false null none nil undefined unknown inconnu anonymous anonyme test guest n/a "
    "asc desc oui non yes no default on off".split()
)


def plausible(kind: Kind, text: str) -> bool:
    """Whether a lenient field rule treats ``text`` as the kind it names.

    Parameters such as Google's ``userId`` hold a number, an e-mail or the word ``me``: only
    the e-mail is an identifier of the site. Kinds without a telling form are always treated.
    """
    pattern = _PLAUSIBLE.get(kind)
    return pattern is None or pattern.search(text) is not None


def looks_like(kind: Kind, text: str) -> bool:
    """Whether a value under a telling name is what the name says."""
    pattern = _LOOKS_LIKE.get(kind)
    if pattern is _NAME and len(text) > _LONGEST_NAME:
        return False
    if text.strip().lower() in _NO_VALUE:
        return False
    return pattern is None or pattern.fullmatch(text) is not None
