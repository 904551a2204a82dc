"""What passes, without what tells of the person or leads round the gateway.

What comes in: the head of a request that nothing blocked (or of its answer), and the
``Plan`` of its service, compiled once per policy load. What goes out: the same fields less
those that a rule takes away, and how many each rule took. What must never happen here: a
field changed that no rule names (order, case and duplicates stay), a value kept or counted
by anything but its rule, a login broken that the plan says to keep.

``rules`` (what there is, and which fields) → ``plan`` (what a service's policy makes of it)
→ ``context`` (is this across sites, is it a page being opened?) → ``requests``, ``answers``.
"""

from proxy.privacy.plan import Plan
from proxy.privacy.rules import Rule

__all__ = ["Plan", "Rule"]
