"""Everything that leaves the audit log, at work: which tasks, when, and how far each is.

What comes in: the site's settings. What goes out: the tasks that they ask for (``plan``),
run each in a thread of its own (``follower``) in a process of its own (``child``), and what
each has still to do (``lag``), which anybody can read from files.

The writer of the log and the requests know nothing of this room. ADR 0010 says why.

What must never happen here: one destination that hangs holds up another; a failure that
nobody sees; a secret or a note's content in a failure's text.
"""

from proxy.audit.outgoing.child import Child
from proxy.audit.outgoing.follower import Follower
from proxy.audit.outgoing.lag import Lag, confirmed_everywhere, lags
from proxy.audit.outgoing.plan import Plan, make_plan

__all__ = ["Child", "Follower", "Lag", "Plan", "confirmed_everywhere", "lags", "make_plan"]
