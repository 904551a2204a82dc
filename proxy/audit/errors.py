"""What can be wrong with an audit log, by what the caller can do about it."""

from __future__ import annotations

from proxy.errors import AuditUnavailable, PreauError


class AuditTampered(AuditUnavailable):
    """The files contradict their signed checkpoint: writing on would bury the evidence.

    What to do is always the same: move the whole directory aside (it is the evidence),
    run ``preau audit verify --dir`` on it, and start a new log.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"{detail}; the log does not match its signed checkpoint. Move the directory aside "
            "as evidence, run 'preau audit verify --dir' on it, then start again"
        )


class NoteError(PreauError):
    """A signed note, key or proof is malformed or its signature does not hold."""
