"""An answer of ours that another site's page may read: it holds no secret."""

from __future__ import annotations

import re

from proxy.decisions import Headers

SAFE_ECHO = re.compile(rb"[!-~ ]{1,2048}")
"""What a field of an answer may tell back of a request."""


def readable_by(origin: bytes) -> Headers:
    """The fields that let a page of ``origin`` read it, with credentials (CORS, Fetch § 3.2);
    none for what cannot be told back as it came."""
    if not SAFE_ECHO.fullmatch(origin):
        return ()
    return (
        (b"Access-Control-Allow-Origin", origin),
        (b"Access-Control-Allow-Credentials", b"true"),
    )
