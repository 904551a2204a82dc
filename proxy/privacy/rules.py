"""The rules there are: a closed list, one name from policy to event, metric and page.

A rule's name in YAML is the same with underscores. The tables below say which fields each
one speaks of; whether it then takes them away may depend on more (``requests``, ``answers``).
"""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """A thing that is done for the privacy of what passes."""

    TRACKING_PARAMETERS = "tracking-parameters"
    """``$removeparam`` of the lists (``proxy.blocking.stripping``)."""
    THIRD_PARTY_COOKIES = "third-party-cookies"
    REFERER = "referer"
    """Across sites, the origin alone."""
    CLIENT_HINTS = "client-hints"
    """Those that tell one machine from another; brand, mobile or not and platform stay."""
    BROWSER_IDENTIFIERS = "browser-identifiers"
    """Fields by which a browser or a network operator numbers its users."""
    PRIVACY_SIGNAL = "privacy-signal"
    """``Sec-GPC: 1`` is sent (W3C Global Privacy Control)."""
    ALTERNATIVE_SERVICES = "alternative-services"
    """``Alt-Svc``, which would lead past us over HTTP/3."""
    AD_MEASUREMENT = "ad-measurement"
    """Topics, attribution reporting, shared storage, ad auctions."""
    THIRD_PARTY_REPORTS = "third-party-reports"
    """``NEL``, ``Report-To`` and ``Reporting-Endpoints`` that lead to another site."""
    DNS_OVER_HTTPS = "dns-over-https"
    """DNS messages inside HTTP, whatever the host."""
    CLOAKED_NAMES = "cloaked-names"
    """Trackers behind a name of the site itself (``proxy.blocking.cname``)."""


# Low entropy (RFC 8942 and the UA-CH registry), and what people set for their eyes' sake.
KEPT_HINTS = frozenset(
    b"sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-ch-prefers-color-scheme "
    b"sec-ch-prefers-contrast sec-ch-prefers-reduced-data sec-ch-prefers-reduced-motion "
    b"sec-ch-prefers-reduced-transparency save-data".split()
)
HINT_PREFIX = b"sec-ch-"
"""Every other field that begins so is a hint of high entropy, also one not invented yet."""

_OLD_HINTS = b"device-memory dpr viewport-width width downlink ect rtt"
_IDENTIFIERS = (
    # Chrome's field trials; what mobile operators add; what phones' browsers add.
    b"x-client-data x-uidh x-acr x-msisdn x-up-calling-line-id x-up-subno x-nokia-msisdn "
    b"x-wap-msisdn x-wap-profile x-vf-acr x-vodafone-3gpdpcontext x-amobee-1 x-amobee-2 "
    b"x-piper-id x-turbo-id"
)
_AD_REQUESTS = (
    b"sec-browsing-topics attribution-reporting-eligible attribution-reporting-support "
    b"sec-attribution-reporting-private-state-token sec-shared-storage-writable "
    b"sec-shared-storage-data-origin sec-ad-auction-fetch sec-ad-auction-event-recording-eligible"
)
_AD_ANSWERS = (
    b"observe-browsing-topics attribution-reporting-register-source "
    b"attribution-reporting-register-trigger attribution-reporting-register-os-source "
    b"attribution-reporting-register-os-trigger attribution-reporting-info "
    b"shared-storage-write shared-storage-cross-origin-worklet-allowed ad-auction-signals "
    b"ad-auction-result ad-auction-result-nonce ad-auction-additional-bid "
    b"ad-auction-register-event x-allow-fledge allow-fenced-frame-automatic-beacons"
)

REQUEST_FIELDS: dict[bytes, Rule] = {
    b"cookie": Rule.THIRD_PARTY_COOKIES,
    b"referer": Rule.REFERER,
    **dict.fromkeys(_OLD_HINTS.split(), Rule.CLIENT_HINTS),
    **dict.fromkeys(_IDENTIFIERS.split(), Rule.BROWSER_IDENTIFIERS),
    **dict.fromkeys(_AD_REQUESTS.split(), Rule.AD_MEASUREMENT),
}
"""Fields of requests, by lower-case name; of hints only those without the prefix."""

ANSWER_FIELDS: dict[bytes, Rule] = {
    b"set-cookie": Rule.THIRD_PARTY_COOKIES,
    **dict.fromkeys((b"accept-ch", b"critical-ch", b"accept-ch-lifetime"), Rule.CLIENT_HINTS),
    b"alt-svc": Rule.ALTERNATIVE_SERVICES,
    **dict.fromkeys(_AD_ANSWERS.split(), Rule.AD_MEASUREMENT),
    **dict.fromkeys((b"nel", b"report-to", b"reporting-endpoints"), Rule.THIRD_PARTY_REPORTS),
}
