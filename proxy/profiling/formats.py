"""The catalogue of formats: what each is, what it is for, and what its client wants to hear.

A client that is told "accepted" drops its batch and is quiet; one that is refused keeps it and
tries again, for hours. So every format has its own success answer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from proxy.blocking import accepted as a
from proxy.blocking.accepted import Accepted

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


class Format(NamedTuple):
    """One format of reports on behaviour."""

    name: str
    """Its word in policies, events and explanations."""
    title: str
    family: Family
    success: Accepted
    """What its client takes for "accepted", the same as of its vendor's own host."""

    @property
    def category(self) -> str:
        """What it counts as, in metrics and events."""
        return CATEGORY[self.family]


_F = Family

CALIPER = Format("caliper", "Caliper Analytics (1EdTech)", _F.LEARNING, a.EMPTY)
XAPI = Format(
    "xapi", "Experience API statements (xAPI, cmi5)", _F.LEARNING, Accepted(200, a.JSON, b"[]")
)

SEGMENT = Format("segment", "Segment and RudderStack", _F.BEHAVIOUR, a.SUCCESS)
AMPLITUDE = Format("amplitude", "Amplitude", _F.BEHAVIOUR, a.AMPLITUDE)
MIXPANEL = Format("mixpanel", "Mixpanel", _F.BEHAVIOUR, a.MIXPANEL)
POSTHOG = Format("posthog", "PostHog", _F.BEHAVIOUR, a.POSTHOG)
MATOMO = Format("matomo", "Matomo", _F.BEHAVIOUR, a.SILENT)
GOOGLE_ANALYTICS = Format("google-analytics", "Google Analytics", _F.BEHAVIOUR, a.SILENT)
SNOWPLOW = Format("snowplow", "Snowplow", _F.BEHAVIOUR, a.SNOWPLOW)
ADOBE_ANALYTICS = Format("adobe-analytics", "Adobe Analytics", _F.BEHAVIOUR, a.ADOBE_EDGE)
PIANO = Format("piano-analytics", "Piano Analytics (AT Internet)", _F.BEHAVIOUR, a.EMPTY)
HEAP = Format("heap", "Heap", _F.BEHAVIOUR, a.EMPTY)
PENDO = Format("pendo", "Pendo", _F.BEHAVIOUR, a.EMPTY)
BRAZE = Format("braze", "Braze", _F.BEHAVIOUR, a.BRAZE)
STATSIG = Format("statsig", "Statsig events", _F.BEHAVIOUR, a.STATSIG)
LAUNCHDARKLY = Format("launchdarkly", "LaunchDarkly events", _F.BEHAVIOUR, a.QUEUED)
OPTIMIZELY = Format("optimizely", "Optimizely events", _F.BEHAVIOUR, a.SILENT)
PLAUSIBLE = Format("plausible", "Plausible", _F.BEHAVIOUR, a.PLAUSIBLE)
TEALIUM = Format("tealium", "Tealium", _F.BEHAVIOUR, a.EMPTY)
MPARTICLE = Format("mparticle", "mParticle", _F.BEHAVIOUR, a.QUEUED)
UMAMI = Format("umami", "Umami", _F.BEHAVIOUR, a.EMPTY)

RRWEB = Format("rrweb", "rrweb recordings (PostHog, Sentry, Highlight …)", _F.REPLAY, a.EMPTY)
CLARITY = Format("clarity", "Microsoft Clarity", _F.REPLAY, a.SILENT)
HOTJAR = Format("hotjar", "Hotjar", _F.REPLAY, a.EMPTY)
FULLSTORY = Format("fullstory", "FullStory", _F.REPLAY, a.EMPTY)
LOGROCKET = Format("logrocket", "LogRocket", _F.REPLAY, a.EMPTY)
CONTENTSQUARE = Format("contentsquare", "Contentsquare", _F.REPLAY, a.EMPTY)
SMARTLOOK = Format("smartlook", "Smartlook", _F.REPLAY, a.EMPTY)
MATOMO_RECORDING = Format("matomo-recording", "Matomo session recording", _F.REPLAY, a.SILENT)
SENTRY_REPLAY = Format("sentry-replay", "Sentry session replay", _F.REPLAY, a.SENTRY)
DATADOG_REPLAY = Format("datadog-replay", "Datadog session replay", _F.REPLAY, a.QUEUED)
NEW_RELIC_REPLAY = Format("new-relic-replay", "New Relic session replay", _F.REPLAY, a.EMPTY)

ONECOLLECTOR = Format(
    "onecollector",
    "Microsoft OneCollector (Common Schema)",
    _F.USAGE,
    a.ONECOLLECTOR,
)
CLEARCUT = Format("clearcut", "Google's log endpoint", _F.USAGE, a.CLEARCUT)

APPLICATION_INSIGHTS = Format(
    "application-insights",
    "Azure Application Insights",
    _F.DIAGNOSTICS,
    a.APPLICATION_INSIGHTS,
)
SENTRY = Format("sentry", "Sentry", _F.DIAGNOSTICS, a.SENTRY)
DATADOG = Format("datadog", "Datadog real user monitoring", _F.DIAGNOSTICS, a.QUEUED)
NEW_RELIC = Format("new-relic", "New Relic browser agent", _F.DIAGNOSTICS, a.EMPTY)
OPENTELEMETRY = Format("opentelemetry", "OpenTelemetry (OTLP/JSON)", _F.DIAGNOSTICS, a.EMPTY)
BUGSNAG = Format("bugsnag", "Bugsnag", _F.DIAGNOSTICS, a.BUGSNAG)
ROLLBAR = Format("rollbar", "Rollbar", _F.DIAGNOSTICS, a.ROLLBAR)

FORMATS: Final[tuple[Format, ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Format)
)
BY_NAME: Final = {format.name: format for format in FORMATS}
