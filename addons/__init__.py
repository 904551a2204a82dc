"""The mitmproxy door to the engine: thin adapters that carry out decisions.

What comes in: mitmproxy's hooks. What goes out: calls to ``proxy.engine``, and its
decisions carried out on the flow. What must never happen here: policy logic.
"""
