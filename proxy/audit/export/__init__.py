"""Events on their way to a collector: syslog, CEF, OCSF; to a file, over TLS, over HTTPS.

What comes in: the log's own files, read behind the writer (``reader``), never its queue. What
goes out: the same events in another format (``formats``), each with its index, to one
destination (``sinks``); and a durable cursor (``cursor``), which says what has arrived.

The law of this room: an event is behind the cursor only when the destination has confirmed
it. So nothing is lost, and after any interruption some events may come twice; their index
tells. A collector that is away only makes the cursor stand still: the log is the queue, no
memory grows, no request waits.

What must never happen here: an event exported before a signed checkpoint covers it (a power
cut could unmake it); a cursor ahead of the destination; anything added that the event does
not hold.
"""

from proxy.audit.export.cursor import Cursor
from proxy.audit.export.exporter import Exporter
from proxy.audit.export.formats import FORMATS, Entry, Format, Origin
from proxy.audit.export.reader import LogReader
from proxy.audit.export.sinks import FileSink, HttpSink, Sink, SyslogSink

__all__ = [
    "FORMATS",
    "Cursor",
    "Entry",
    "Exporter",
    "FileSink",
    "Format",
    "HttpSink",
    "LogReader",
    "Origin",
    "Sink",
    "SyslogSink",
]
