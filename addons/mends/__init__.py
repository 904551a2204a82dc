"""Defects of mitmproxy that we correct at run time, one file a defect.

Each module's docstring says why, what the defect did, on which versions the mend was
tested, and when to delete it; each has ``apply()``, which takes effect once. Comes in:
mitmproxy as installed. Goes out: mitmproxy as a gateway needs it. Must never happen here:
running on a version that nobody tested (``apply_all`` refuses), or any policy.

To judge a new version of mitmproxy: run ``tests/addons/mends``. A failing
``test_mitmproxy_still_has_the_defect`` says that a mend may be deleted, any other failing
test that one must be rewritten.
"""

from __future__ import annotations

from mitmproxy import version

from addons.mends import (
    asked_again,
    body_limit,
    client_goaway,
    connect_deadline,
    crash_hangs,
    decoded_cache,
    developer_aids,
    empty_chunk,
    error_pages,
    fast_dispatch,
    forgotten_connections,
    h2_backpressure,
    h2_content_length,
    h2_floods,
    head_limits,
    header_lookup,
    idle_buffers,
    informational_answers,
    inline_hooks,
    late,
    listening,
    log_lines,
    lost_close,
    one_write,
    parallel_connections,
    poisoned_connection,
    refused_upload,
    request_framing,
    strict_heads,
    tls_alert,
    trailers,
    tunnel_bytes,
    upstream_alpn,
    upstream_failure,
    upstream_goaway,
    websocket_fragments,
    websocket_goodbye,
    websocket_history,
    websocket_refusal,
    websocket_size,
)
from proxy.errors import InputError

TESTED = frozenset({"12.2.3"})

_MENDS = (
    body_limit,
    tls_alert,
    trailers,
    request_framing,
    empty_chunk,
    h2_content_length,
    h2_floods,
    h2_backpressure,
    strict_heads,
    head_limits,
    late,
    connect_deadline,
    informational_answers,
    upstream_goaway,
    client_goaway,
    poisoned_connection,
    forgotten_connections,
    parallel_connections,
    upstream_alpn,
    refused_upload,
    websocket_fragments,
    websocket_goodbye,
    websocket_history,
    websocket_refusal,
    websocket_size,
    error_pages,
    upstream_failure,
    asked_again,
    log_lines,
    lost_close,
    tunnel_bytes,
    decoded_cache,
    crash_hangs,
    listening,
    fast_dispatch,
    inline_hooks,
    developer_aids,
    header_lookup,
    one_write,
    idle_buffers,
)


def apply_all() -> None:
    """Mend this process's mitmproxy, or refuse to start on a version nobody tested."""
    if version.VERSION not in TESTED:
        raise InputError(
            f"mitmproxy {version.VERSION} is installed, but the mends in addons/mends were "
            f"tested on {', '.join(sorted(TESTED))} only: install that version, or run "
            "tests/addons/mends on the new one and add it to TESTED"
        )
    for mend in _MENDS:
        mend.apply()
