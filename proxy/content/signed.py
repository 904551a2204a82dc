"""What is signed cannot be changed: policy says whether it may pass as it is."""

from __future__ import annotations

import re
from typing import Any

from proxy.content.visitor import Edit
from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason


def refuse_signed(walk: Walk) -> None:
    """Called where an edit would fall inside something signed.

    In an answer, and where policy allows it, the caller leaves it as it stands.
    """
    if not walk.answer and not walk.limits.signed_allowed:
        raise Refused(Reason.SIGNED_CONTENT, "signed content holds an identifier")


_XML_SIGNATURE = re.compile(r"<(?:[\w.-]+:)?SignatureValue[\s>]")
_JWE = re.compile(r"\beyJ[\w-]+\.[\w-]*\.[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}")


def unless_signed_xml(text: str, edits: list[Edit], walk: Walk) -> list[Edit]:
    """``edits`` in markup, or none if it holds an XML signature: SAML, signed SOAP."""
    if edits and "SignatureValue" in text and _XML_SIGNATURE.search(text):
        refuse_signed(walk)
        return []
    return edits


def unless_signed_json(value: Any, edits: list[Edit], walk: Walk) -> list[Edit]:
    """``edits`` in JSON, or none if it is a signature with its payload (RFC 7515 §7.2)."""
    if (
        edits
        and isinstance(value, dict)
        and "payload" in value
        and ("signatures" in value or ("signature" in value and "protected" in value))
    ):
        refuse_signed(walk)
        return []
    return edits


def note_encrypted(text: str, value: Any, walk: Walk) -> None:
    """Report JWE (RFC 7516) in a request: whole, as a string in something, or as JSON."""
    if walk.answer:
        return
    as_json = (
        isinstance(value, dict) and "ciphertext" in value and ("iv" in value or "tag" in value)
    )
    if as_json or ("eyJ" in text and _JWE.search(text)):
        walk.note_opaque("encrypted")
