"""Blocking: which requests are advertising, tracking or telemetry, and what to answer.

What comes in: filter lists (files), and facts about a request: URL, type, page, headers.
What goes out: a ``Block`` that names rule, list, file and line, and a ``Reply`` in the
tracker's place. What must never happen here: a socket, a URL kept after the decision, a
rule that is silently not in force, a navigation blocked by a rule not written for it.

A request's way: ``facts`` (type, page and party) → ``blocker`` (the decision, over ``lines``,
the whole-host index, and ``engine``, everything finer; then ``cname``, the same under the names
that a host stands for; then ``stripping``, what a URL passes without) → ``answers`` (over
``collectors``, ``surrogates`` and ``resources``). A list's way: ``subscriptions`` (others' lists,
fetched and checked) and ``lists`` (find, read, account) → ``rules`` (one line) → ``bounds``
(what would slow requests) → ``compile`` → ``cache`` (a file
to map).
"""

from proxy.blocking.answers import answer, stand_in
from proxy.blocking.blocker import Block, Blocker, Stripped, build, open_blocker
from proxy.blocking.cache import build_in_subprocess
from proxy.blocking.facts import (
    RequestFacts,
    RequestType,
    facts_of,
    host_of,
)
from proxy.blocking.lists import (
    BLOCK_LISTS,
    Category,
    ListFile,
    ListReport,
    Problem,
    age_seconds,
    discover,
)

__all__ = [
    "BLOCK_LISTS",
    "Block",
    "Blocker",
    "Category",
    "ListFile",
    "ListReport",
    "Problem",
    "RequestFacts",
    "RequestType",
    "Stripped",
    "age_seconds",
    "answer",
    "build",
    "build_in_subprocess",
    "discover",
    "facts_of",
    "host_of",
    "open_blocker",
    "stand_in",
]
