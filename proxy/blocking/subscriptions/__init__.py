"""Subscriptions: lists that others keep, fetched, checked and put on the site's own shelf.

What comes in: ``lists/subscriptions.yaml`` (which lists, from where), and what a server, a
mirror or a file gives. What goes out: list files in the site's state folder, as
``proxy.blocking.lists.ListFile``, and an ``Outcome`` a list. What must never happen here: a
list taken that is cut short, empty, a login page or half of what it was; a path that an
archive chooses; a good list lost because a new one is bad.

The way of a list: ``schema`` (what the site wants) → ``fetch`` (the only file here that opens
a socket) → ``archive`` (unpack, bounded) → ``update`` (check against what we have) → ``shelf``
(by rename, with where it came from). The gateway sees the new file within a second, compiles
it in another process and swaps.
"""

from proxy.blocking.subscriptions.schema import (
    SUBSCRIPTIONS,
    Format,
    Subscription,
    Subscriptions,
    read_subscriptions,
)
from proxy.blocking.subscriptions.shelf import Shelf, Slip, site_lists
from proxy.blocking.subscriptions.update import Outcome, State, update

__all__ = [
    "SUBSCRIPTIONS",
    "Format",
    "Outcome",
    "Shelf",
    "Slip",
    "State",
    "Subscription",
    "Subscriptions",
    "read_subscriptions",
    "site_lists",
    "update",
]
