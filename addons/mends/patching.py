"""How a mend takes hold of mitmproxy: one function, so that every mend reads the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def wrap(owner: object, name: str, around: Callable[[Any], Callable[..., Any]]) -> None:
    """Replace ``owner.name`` by ``around(original)``."""
    original = getattr(owner, name)
    replace(owner, name, functools.wraps(original)(around(original)))


def replace(owner: object, name: str, value: object) -> None:
    """Put ``value`` in the place of ``owner.name``, which must exist."""
    getattr(owner, name)
    setattr(owner, name, value)
