"""A Redis store's address: alone, behind Sentinel, or a Cluster; in clear or over TLS.

| form                                                        | what stands there          |
|-------------------------------------------------------------|----------------------------|
| ``redis://[USER:PASSWORD@]HOST[:PORT][/DB]``                | one server                 |
| ``unix:///path/redis.sock``                                 | one server, same machine   |
| ``redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/NAME[/DB]``| the master called NAME     |
| ``redis+cluster://[USER:PASSWORD@]HOST[:PORT],…``           | a Cluster, any of its nodes|

``rediss`` in place of ``redis`` is the same over TLS, to the sentinels too; certificates are
always verified, with the name or address that was dialled. After ``?``:

- ``prefix=NAME`` keeps several sites apart in one Redis (default ``preau``);
- ``ssl_ca_certs=FILE`` the authority to trust in place of the system's; ``ssl_certfile=FILE``
  and ``ssl_keyfile=FILE`` our own certificate, where the server asks for one;
- ``sentinel_username=…&sentinel_password=…`` where the sentinels have accounts of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from proxy.errors import InputError

_TLS_OPTIONS: Final = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_SENTINEL_OPTIONS: Final = frozenset({"sentinel_username", "sentinel_password"})
_PORT, _SENTINEL_PORT = 6379, 26379


class Topology(StrEnum):
    """What an address leads to."""

    ALONE = "alone"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


_SCHEMES: Final = {
    "redis": (Topology.ALONE, False),
    "rediss": (Topology.ALONE, True),
    "unix": (Topology.ALONE, False),
    "redis+sentinel": (Topology.SENTINEL, False),
    "rediss+sentinel": (Topology.SENTINEL, True),
    "redis+cluster": (Topology.CLUSTER, False),
    "rediss+cluster": (Topology.CLUSTER, True),
}
SCHEMES: Final = frozenset(_SCHEMES)


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """An address, read. Its ``repr`` holds no password; ``str`` is what messages show."""

    topology: Topology
    scheme: str
    hosts: tuple[tuple[str, int], ...]
    """Servers, sentinels or nodes to begin with; none for a socket file."""
    prefix: str
    tls: bool = False
    socket: str = ""
    service: str = ""
    """The name under which the sentinels know the master."""
    database: int = 0
    account: dict[str, str] = field(default_factory=dict, repr=False)
    """``username`` and ``password``, as far as given."""
    sentinel_account: dict[str, str] = field(default_factory=dict, repr=False)
    certificates: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        places = self.socket or ",".join(f"{host}:{port}" for host, port in self.hosts)
        service = f"/{self.service}" if self.service else ""
        return f"{self.scheme}:{places}{service} (prefix {self.prefix})"


def parse(url: str) -> RedisAddress:
    """Read an address. ``InputError`` names what is wrong and never quotes a password."""
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    netloc, _, path = rest.partition("/")
    topology, tls = _SCHEMES[scheme]
    login, _, places = netloc.rpartition("@")
    options = dict(parse_qsl(query))
    prefix = options.pop("prefix", "preau")
    allowed = _allowed(topology, tls)
    unknown = options.keys() - allowed
    if unknown or not prefix or not prefix.isascii() or set(prefix) & set("{}"):
        raise InputError(
            f"store: after '?' write {', '.join(('prefix=NAME', *sorted(allowed)))}; "
            f"not understood: {', '.join(sorted(unknown)) or 'this prefix'}"
        )
    socket = f"/{path}" if scheme == "unix" else ""
    service, database = ("", 0) if socket else _path(topology, path)
    default = _SENTINEL_PORT if topology is Topology.SENTINEL else _PORT
    user, _, password = login.partition(":")
    return RedisAddress(
        topology,
        scheme,
        () if socket else _hosts(places, default, topology),
        prefix,
        tls,
        socket,
        service,
        database,
        _given(username=unquote(user), password=unquote(password)),
        _given(
            username=options.get("sentinel_username", ""),
            password=options.get("sentinel_password", ""),
        ),
        {name: value for name, value in options.items() if name in _TLS_OPTIONS},
    )


def _allowed(topology: Topology, tls: bool) -> frozenset[str]:
    certificates = _TLS_OPTIONS if tls else frozenset[str]()
    return certificates | (_SENTINEL_OPTIONS if topology is Topology.SENTINEL else frozenset())


def _given(**account: str) -> dict[str, str]:
    return {name: text for name, text in account.items() if text}


def _hosts(places: str, default: int, topology: Topology) -> tuple[tuple[str, int], ...]:
    hosts = tuple(_host(place, default) for place in places.split(","))
    if topology is Topology.ALONE and len(hosts) > 1:
        raise InputError(
            "store: several hosts; write redis+sentinel://HOST,HOST/NAME or "
            "redis+cluster://HOST,HOST"
        )
    return hosts


def _host(place: str, default: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{place}")
        return parts.hostname or "localhost", parts.port or default
    except ValueError:
        raise InputError("store: expected HOST:PORT (an IPv6 address in brackets)") from None


def _path(topology: Topology, path: str) -> tuple[str, int]:
    """The master's name, and the number of the database."""
    pieces = path.strip("/").split("/")
    if topology is Topology.CLUSTER:
        if pieces != [""]:
            raise InputError("store: a Cluster has one database; write nothing after the hosts")
        return "", 0
    service = ""
    if topology is Topology.SENTINEL:
        service = unquote(pieces.pop(0))
        if not service:
            raise InputError(
                "store: the master's name is missing; write redis+sentinel://HOST:PORT/NAME[/DB]"
            )
    number = "/".join(pieces) or "0"
    if not (number.isascii() and number.isdigit()):
        raise InputError("store: after the last '/' stands the number of the database")
    return service, int(number)
