"""How long one request waits for the store in all, however often it asks.

A worker decides on one request at a time, so what one waits, all wait. Each call has its own
time-out; this bounds their sum: a server that answers everything, but late, would else hold a
request of many values for as long as it has values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

REQUEST_SECONDS: Final = 2.5


class Patience:
    """What is left of one request's time for the store."""

    __slots__ = ("left",)

    def __init__(self, seconds: float) -> None:
        self.left = seconds


_current: ContextVar[Patience | None] = ContextVar("preau_store_patience", default=None)


def current() -> Patience | None:
    """The patience of the request that is being decided here; ``None`` outside of one."""
    return _current.get()


def patient[**P, R](step: Callable[P, R]) -> Callable[P, R]:
    """For a step of a request: all its calls of the store share ``REQUEST_SECONDS``."""

    @functools.wraps(step)
    def bounded(*arguments: P.args, **options: P.kwargs) -> R:
        token = _current.set(Patience(REQUEST_SECONDS))
        try:
            return step(*arguments, **options)
        finally:
            _current.reset(token)

    return bounded
