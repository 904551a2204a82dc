"""One base class, subclasses by what the caller can do about it.

A message says what is wrong, where, and what to do. It never holds a value that came
from a request, a roster cell or a key: those are personal data or secrets.
"""

from proxy.reasons import Reason


class PreauError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(PreauError):
    """The user gave a file or an argument that cannot be used (exit code 2).

    ``problems`` are ready-to-print lines, ``file:line:column: what, expected, what to do``.
    """

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class Refused(PreauError):
    """The engine will not let this pass. Carries a reason of the closed list, never a value."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class StoreUnavailable(Refused):
    """The store does not answer or answers nonsense: what needs it is refused."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(Reason.STORE_UNAVAILABLE, detail)


class Erased(StoreUnavailable):
    """What is asked for was erased: its key is destroyed, and nothing can bring it back."""

    def __init__(self) -> None:
        super().__init__("this value was erased")


class AuditUnavailable(Refused):
    """The audit log cannot be written: what must be recorded is refused."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(Reason.AUDIT_UNAVAILABLE, detail)


class KeysUnavailable(Refused):
    """A key is missing, unreadable or has unsafe permissions."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(Reason.KEYS_UNAVAILABLE, detail)
