"""Bytes that will not be edited: in a request they must not name anybody in clear."""

from __future__ import annotations

from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason


def refuse_names(data: bytes, walk: Walk) -> None:
    """Raise ``Refused`` if a request's bytes hold an identifier as one-byte or UTF-8 text."""
    if walk.answer:
        return
    for name in ("utf-8", "cp1252"):
        if walk.visitor.text(data.decode(name, "replace")):
            raise Refused(Reason.CONTENT_MISMATCH, "identifiers in clear inside binary content")


def refuse_names_in_binary(data: bytes, walk: Walk) -> None:
    """The same for bytes that are no text: UTF-16 too, either order, any alignment."""
    refuse_names(data, walk)
    if b"\0" in data:
        refuse_names(data.replace(b"\0", b""), walk)
