"""Where decisions are made: one request's way through the house, without a socket.

What comes in: facts about a connection (``gate``), the head and body of a request
(``begin``, ``protect``), the head and body of its answer (``answer_head``, ``restore``).
What goes out: values of ``proxy.decisions``, and the events to record before they are
carried out. What must never happen here: an exception that a caller could mistake for
"go on"; personal data in an event; a look at a body whose service is not inspected.
"""

from proxy.engine.engine import Engine
from proxy.engine.exchange import Client, Exchange, Head

__all__ = ["Client", "Engine", "Exchange", "Head"]
