"""What may stand in ``site.yaml``. Every description ends up in the JSON Schema for editors."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from proxy.errors import InputError
from proxy.policy.host_names import parse_domain
from proxy.policy.model import OnProfiling
from proxy.policy.outgoing_schema import OutgoingFile
from proxy.policy.privacy_schema import DnsFile, PrivacyFile
from proxy.policy.sizes import Size
from proxy.policy.traffic_schema import TrafficFile
from proxy.policy.validation import Strict
from proxy.retention import ADVISED, DEFAULT_MONTHS, MOST_MONTHS, EventClass, Retention
from proxy.store.redis_address import SCHEMES, parse


class Group(StrEnum):
    """Whom a network serves."""

    PUPILS = "pupils"
    STAFF = "staff"
    GUEST = "guest"


class Unread(StrEnum):
    """A treatment that decrypts nothing: the only ones for what no service names."""

    DENY = "deny"
    TUNNEL = "tunnel"


class Language(StrEnum):
    """The language of pages for people."""

    FR = "fr"
    EN = "en"


def parse_address(text: str) -> tuple[str, int]:
    """``host:port``, the host an IP address or ``localhost``; IPv6 in brackets."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        if bare != "localhost":
            ipaddress.ip_address(bare)
        if ":" in bare and bare == host:
            raise ValueError
        if not (port.isascii() and port.isdigit() and int(port) <= 65535):
            raise ValueError
    except ValueError:
        raise ValueError(
            "expected an address such as 127.0.0.1:8080 or [::1]:8080 (an IP address and a port)"
        ) from None
    return bare, int(port)


def _address(text: str) -> str:
    parse_address(text)
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError("expected a network such as 10.21.0.0/16 or fd00:21::/32") from None
    raise ValueError(f"{text.strip()} is a host inside a network, did you mean {meant}?")


def _store(text: str) -> str:
    if not text:
        return text
    scheme = text.partition(":")[0]
    if scheme != "sqlite" and scheme not in SCHEMES:
        raise ValueError(
            "expected sqlite:FILE, redis://HOST:PORT/DB, redis+sentinel://HOST:PORT,…/NAME or "
            "redis+cluster://HOST:PORT,…; rediss… over TLS"
        )
    if scheme == "sqlite":
        return text
    try:
        address = parse(text)
    except InputError as error:
        raise ValueError(str(error).removeprefix("store: ")) from None
    if "password" in {**address.account, **address.sentinel_account}:
        raise ValueError("a password stands in this file, set PREAU_STORE_URL instead")
    return text


def _contact_address(text: str) -> str:
    if text and "@" not in text and urlsplit(text).scheme not in ("http", "https"):
        raise ValueError("expected an e-mail address or a URL (https://…)")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("expected some text")
    return " ".join(text.split())


Line = Annotated[str, AfterValidator(_not_blank)]
Domain = Annotated[str, AfterValidator(parse_domain)]
Place = Annotated[str, AfterValidator(_address)]


class RestoreScope(StrEnum):
    """Who may see a pseudonym turned back into a name."""

    CLASS = "class"
    SCHOOL = "school"
    SITE = "site"


class SharedNames(StrEnum):
    """What an objection means for a full name that others bear too."""

    REFUSE = "refuse"
    IGNORE = "ignore"


class ContactFile(Strict):
    """Whom a refusal page tells people to ask."""

    name: Line = Field(default="", description="A person or an office.")
    address: Annotated[str, AfterValidator(_contact_address)] = Field(
        default="", description="An e-mail address or a URL (https://…)."
    )


class Network(Strict):
    """An address range inside the site, its school and whom it serves."""

    network: Annotated[str, AfterValidator(_network)] = Field(description="Such as 10.21.0.0/16.")
    school: str = Field(
        description="The school's identifier, as in the rosters (in France its UAI).",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    group: Group = Field(description="pupils, staff or guest.")
    classes: tuple[Annotated[Line, Field(max_length=64)], ...] = Field(
        default=(),
        description="The classes that sit there, as in the rosters: [3A]. A class's own tablets.",
    )
    restore_scope: RestoreScope | None = Field(
        default=None,
        description="Who these see restored, where it is not as for the whole site: class, "
        "school, or site (the head office).",
    )

    @model_validator(mode="after")
    def _class_is_known(self) -> Self:
        if self.restore_scope is RestoreScope.CLASS and not self.classes:
            raise ValueError("'restore_scope: class' needs 'classes: […]' on the same network")
        return self


class LimitsFile(TrafficFile):
    """What the gateway reads at most; beyond it, it refuses."""

    body: Size = Field(
        default=16 * 1024**2,
        description="The largest body it reads at once; a longer one is rewritten as it passes.",
    )
    streamed: Size = Field(
        default=16 * 1024**3,
        description="The largest body it rewrites as it passes; not above body: none is.",
    )
    expanded: Size = Field(default=64 * 1024**2, description="The largest body once decompressed.")
    expansion_ratio: int = Field(
        default=200,
        description="How many times larger decompression may make a body.",
        ge=1,
        le=10_000,
    )
    headers: Size = Field(default=64 * 1024, description="The largest header section.")
    nesting: int = Field(
        default=10, description="How many formats may stand inside each other.", ge=1, le=32
    )


class PathsFile(Strict):
    """Where things are kept; relative to this folder. Empty: inside ``state``."""

    state: Line = Field(default="state", description="What the gateway writes.")
    keys: str = Field(default="", description="The site's root keys.")
    ca: str = Field(default="", description="The site's certificate authority.")
    audit: str = Field(default="", description="The audit log.")
    signer: str = Field(
        default="",
        description="The folder of the socket of a signer that is a service of its own.",
    )
    cache: str = Field(default="", description="What can be made again.")


Months = Annotated[int, Field(ge=1, le=MOST_MONTHS)]


class AuditFile(OutgoingFile):
    """The audit log: how long it is kept, and what leaves it."""

    retention_months: Months = Field(
        default=DEFAULT_MONTHS,
        description="Months that events are kept (the CNIL advises 6 to 12; otherwise say why).",
    )
    blocking_months: Months | None = Field(
        default=None,
        description="For trackers blocked and connections tunnelled or denied, if not the same.",
    )
    administration_months: Months | None = Field(
        default=None,
        description="For what administrators and the gateway itself did, if not the same.",
    )
    reason: str = Field(
        default="", description="Why events are kept shorter or longer than the CNIL advises."
    )

    @model_validator(mode="after")
    def _advised_or_reasoned(self) -> Self:
        months = (self.retention_months, self.blocking_months, self.administration_months)
        if not self.reason.strip() and any(m is not None and m not in ADVISED for m in months):
            raise ValueError(
                "the CNIL advises to keep such logs for 6 to 12 months: keep to that, "
                "or write your reason in audit.reason"
            )
        return self

    def retention(self) -> Retention:
        """Months by class."""
        other = {
            EventClass.BLOCKING: self.blocking_months,
            EventClass.ADMINISTRATION: self.administration_months,
        }
        dated = [kind for kind in EventClass if kind is not EventClass.FIGURES]
        return Retention({kind: other.get(kind) or self.retention_months for kind in dated})


class SiteFile(Strict):
    """A site: one school, or all the schools of an academy."""

    site: Line = Field(description="The site's name, for people.")
    language: Language = Field(default=Language.FR, description="The language of refusal pages.")
    contact: ContactFile = Field(
        default_factory=ContactFile, description="Whom a refusal page names."
    )
    networks: tuple[Network, ...] = Field(default=(), description="Which addresses are whose.")
    unknown_networks: Group = Field(
        default=Group.GUEST, description="The group of any other address."
    )
    unknown_service: Unread = Field(
        default=Unread.DENY, description="For hosts that no service names."
    )
    unidentified: Unread = Field(
        default=Unread.DENY,
        description="For connections that do not say, or contradict, their host.",
    )
    hidden_names: Unread = Field(
        default=Unread.TUNNEL,
        description="For connections that would pass unread and carry a second, encrypted name "
        "(ECH). Browsers send an empty one with each unless they are told not to.",
    )
    profiling: OnProfiling = Field(
        default=OnProfiling.BLOCK,
        description="Reports on how people behave ('no predictive models of behaviour'): block, "
        "observe (let pass, record each) or allow. A service's own 'profiling' wins.",
    )
    restore_scope: RestoreScope = Field(
        default=RestoreScope.SCHOOL,
        description="Who sees names again: class (of the person's own classes, where the network "
        "says which), school (of the person's own schools) or site (everybody).",
    )
    vault_retention_months: int = Field(
        default=13,
        description="Months after their last use that values of people outside the directory "
        "are kept; afterwards their pseudonyms are not restored.",
        ge=1,
        le=60,
    )
    shared_names: SharedNames = Field(
        default=SharedNames.REFUSE,
        description="A full name that somebody who objects to a service shares with others: "
        "refuse (where the one who objects is in the viewer's school) or ignore (unless all who "
        "bear it object). Addresses and numbers always count.",
    )
    require_charter: bool = Field(
        default=True, description="Deny services whose supplier has not adhered to the charter."
    )
    pseudonym_domain: Annotated[Domain, Field(max_length=200)] = Field(
        default="pseudonyme.invalid",
        description="The domain of e-mail pseudonyms: a sub-domain you own.",
    )
    school_domains: tuple[Domain, ...] = Field(
        default=(), description="The e-mail domains of your pupils and staff."
    )
    listen: Place = Field(default="127.0.0.1:8080", description="Where browsers reach the gateway.")
    status: Place = Field(
        default="127.0.0.1:9090", description="Metrics and status; keep it private."
    )
    store: Annotated[str, AfterValidator(_store)] = Field(
        default="",
        description="sqlite:FILE, redis://HOST:PORT/DB, redis+sentinel://HOST:PORT,…/NAME or "
        "redis+cluster://HOST:PORT,… (rediss… over TLS). Empty: SQLite inside paths.state. "
        "A URL with a password goes into the environment (PREAU_STORE_URL).",
    )
    paths: PathsFile = Field(default_factory=PathsFile, description="Where things are kept.")
    limits: LimitsFile = Field(
        default_factory=LimitsFile, description="What the gateway reads at most."
    )
    audit: AuditFile = Field(default_factory=AuditFile, description="The audit log.")
    privacy: PrivacyFile = Field(
        default_factory=PrivacyFile,
        description="What services and others do not get; a service may say otherwise.",
    )
    dns: DnsFile = Field(default_factory=DnsFile, description="Whom to ask what a name stands for.")
    upstream_ca: str = Field(
        default="",
        description="A PEM file of more authorities to trust for services (a parent proxy).",
    )
