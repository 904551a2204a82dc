"""SAML messages in a form or a query: base64 of XML (POST), or of deflated XML (redirect).

A signature inside the XML keeps it as it is (``signed``); one over the query is a seal of the
whole request (``seals``).
"""

from __future__ import annotations

import zlib
from binascii import Error, a2b_base64, b2a_base64

from proxy.content.visitor import Edit
from proxy.content.walk import Walk

FIELDS = frozenset({"SAMLRequest", "SAMLResponse"})
_RAW = -15
_MOST = 1 << 20


def edits(text: str, walk: Walk) -> list[Edit] | None:
    """Edits for the value of such a field; ``None`` if it is no SAML message."""
    try:
        data = a2b_base64(text.replace(" ", "+"))
    except Error:
        return None
    plain = data if data.lstrip()[:1] == b"<" else _inflate(data)
    if not plain or plain.lstrip()[:1] != b"<":
        return None
    new = walk.data(plain, "application/xml")
    if new is plain:
        return []
    packed = new if plain is data else _deflate(new)
    return [Edit(0, len(text), b2a_base64(packed, newline=False).decode())]


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(_RAW).decompress(data, _MOST)
    except zlib.error:
        return b""


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=_RAW)
    return packer.compress(data) + packer.flush()
