"""Whether bytes can hold a pseudonym at all, in any writing that is looked for: one fast pass.

Most of what a service sends holds none. Before a stretch of a long answer is decoded, parsed and
read, this says that it need not be: the marker stands in it neither in clear, nor percent-encoded,
nor as an entity or an escape of its letters, nor in base64 at any of its three alignments; and none
of the shapes without a marker does (UUIDs, numbers, INEs, phone numbers). It may be wrong in one
direction only: a stretch is then read for nothing. Not looked for here: a pseudonym under two
layers of base64, and one without a marker in base64 or with escaped digits.
"""

from __future__ import annotations

from base64 import b64encode
from itertools import product

import re2

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _base64_forms() -> set[bytes]:
    """What the marker and the letter behind it look like in base64, whatever stands before."""
    forms: set[bytes] = set()
    for marker in (bytes(pair) for pair in product(b"zZ", b"qQ")):
        for letter in _LETTERS:
            word = marker + bytes((letter,))
            forms.add(b64encode(word)[:3])
            for before in range(4):
                forms.add(b64encode(bytes((before,)) + word)[1:5])
            for before in range(16):
                forms.add(b64encode(bytes((0, before)) + word)[2:6])
    return forms


def _pattern() -> re2._Regexp:
    z, q = "(?:[zZ]|%(?:25)*[57][aA])", "(?:[qQ]|%(?:25)*[57]1)"
    plain = rf"{z}{q}"
    escapes = r"u00[57][aA]|u\{0*[57][aA]\}|x[57][aA]|&#(?:0*(?:122|90)|[xX]0*[57][aA])\b|=[57]A"
    compressed = "H4sI"
    uuid = r"-[48][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-"
    gap = r"(?:[ .+-]|\xc2?\xa0|%20|%[cC]2%[aA]0|&nbsp;|\\u00[aA]0)?"
    phones = ("199", "261", "353", "465", "536", "639")
    ends = ("00", "91", "01", "71", "49", "98")
    phone = "|".join(
        f"{first[0]}{gap}{first[1:]}{gap}{last}{gap}[0-9]{{2}}"
        for first, last in zip(phones, ends, strict=True)
    )
    digits = rf"9[0-9]{{14}}|99[0-9]{{7}}[A-Za-z]{{2}}|{phone}"
    coded = "|".join(re2.escape(form.decode()) for form in sorted(_base64_forms()))
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    text = f"{plain}|{escapes}|{compressed}|{uuid}|{digits}|{coded}"
    return re2.compile(text.encode("latin-1"), options)


_TRACE = _pattern()


def absent(data: bytes) -> bool:
    """Whether ``data`` certainly holds no pseudonym in a writing named above."""
    return _TRACE.search(data) is None
