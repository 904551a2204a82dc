"""A TLS connection that waits holds no record buffers."""

from __future__ import annotations

from typing import Any

from mitmproxy.net import tls
from OpenSSL import SSL

from addons.mends import idle_buffers

PLAINEST = {
    "method": tls.Method.TLS_SERVER_METHOD,
    "min_version": tls.Version.TLS1_2,
    "max_version": tls.Version.UNBOUNDED,
    "cipher_list": None,
    "ecdh_curve": None,
}


def gives_back(create: Any) -> bool:
    """OpenSSL tells the mode when nothing is added to it."""
    return bool(create(**PLAINEST).set_mode(0) & SSL.MODE_RELEASE_BUFFERS)


def test_buffers_go_back_when_they_are_empty() -> None:
    idle_buffers.apply()
    assert gives_back(tls._create_ssl_context)


def test_mitmproxy_still_has_the_defect() -> None:
    idle_buffers.apply()
    assert not gives_back(tls._create_ssl_context.__wrapped__)  # type: ignore[attr-defined]
