"""What the client of a telemetry collector takes for "accepted": one answer a vendor, written once.

Whether a report is known by where it goes (``collectors``) or by what it looks like
(``proxy.profiling.formats``), its client is the same and wants to hear the same. Each answer is
the most that any version of that client asks for: the one of Sentry's today looks at the status
alone, an older one reads the id.
"""

from __future__ import annotations

from typing import Final, NamedTuple

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; charset=utf-8"


class Accepted(NamedTuple):
    """Status, type and body."""

    status: int
    content_type: bytes = b""
    body: bytes = b""


SILENT: Final = Accepted(204)
"""Also what a client gets that looks at nothing, or only at whether it failed."""
EMPTY: Final = Accepted(200, JSON, b"{}")
QUEUED: Final = Accepted(202, JSON, b"{}")
SUCCESS: Final = Accepted(200, JSON, b'{"success":true}')
OK: Final = Accepted(200, TEXT, b"OK")

ADOBE_EDGE: Final = Accepted(200, JSON, b'{"requestId":"","handle":[]}')
"""Nothing to do for the page."""
AMPLITUDE: Final = Accepted(
    200,
    JSON,
    b'{"code":200,"events_ingested":1,"payload_size_bytes":0,"server_upload_time":0}',
)
APPLICATION_INSIGHTS: Final = Accepted(
    200, JSON, b'{"itemsReceived":1,"itemsAccepted":1,"errors":[]}'
)
"""Drops the batch when received equals accepted."""
BRAZE: Final = Accepted(201, JSON, b'{"message":"success"}')
BUGSNAG: Final = Accepted(202, JSON, b'{"status":"accepted"}')
"""Any 2xx; its session endpoint says this."""
CLEARCUT: Final = Accepted(200, JSON, b'["900000",null,[],[]]')
"""Google's log: the next call in so many milliseconds."""
MIXPANEL: Final = Accepted(200, TEXT, b"1")
MIXPANEL_VERBOSE: Final = Accepted(200, JSON, b'{"status":1,"error":null}')
ONECOLLECTOR: Final = Accepted(200, JSON, b'{"acc":1}')
PLAUSIBLE: Final = Accepted(202, TEXT, b"ok")
POSTHOG: Final = Accepted(200, JSON, b'{"status":1,"featureFlags":{}}')
ROLLBAR: Final = Accepted(200, JSON, b'{"err":0,"result":{"id":null,"uuid":""}}')
"""Reads ``err``, and then ``result``."""
SENTRY: Final = Accepted(200, JSON, b'{"id":"00000000000000000000000000000000"}')
SNOWPLOW: Final = Accepted(200, TEXT, b"ok")
STATSIG: Final = Accepted(202, JSON, b'{"success":true}')
