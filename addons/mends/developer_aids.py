"""What only helps who develops mitmproxy is left out of every request.

Defect: for each request and each answer mitmproxy reflects on the fields of the message it
has just parsed and checks each against its annotation; for each flow and each connection it
draws a random UUID; each hook's task gets a name, a time and the client's address, and looks
for pytest in the environment. Together about 7 % of the processor time of a request.

Mend: no such check (the parser and our own adapters are typed, and checked by mypy); ids
count up within the process, which is as far as they are ever compared; tasks stay nameless.

Tested on 12.2.3. Delete when a profile no longer shows them.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from mitmproxy import connection, flow, http
from mitmproxy.utils import asyncio_utils

from addons.mends.patching import replace

_numbers = itertools.count(1)


class _Ids:
    """Stands where mitmproxy looks for the module ``uuid``."""

    @staticmethod
    def uuid4() -> str:
        return f"id-{next(_numbers)}"


def _unchecked(self: Any) -> None:
    """The fields are what the parser made."""


def _nameless(task: object, *, name: str, client: object = None) -> None:
    """A task needs no name, and the client's address is nobody's business."""


@cache
def apply() -> None:
    """Mend it."""
    replace(http.MessageData, "__post_init__", _unchecked)
    replace(connection, "uuid", _Ids)
    replace(flow, "uuid", _Ids)
    replace(asyncio_utils, "set_task_debug_info", _nameless)
