"""The calls that a site's own settings ask for: the only sockets behind the doors.

What comes in: where to call (``Place``, ``StreamPlace``: from ``site.yaml``, checked there)
and bytes that may leave: checkpoints, exported events, segments; none holds personal data.
What goes out: those bytes, over TLS with a verified certificate (plain only to this machine
or a private address), and the answer, bounded in size and time. Besides, questions to the
site's resolvers: what a host of an inspected service stands for (``dns``, ``lookups``).

What must never happen here: a call to a host that the settings do not name (no redirect is
followed, no proxy of the environment asked); an unverified certificate; waiting without a
bound; a call from the way of a request, but for that question, whose wait is the settings'.
"""

from proxy.outbound.http import Reply, request
from proxy.outbound.places import Outage, Place, StreamPlace, tls_context
from proxy.outbound.stream import Stream

__all__ = ["Outage", "Place", "Reply", "Stream", "StreamPlace", "request", "tls_context"]
