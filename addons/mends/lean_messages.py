"""A message's head is not type-checked field by field, and an id asks for no random bytes.

Defect: for each request and each answer mitmproxy reflects on the fields of the message it
has just parsed and checks each against its annotation; for each flow and each connection it
draws a random UUID. Together about 4 % of the processor time of a request.

Mend: no such check (the parser and our own adapters are typed, and checked by mypy); ids
count up within the process, which is as far as they are ever compared.

Tested on 12.2.3. Delete when a profile no longer shows them.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from mitmproxy import connection, flow, http

from addons.mends.patching import replace

_numbers = itertools.count(1)


class _Ids:
    """Stands where mitmproxy looks for the module ``uuid``."""

    @staticmethod
    def uuid4() -> str:
        return f"id-{next(_numbers)}"


def _unchecked(self: Any) -> None:
    """The fields are what the parser made."""


@cache
def apply() -> None:
    """Mend it."""
    replace(http.MessageData, "__post_init__", _unchecked)
    replace(connection, "uuid", _Ids)
    replace(flow, "uuid", _Ids)
