"""What may stand under ``privacy:`` (of the site, or of one service) and ``dns:``.

A word not written says nothing: the site's own counts, and without one the safe word.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from proxy.policy.host_names import parse_host
from proxy.policy.validation import Strict
from proxy.privacy.rules import Rule


class Removal(StrEnum):
    """What becomes of something."""

    REMOVE = "remove"
    KEEP = "keep"


class Referer(StrEnum):
    """What of a page's address another site gets."""

    TRIM = "trim"
    KEEP = "keep"


class Signal(StrEnum):
    """Whether to say something in the person's name."""

    SEND = "send"
    OMIT = "omit"


class Passing(StrEnum):
    """Whether something may pass."""

    BLOCK = "block"
    ALLOW = "allow"


class Checking(StrEnum):
    """Whether to look behind a name."""

    CHECK = "check"
    IGNORE = "ignore"


IN_FORCE: frozenset[StrEnum] = frozenset(
    (Removal.REMOVE, Referer.TRIM, Signal.SEND, Passing.BLOCK, Checking.CHECK)
)
"""The words that put a rule in force."""

SIGN_IN_HOSTS = (
    "accounts.google.com",
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.live.com",
    "appleid.apple.com",
    "idmsa.apple.com",
)
"""Sign-in pages that the pages of other sites ask, with cookies, whether one is signed in."""


class PrivacyFile(Strict):
    """What passes, and what of it the service and others do not get."""

    tracking_parameters: Removal | None = Field(
        default=None,
        description="Parameters of addresses that follow people (utm_source, gclid …), by the "
        "lists' $removeparam: remove or keep.",
    )
    third_party_cookies: Removal | None = Field(
        default=None,
        description="Cookies of requests that another site's page makes, both ways: remove or "
        "keep. Pages that are opened, so also sign-ins by redirection, keep theirs.",
    )
    third_party_cookies_kept_for: tuple[Annotated[str, AfterValidator(parse_host)], ...] = Field(
        default=(),
        description="Hosts that get and set cookies all the same: [login.example.com, "
        '"*.ent.example.fr"]. Added to the usual sign-in pages and to the site\'s own list.',
    )
    referer: Referer | None = Field(
        default=None,
        description="The page somebody comes from, as another site is told: trim (its site "
        "only) or keep (the whole address).",
    )
    client_hints: Removal | None = Field(
        default=None,
        description="Model, exact version, memory, screen … of the machine: remove or keep.",
    )
    browser_identifiers: Removal | None = Field(
        default=None,
        description="Fields by which browsers and mobile operators number their users "
        "(X-Client-Data, X-UIDH …): remove or keep.",
    )
    privacy_signal: Signal | None = Field(
        default=None,
        description="Tell the service that the person refuses tracking (Sec-GPC: 1): send, or "
        "omit (what the browser says passes).",
    )
    alternative_services: Removal | None = Field(
        default=None,
        description="Invitations to come back over HTTP/3, past the gateway (Alt-Svc): remove "
        "or keep.",
    )
    ad_measurement: Removal | None = Field(
        default=None,
        description="What browsers tell advertisers (topics, attribution, auctions) and what "
        "asks them to: remove or keep.",
    )
    third_party_reports: Removal | None = Field(
        default=None,
        description="Orders to the browser to report what happens to another site (NEL, "
        "Report-To, Reporting-Endpoints): remove or keep.",
    )
    dns_over_https: Passing | None = Field(
        default=None,
        description="Name look-ups inside HTTPS, past the school's resolver: block or allow.",
    )
    cloaked_names: Checking | None = Field(
        default=None,
        description="Trackers behind a name of the service itself: check (ask the DNS what the "
        "name stands for) or ignore.",
    )

    def word(self, rule: Rule) -> StrEnum | None:
        """What is written of a rule, if anything is."""
        found: StrEnum | None = getattr(self, setting(rule))
        return found


def setting(rule: Rule) -> str:
    """The key of a rule."""
    return rule.value.replace("-", "_")


def parse_resolver(text: str) -> tuple[str, int]:
    """``10.0.0.53``, ``10.0.0.53:5353``, ``fd00::53`` or ``[fd00::53]:5353``."""
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    try:
        ipaddress.ip_address(host)
        if not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
            raise ValueError
    except ValueError:
        raise ValueError("expected a resolver such as 10.0.0.53 or [fd00::53]:5353") from None
    return host, int(port)


def _resolver(text: str) -> str:
    parse_resolver(text)
    return text.strip()


class DnsFile(Strict):
    """Whom the gateway asks what a name stands for; it asks nothing else."""

    uncloak: bool = Field(
        default=True,
        description="true: ask what names of inspected services stand for, to find trackers "
        "behind them (CNAME uncloaking). false: no look-up is ever made for it.",
    )
    resolvers: tuple[Annotated[str, AfterValidator(_resolver)], ...] = Field(
        default=(),
        description="Resolvers to ask: [10.0.0.53, '[fd00::53]:53']. Empty: the system's.",
        max_length=8,
    )
    wait_ms: int = Field(
        default=300,
        description="Milliseconds that a request waits for the first answer on a name; then it "
        "goes on, and the answer serves the next one.",
        ge=1,
        le=5000,
    )
