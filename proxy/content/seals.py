"""Signatures with a key over a whole request: what they cover cannot be changed.

AWS signatures in a header or in the URL (also Google's and Azure's signed URLs), Azure shared
keys, HTTP message signatures (RFC 9421 and the drafts before), OAuth 1 and the LTI 1 launches
signed with it, signed webhooks, SAML's redirect binding. The engine compares what was
rewritten with what is covered, and policy (``signed``) decides.
"""

from __future__ import annotations

import re
from enum import Flag, auto

from proxy.decisions import Headers


class Covered(Flag):
    """Parts of a request."""

    NOTHING = 0
    TARGET = auto()
    HEADERS = auto()
    BODY = auto()


_ALL = Covered.TARGET | Covered.HEADERS | Covered.BODY
_AUTHORIZATION = re.compile(
    rb"\s*(AWS4-|AWS |SharedKey(?:Lite)? |Signature |OAuth .*oauth_signature=|HMAC)", re.I | re.S
)
_SIGNED_URL = re.compile(
    r"[?&](?:X-Amz-Signature|X-Goog-Signature|GoogleAccessId|Key-Pair-Id|oauth_signature|SigAlg"
    r"|OSSAccessKeyId)=|[?&]sv=[^#]*&sig=|[?&]sig=[^#]*&sv=",
    re.I,
)
_BODY_SIGNATURES = frozenset(
    b"x-hub-signature x-hub-signature-256 x-slack-signature stripe-signature x-signature "
    b"x-hmac-signature x-payload-signature x-twilio-signature webhook-signature".split()
)
_COMPONENT = re.compile(rb'"([^"]*)"')
_OF_TARGET = frozenset({b"@target-uri", b"@request-target", b"@path", b"@query", b"@query-param"})
_OF_BODY = frozenset({b"content-digest", b"repr-digest", b"digest", b"content-length"})
_LTI = b"oauth_signature="


def covered(headers: Headers, target: str, body: bytes) -> Covered:
    """What a signature of this request covers."""
    found = Covered.TARGET if _SIGNED_URL.search(target) else Covered.NOTHING
    payload = b""
    for name, value in headers:
        lower = name.lower()
        if lower == b"authorization" and _AUTHORIZATION.match(value):
            found |= _ALL
        elif lower == b"signature-input":
            found |= _components(value)
        elif lower == b"signature" and b"keyid=" in value.lower():
            found |= _ALL
        elif lower in _BODY_SIGNATURES:
            found |= Covered.BODY
        elif lower == b"x-amz-content-sha256":
            payload = value.strip()
    if payload.endswith((b"UNSIGNED-PAYLOAD", b"UNSIGNED-PAYLOAD-TRAILER")):
        found &= ~Covered.BODY
    if _LTI in body and b"oauth_consumer_key=" in body:
        found |= Covered.TARGET | Covered.BODY
    return found


def _components(value: bytes) -> Covered:
    """RFC 9421 §2: the components that a signature lists."""
    found = Covered.NOTHING
    for name in _COMPONENT.findall(value.lower().partition(b";")[0]):
        if name in _OF_TARGET:
            found |= Covered.TARGET
        elif name in _OF_BODY:
            found |= Covered.BODY
        elif not name.startswith(b"@"):
            found |= Covered.HEADERS
    return found
