"""A TLS connection that waits holds no record buffers.

Defect: OpenSSL keeps two buffers of a record's size (16 KiB and some) with each connection, also
of one that is idle for hours; a school's browsers keep thousands open.

Mend: the buffers go back as soon as they are empty (``SSL_MODE_RELEASE_BUFFERS``), which
nginx and curl also ask for.

Tested on 12.2.3 with OpenSSL 3 and 4. Delete when pyOpenSSL or mitmproxy sets the mode.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.net import tls
from OpenSSL import SSL

from addons.mends.patching import wrap


def _create(original: Any) -> Callable[..., Any]:
    def create_ssl_context(**kwargs: Any) -> SSL.Context:
        context: SSL.Context = original(**kwargs)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        return context

    return create_ssl_context


@cache
def apply() -> None:
    """Mend it."""
    wrap(tls, "_create_ssl_context", _create)
