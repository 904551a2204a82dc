"""Entries from a directory server, page by page, over a connection that is checked.

The only importer that opens a socket. ``ldap3`` speaks LDAP: pure Python, wheels for every
version, and already here because mitmproxy stands on it (``python-ldap`` and ``bonsai`` need
a compiler and OpenLDAP's headers). It is old, so what is at stake is not left to it: TLS is
the standard library's with its own check of the name, a search that the server cut short is
an error, referrals are not followed, since the password would go along, and of its messages
only the closed names of results are shown.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ldap3 import NONE, SUBTREE, SYNC, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException

from proxy.directory.importers.ldap_entries import Entry, text_of
from proxy.errors import InputError

_CONNECT_SECONDS, _ANSWER_SECONDS = 10, 120
_PAGING = "1.2.840.113556.1.4.319"
_SUCCESS = 0


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a server. The ``repr`` shows neither who asks nor with what password."""

    host: str
    port: int
    tls: bool
    """From the first byte (LDAPS)."""
    start_tls: bool
    ca: Path | None
    bind: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def name(self) -> str:
        """How messages call the server."""
        return f"{'ldaps' if self.tls else 'ldap'}://{self.host}:{self.port}"


class _CheckedTls(Tls):  # type: ignore[misc]  # ldap3 ships no types
    """TLS by the standard library: certificate and name are checked in the handshake."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=connection.server.host
        )


@contextmanager
def connected(access: Access) -> Iterator[Connection]:
    """A connection that is bound; ``InputError`` with what to do if there is none."""
    server = Server(
        access.host,
        port=access.port,
        use_ssl=access.tls,
        tls=_CheckedTls(_context(access)),
        get_info=NONE,
        connect_timeout=_CONNECT_SECONDS,
    )
    connection = Connection(
        server,
        user=access.bind or None,
        password=access.password or None,
        client_strategy=SYNC,
        auto_referrals=False,
        check_names=False,
        read_only=True,
        receive_timeout=_ANSWER_SECONDS,
    )
    try:
        with _explained(access):
            connection.open()
            if access.start_tls:
                connection.start_tls()
            bound = connection.bind()
        if not bound:
            raise InputError(
                f"{access.name}: the server does not let us in "
                f"({connection.result['description']}); check 'bind' and the password"
            )
        yield connection
    finally:
        if connection.socket is not None:
            connection.strategy.close()


def search(
    connection: Connection,
    access: Access,
    base: str,
    query: str,
    attributes: Sequence[str],
    page_size: int,
) -> Iterator[Entry]:
    """Every entry below ``base`` that ``query`` names."""
    cookie: Any = None
    number = 0
    while cookie is None or cookie:
        with _explained(access):
            connection.search(
                base,
                query,
                SUBTREE,
                attributes=list(attributes),
                paged_size=page_size,
                paged_cookie=cookie,
            )
        result = connection.result
        if result["result"] != _SUCCESS:
            raise InputError(
                f"{access.name}: the search ended early ({result['description']}), so nobody was "
                f"imported; check 'base', 'filter' and the server's limits for this account"
            )
        for found in connection.response:
            if found["type"] == "searchResEntry":
                number += 1
                yield _entry(access, number, found["dn"], found["raw_attributes"])
        cookie = result.get("controls", {}).get(_PAGING, {}).get("value", {}).get("cookie", b"")


def _entry(access: Access, number: int, dn: str, raw: dict[str, list[bytes]]) -> Entry:
    attributes: dict[str, tuple[str, ...]] = {}
    for name, values in raw.items():
        plain = name.partition(";")[0].lower()
        try:
            texts = tuple(filter(None, (text_of(plain, value) for value in values)))
        except UnicodeDecodeError:
            where = f"{access.name}: entry {number}, {plain}"
            raise InputError(f"{where}: not text in UTF-8; leave this attribute out") from None
        attributes[plain] = (*attributes.get(plain, ()), *texts)
    return Entry(number, dn, attributes)


def _context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(access.ca) if access.ca else None)
    except OSError as error:
        raise InputError(f"{access.ca}: not a certificate authority in PEM; check 'ca'") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def _explained(access: Access) -> Iterator[None]:
    """What goes wrong below, in our words: the library's may hold a DN or a value."""
    try:
        yield
    except LDAPException as error:
        raise InputError(f"{access.name}: {_reason(error)}") from None
    except OSError as error:
        raise InputError(f"{access.name}: {error.strerror or type(error).__name__}") from None


def _reason(error: LDAPException) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        return "its certificate is not good for this name and authority; check 'url' and 'ca'"
    kind = type(error).__name__.removeprefix("LDAP")
    if "Filter" in kind:
        return "the filter is not well-formed; check 'filter'"
    if "TLS" in kind or "SSL" in text:
        return f"no encrypted connection ({kind}); the server must offer TLS 1.2 or later"
    return f"no answer that can be used ({kind}); check 'url', the network and the server"
