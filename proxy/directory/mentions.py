"""Logins that are mere words, where the place says that they are logins.

``jroy`` alone in a text may be any word, and in an academy some login is (``beau`` is that of
somebody called B. Eau). Behind ``@`` or ``~``, or in a path behind ``/users/``, it is one,
if the directory has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from proxy.directory.fold import Folded
from proxy.directory.match import Match
from proxy.kinds import Kind
from proxy.policy.telling import PEOPLE

_IN_PATH = f"/(?:{'|'.join(sorted(PEOPLE))})/"
BEFORE = rf"[@~]|{_IN_PATH}"
"""What a text with a mention holds, folded as ``ids``: a pattern."""

_MENTION = re.compile(
    rf"(?:(?<![a-z0-9.])[@~][\"']?|{_IN_PATH}~?)([a-z]{{4,30}})(?![a-z0-9@-]|\.[a-z])".encode()
)

type Known = Callable[[Kind, str], int | None]


def find(folded: Folded, known: Known) -> Iterator[Match]:
    """Matches in ``folded.text``."""
    for hit in _MENTION.finditer(folded.ids):
        ref = known(Kind.LOGIN, hit[1].decode("ascii"))
        if ref is not None:
            yield Match(*hit.span(1), Kind.LOGIN, ref)
