"""The last decoded body does not stay in memory.

Defect: ``mitmproxy.net.encoding`` keeps the last body it decoded or encoded, with its
plain text, in a module global for as long as the process lives.

Mend: the cache is emptied after each use.

Tested on 12.2.3. Delete when the cache is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.net import encoding

from addons.mends.patching import wrap

_EMPTY = encoding.CachedDecode(None, None, None, None)


def _forgetting(original: Any) -> Callable[..., Any]:
    def code(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        finally:
            encoding._cache = _EMPTY

    return code


@cache
def apply() -> None:
    """Mend it."""
    wrap(encoding, "decode", _forgetting)
    wrap(encoding, "encode", _forgetting)
