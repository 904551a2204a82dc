"""The plainest refusal page: used where the engine cannot be asked for a better one."""

from __future__ import annotations

import html

from proxy.reasons import Reason

Headers = tuple[tuple[bytes, bytes], ...]

HTML_HEADERS: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'"),
)


def minimal_page(reason: Reason) -> bytes:
    """French and English sentence of ``reason``; no value from the request can get in."""
    return (
        '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Préau</title>'
        f'<p>{html.escape(reason.fr)}</p><p lang="en">{html.escape(reason.en)}</p>'
        f"<p><code>{reason.value}</code></p></html>\n"
    ).encode()
