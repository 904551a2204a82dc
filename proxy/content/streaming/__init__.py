"""Bodies too large to hold, or that cannot wait for their end: rewritten as they pass.

What it is for: flat memory whatever the size, both directions. Comes in: a body in any pieces,
decoded or not. Goes out: the same body rewritten, in pieces, a little later. Must never happen
here: a piece that leaves before every identifier that might begin in it could be seen whole; a
byte changed because of where the network cut; an unreadable body that passes because it is large.

Theory. A body is cut into **stretches** at places where no match can lie across and where the
format stands at rest: after a line, a record, an element, a pair, a tag, an event. Each stretch is
read by the codec that reads whole bodies (``proxy.content.data``), so that both ways see the same;
where a format's meaning comes from around (the keys above a JSON value, the header line of a
CSV), the stretch is read inside a copy of its surroundings, which is then taken off again.

What is longer than ``LONG`` without such a place (one line, one string, one value) is read through
a **window** that moves: it is scanned with what stands before and behind it, cut where no escape
and no edit is split, and only what lies ``HOLD`` characters before its end leaves.

``passage`` holds what one body needs, ``reader`` chooses a reader by the first bytes, and there is
a module a kind of reader. ``events`` is for streams that must leave at once.
"""

from proxy.content.streaming.body import StreamRewriter
from proxy.content.streaming.events import DocumentStream, EventStream
from proxy.content.streaming.passage import Passage
from proxy.content.streaming.reader import Opaque

__all__ = ["DocumentStream", "EventStream", "Opaque", "Passage", "StreamRewriter"]
