"""Who and when: rules by school, group, class and hour, and exceptions that end by themselves.

What comes in: three files of the site: ``calendar.yaml`` (the time zone, named schedules,
school holidays), ``rules.yaml`` and ``exceptions.yaml``; then, for each request, who asks and
what time it is. What goes out: a ``Sheet``, all that holds for this client at this moment: the
treatment of services and hosts, the hosts that lists do not block, the lists that are off.
What must never happen here: a clock read (the time is given, so that a decision is a function
of facts, policy and time), a file read on a request's way, an exception that outlives its
second, an owner or a reason in an event.

The way of a file: ``schema`` (what may stand there) → ``reading`` (checked, compiled) →
``entries`` (rules and exceptions) over ``hours`` (the wall clock of the site) → ``plan`` (the
sheets, each good until something changes). ``editing`` writes ``exceptions.yaml`` for
``preau exception``; ``advice`` is for ``preau check``.
"""

from proxy.timetable.entries import Entry, Person, Why
from proxy.timetable.plan import NOTHING, Sheet, Switches, Timetable

__all__ = ["NOTHING", "Entry", "Person", "Sheet", "Switches", "Timetable", "Why"]
