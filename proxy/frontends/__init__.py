"""Other doors to the same engine: today the status and metrics server.

What comes in: HTTP on a loopback port of its own. What goes out: health, readiness, metrics,
a page for people. What must never happen here: personal data, a write, or a request that
holds up the gateway's event loop.
"""
