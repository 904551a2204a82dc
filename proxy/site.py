"""A site's settings: one deployment's paths, networks, store and defaults.

``load_site(root)`` reads ``root/site.yaml`` and the environment, which wins. Secrets (a
store's password) belong in the environment, never in YAML. Nothing is created on disk and
nothing is connected to here.

| environment        | overrides in site.yaml                                   |
|--------------------|----------------------------------------------------------|
| PREAU_STATE        | paths.state (and what follows from it)                   |
| PREAU_KEYS         | paths.keys                                               |
| PREAU_CA           | paths.ca                                                 |
| PREAU_AUDIT        | paths.audit                                              |
| PREAU_CACHE        | paths.cache                                              |
| PREAU_SIGNER       | paths.signer                                             |
| PREAU_STORE_URL    | store                                                    |
| PREAU_LISTEN       | listen                                                   |
| PREAU_STATUS       | status                                                   |
| PREAU_UPSTREAM_CA  | upstream_ca                                              |
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from proxy.policy.document import Document, Location, read_document
from proxy.policy.model import OnProfiling, RuleRef, Treatment
from proxy.policy.outgoing_schema import OutgoingFile
from proxy.policy.privacy import Words, words
from proxy.policy.privacy_schema import DnsFile
from proxy.policy.problems import InvalidFiles, Mark, Problem
from proxy.policy.site_schema import Network, RestoreScope, SharedNames, SiteFile, parse_address
from proxy.policy.validation import validate
from proxy.retention import Retention
from proxy.traffic import Traffic

SITE_FILE: Final = "site.yaml"
ENVIRONMENT: Final = (
    "PREAU_STATE",
    "PREAU_KEYS",
    "PREAU_CA",
    "PREAU_AUDIT",
    "PREAU_CACHE",
    "PREAU_SIGNER",
    "PREAU_STORE_URL",
    "PREAU_LISTEN",
    "PREAU_STATUS",
    "PREAU_UPSTREAM_CA",
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where we listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Client:
    """What a client's address tells: its school (empty when unknown), group and classes."""

    school: str
    group: str
    classes: tuple[str, ...] = ()
    restore_scope: RestoreScope | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Traffic):
    """What the engine reads at most; beyond it, it refuses. Sizes in bytes."""

    body: int
    streamed: int
    expanded: int
    expansion_ratio: int
    headers: int
    nesting: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a refusal page tells people to ask."""

    name: str
    address: str
    """An e-mail address or a URL; empty when the site gave none."""


class Networks:
    """Finds a client's network: the longest prefix wins, one dictionary look a prefix length."""

    __slots__ = ("_default", "_levels")

    def __init__(self, networks: Iterable[tuple[str, Client]], default: Client) -> None:
        levels: dict[tuple[int, int], dict[int, Client]] = {}
        for cidr, client in networks:
            network = ipaddress.ip_network(cidr)
            width = network.max_prefixlen
            level = levels.setdefault((width, width - network.prefixlen), {})
            level[int(network.network_address) >> (width - network.prefixlen)] = client
        self._default = default
        self._levels = {
            width: [(shift, levels[width, shift]) for w, shift in sorted(levels) if w == width]
            for width in (32, 128)
        }

    def clients(self) -> set[Client]:
        """Every kind of client there can be: of each network, and of none."""
        known = (
            client
            for levels in self._levels.values()
            for _, level in levels
            for client in level.values()
        )
        return {self._default, *known}

    def find(self, address: str) -> Client:
        """The client at ``address``; the default for an unknown network or a malformed address."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return self._default
        if parsed.version == 6 and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        number = int(parsed)
        for shift, level in self._levels[parsed.max_prefixlen]:
            if (client := level.get(number >> shift)) is not None:
                return client
        return self._default


@dataclass(frozen=True, slots=True)
class Site:
    """One site's settings, whole and checked. ``refs`` tells where a setting stands."""

    name: str
    language: str
    root: Path
    state_dir: Path
    keys_dir: Path
    ca_dir: Path
    audit_dir: Path
    cache_dir: Path
    signer_dir: Path | None
    """Where another service signs; ``None``: the gateway starts a signer of its own."""
    store_url: str = field(repr=False)
    listen: Address
    status: Address
    pseudonym_domain: str
    school_domains: tuple[str, ...]
    networks: Networks = field(repr=False)
    unknown_service: Treatment
    unidentified: Treatment
    hidden_names: Treatment
    require_charter: bool
    profiling: OnProfiling
    restore_scope: RestoreScope
    shared_names: SharedNames
    vault_retention_months: int
    limits: Limits
    contact: Contact
    audit_retention: Retention
    outgoing: OutgoingFile
    """What leaves the audit log, as written; ``under`` resolves its paths."""
    upstream_ca: Path | None
    privacy: Words = field(repr=False)
    """What the site says of privacy rules; a service may say otherwise."""
    cookies_kept_for: tuple[str, ...]
    dns: DnsFile
    refs: Mapping[str, RuleRef] = field(repr=False)

    def client_of(self, address: str) -> Client:
        """The school and group of a client's IP address."""
        return self.networks.find(address)

    def under(self, text: str) -> Path:
        """A path of the settings: absolute as it is, relative under the site's folder."""
        return _under(self.root, text)

    def ref(self, setting: str) -> RuleRef:
        """Where ``setting`` stands in site.yaml, for explanations."""
        return self.refs.get(setting) or RuleRef(SITE_FILE, 1, f"{setting} (default)")


def load_site(root: Path, environ: Mapping[str, str] = os.environ) -> Site:
    """The site in folder ``root``. Raises ``InvalidFiles``, an ``InputError``, if unusable."""
    site, document, _ = read_site(root, environ)
    if site is None:
        message = f"{root / SITE_FILE} cannot be used (`preau init` writes a good one)"
        raise InvalidFiles(message, document.problems)
    return site


def read_site(root: Path, environ: Mapping[str, str]) -> tuple[Site | None, Document, bytes]:
    """Like ``load_site``, with the document (its problems) and the bytes it was read from."""
    root = Path(root).absolute()
    document, raw = read_document(root / SITE_FILE, SITE_FILE)
    written = validate(document, SiteFile)
    if written is None:
        return None, document, raw
    document.problems.extend(_duplicate_networks(document, written.networks))
    environment = _Environment(environ, document)
    site = _site(root, written, document, environment)
    return (None if document.problems else site), document, raw


class _Environment:
    """The overrides. A wrong one is a problem of the environment, not of a line of the file."""

    def __init__(self, environ: Mapping[str, str], document: Document) -> None:
        self._environ = environ
        self._document = document

    def text(self, name: str, written: str) -> str:
        return self._environ.get(name) or written

    def address(self, name: str, written: str) -> Address:
        try:
            return Address(*parse_address(self.text(name, written)))
        except ValueError as error:
            self._document.problems.append(Problem(f"environment {name}", 1, 1, str(error)))
            return Address("127.0.0.1", 0)


def _site(root: Path, written: SiteFile, document: Document, environment: _Environment) -> Site:
    paths = written.paths
    state = _under(root, environment.text("PREAU_STATE", paths.state))

    def part(variable: str, given: str, default: str) -> Path:
        text = environment.text(variable, given)
        return _under(root, text) if text else state / default

    signer = environment.text("PREAU_SIGNER", paths.signer)
    upstream_ca = environment.text("PREAU_UPSTREAM_CA", written.upstream_ca)
    return Site(
        name=written.site,
        language=written.language.value,
        root=root,
        state_dir=state,
        keys_dir=part("PREAU_KEYS", paths.keys, "keys"),
        ca_dir=part("PREAU_CA", paths.ca, "ca"),
        audit_dir=part("PREAU_AUDIT", paths.audit, "audit"),
        cache_dir=part("PREAU_CACHE", paths.cache, "cache"),
        signer_dir=_under(root, signer) if signer else None,
        store_url=_store_url(environment.text("PREAU_STORE_URL", written.store), root, state),
        listen=environment.address("PREAU_LISTEN", written.listen),
        status=environment.address("PREAU_STATUS", written.status),
        pseudonym_domain=written.pseudonym_domain,
        school_domains=written.school_domains,
        networks=Networks(
            (
                (n.network, Client(n.school, n.group.value, n.classes, n.restore_scope))
                for n in written.networks
            ),
            Client("", written.unknown_networks.value),
        ),
        unknown_service=Treatment(written.unknown_service.value),
        unidentified=Treatment(written.unidentified.value),
        hidden_names=Treatment(written.hidden_names.value),
        require_charter=written.require_charter,
        profiling=written.profiling,
        restore_scope=written.restore_scope,
        shared_names=written.shared_names,
        vault_retention_months=written.vault_retention_months,
        limits=Limits(**written.limits.model_dump()),
        contact=Contact(written.contact.name, written.contact.address),
        audit_retention=written.audit.retention(),
        outgoing=written.audit,
        upstream_ca=_under(root, upstream_ca) if upstream_ca else None,
        privacy=words(document, written.privacy),
        cookies_kept_for=written.privacy.third_party_cookies_kept_for,
        dns=written.dns,
        refs=_refs(document, written),
    )


def _under(root: Path, text: str) -> Path:
    """A path of the settings: absolute as it is, relative under the site's folder."""
    return root / Path(text).expanduser()


def _store_url(text: str, root: Path, state: Path) -> str:
    """``sqlite:`` URLs are made absolute, so that every process opens the same file."""
    if not text:
        return f"sqlite:{state / 'preau.db'}"
    if urlsplit(text).scheme != "sqlite":
        return text
    path = text.partition(":")[2]
    if path.startswith("//"):  # sqlite:///var/x.db is another way to write sqlite:/var/x.db
        path = "/" + path.lstrip("/")
    return f"sqlite:{_under(root, path)}"


def _refs(document: Document, written: SiteFile) -> dict[str, RuleRef]:
    locations: list[Location] = [
        ("unknown_service",), ("unidentified",), ("require_charter",), ("profiling",),
        ("upstream_ca",),
    ]  # fmt: skip
    refs = {}
    for location in locations:
        name = str(location[0])
        mark: Mark | None = document.keys.get(location)
        value = getattr(written, name)
        text = f"{name}: {str(getattr(value, 'value', value)).lower()}"
        refs[name] = RuleRef(
            SITE_FILE, mark.line if mark else 1, text if mark else f"{text} (default)"
        )
    return refs


def _duplicate_networks(document: Document, networks: tuple[Network, ...]) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for index, network in enumerate(networks):
        seen = first.setdefault(network.network, index)
        if seen != index:
            line = document.mark(("networks", seen, "network")).line
            message = f"network {network.network} stands twice (first at line {line}), remove one"
            problems.append(document.problem(("networks", index, "network"), message))
    return problems
