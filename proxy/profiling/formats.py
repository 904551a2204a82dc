"""The catalogue of formats: what each is, what it is for, and what its client wants to hear.

A client that is told "accepted" drops its batch and is quiet; one that is refused keeps it and
tries again, for hours. So every format has its own success answer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

DEMAND: Final = "no-predictive-models-of-behaviour"
"""The regulator's demand as events name it."""
DEMAND_FR: Final = "pas de modèle prédictif du comportement"


class Family(StrEnum):
    """What kind of facts a format carries about a person."""

    LEARNING = "learning"
    """What a pupil does in a course: for learning analytics. Allowed to a record store."""
    BEHAVIOUR = "behaviour"
    """What a person clicks, reads and buys."""
    REPLAY = "replay"
    """A film of what a person does on the screen."""
    USAGE = "usage"
    """How a person uses a program and a device, sent to who made it."""
    DIAGNOSTICS = "diagnostics"
    """Errors and delays, with the person, the page and the last clicks beside them."""


CATEGORY: Final = {
    Family.LEARNING: "profiling",
    Family.BEHAVIOUR: "profiling",
    Family.REPLAY: "session-replay",
    Family.USAGE: "telemetry",
    Family.DIAGNOSTICS: "telemetry",
}
"""What a family counts as among the categories of block lists."""

_JSON = b"application/json"
_TEXT = b"text/plain; charset=utf-8"


class Success(NamedTuple):
    """The answer that its client takes for "accepted"."""

    status: int
    content_type: bytes = b""
    body: bytes = b""


_OK = Success(200, _JSON, b"{}")
_SILENT = Success(204)
_SUCCESS = Success(200, _JSON, b'{"success":true}')
_ACCEPTED = Success(202, _JSON, b"{}")


class Format(NamedTuple):
    """One format of reports on behaviour."""

    name: str
    """Its word in policies, events and explanations."""
    title: str
    family: Family
    success: Success

    @property
    def category(self) -> str:
        """What it counts as, in metrics and events."""
        return CATEGORY[self.family]


_F = Family

CALIPER = Format("caliper", "Caliper Analytics (1EdTech)", _F.LEARNING, _OK)
XAPI = Format(
    "xapi", "Experience API statements (xAPI, cmi5)", _F.LEARNING, Success(200, _JSON, b"[]")
)

SEGMENT = Format("segment", "Segment and RudderStack", _F.BEHAVIOUR, _SUCCESS)
AMPLITUDE = Format(
    "amplitude", "Amplitude", _F.BEHAVIOUR, Success(200, _JSON, b'{"code":200,"events_ingested":1}')
)
MIXPANEL = Format("mixpanel", "Mixpanel", _F.BEHAVIOUR, Success(200, _TEXT, b"1"))
POSTHOG = Format("posthog", "PostHog", _F.BEHAVIOUR, Success(200, _JSON, b'{"status":1}'))
MATOMO = Format("matomo", "Matomo", _F.BEHAVIOUR, _SILENT)
GOOGLE_ANALYTICS = Format("google-analytics", "Google Analytics", _F.BEHAVIOUR, _SILENT)
SNOWPLOW = Format("snowplow", "Snowplow", _F.BEHAVIOUR, Success(200, _TEXT, b"ok"))
ADOBE_ANALYTICS = Format("adobe-analytics", "Adobe Analytics", _F.BEHAVIOUR, _OK)
PIANO = Format("piano-analytics", "Piano Analytics (AT Internet)", _F.BEHAVIOUR, _OK)
HEAP = Format("heap", "Heap", _F.BEHAVIOUR, _OK)
PENDO = Format("pendo", "Pendo", _F.BEHAVIOUR, _OK)
BRAZE = Format("braze", "Braze", _F.BEHAVIOUR, Success(201, _JSON, b'{"message":"success"}'))
STATSIG = Format(
    "statsig", "Statsig events", _F.BEHAVIOUR, Success(202, _JSON, b'{"success":true}')
)
LAUNCHDARKLY = Format("launchdarkly", "LaunchDarkly events", _F.BEHAVIOUR, _ACCEPTED)
OPTIMIZELY = Format("optimizely", "Optimizely events", _F.BEHAVIOUR, _SILENT)
PLAUSIBLE = Format("plausible", "Plausible", _F.BEHAVIOUR, Success(202, _TEXT, b"ok"))
TEALIUM = Format("tealium", "Tealium", _F.BEHAVIOUR, _OK)
MPARTICLE = Format("mparticle", "mParticle", _F.BEHAVIOUR, _ACCEPTED)
UMAMI = Format("umami", "Umami", _F.BEHAVIOUR, _OK)

RRWEB = Format("rrweb", "rrweb recordings (PostHog, Sentry, Highlight …)", _F.REPLAY, _OK)
CLARITY = Format("clarity", "Microsoft Clarity", _F.REPLAY, _SILENT)
HOTJAR = Format("hotjar", "Hotjar", _F.REPLAY, _OK)
FULLSTORY = Format("fullstory", "FullStory", _F.REPLAY, _OK)
LOGROCKET = Format("logrocket", "LogRocket", _F.REPLAY, _OK)
CONTENTSQUARE = Format("contentsquare", "Contentsquare", _F.REPLAY, _OK)
SMARTLOOK = Format("smartlook", "Smartlook", _F.REPLAY, _OK)
MATOMO_RECORDING = Format("matomo-recording", "Matomo session recording", _F.REPLAY, _SILENT)
SENTRY_REPLAY = Format("sentry-replay", "Sentry session replay", _F.REPLAY, _OK)
DATADOG_REPLAY = Format("datadog-replay", "Datadog session replay", _F.REPLAY, _ACCEPTED)
NEW_RELIC_REPLAY = Format("new-relic-replay", "New Relic session replay", _F.REPLAY, _OK)

ONECOLLECTOR = Format(
    "onecollector",
    "Microsoft OneCollector (Common Schema)",
    _F.USAGE,
    Success(200, _JSON, b'{"acc":1}'),
)
CLEARCUT = Format(
    "clearcut", "Google's log endpoint", _F.USAGE, Success(200, _JSON, b'["900000",null,[],[]]')
)

APPLICATION_INSIGHTS = Format(
    "application-insights",
    "Azure Application Insights",
    _F.DIAGNOSTICS,
    Success(200, _JSON, b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}'),
)
SENTRY = Format("sentry", "Sentry", _F.DIAGNOSTICS, _OK)
DATADOG = Format("datadog", "Datadog real user monitoring", _F.DIAGNOSTICS, _ACCEPTED)
NEW_RELIC = Format("new-relic", "New Relic browser agent", _F.DIAGNOSTICS, _OK)
OPENTELEMETRY = Format("opentelemetry", "OpenTelemetry (OTLP/JSON)", _F.DIAGNOSTICS, _OK)
BUGSNAG = Format("bugsnag", "Bugsnag", _F.DIAGNOSTICS, _ACCEPTED)
ROLLBAR = Format(
    "rollbar", "Rollbar", _F.DIAGNOSTICS, Success(200, _JSON, b'{"err":0,"result":{}}')
)

FORMATS: Final[tuple[Format, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Format)
)
BY_NAME: Final = {format.name: format for format in FORMATS}
