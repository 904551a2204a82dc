"""The engine of Préau: values in, decisions out.

What comes in: facts about a connection, a request or an answer, as plain values.
What goes out: decisions (``proxy.decisions``), as plain values.
What must never happen here: a socket outside ``frontends/``, an import of mitmproxy
(a test forbids both), personal data in a log, an exception text or a repr.
"""

__version__ = "0.1.0"
