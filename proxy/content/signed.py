"""What is signed cannot be changed: policy says whether it may pass as it is."""

from __future__ import annotations

from proxy.content.walk import Walk
from proxy.errors import Refused
from proxy.reasons import Reason


def refuse_signed(walk: Walk) -> None:
    """Called where an edit would fall inside something signed.

    In an answer, and where policy allows it, the caller leaves it as it stands.
    """
    if not walk.answer and not walk.limits.signed_allowed:
        raise Refused(Reason.SIGNED_CONTENT, "signed content holds an identifier")
