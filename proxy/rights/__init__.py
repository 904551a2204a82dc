"""A person's rights: finding them, telling them, objecting, consenting, forgetting; and canaries.

What comes in: what somebody asks about a subject (``preau subject``, ``preau canary``), and on the
way of requests which values of the directory were met. What goes out: notes in the store
(``proxy.store.notes``), sealed under the subject's own key; refusals that the engine carries out;
what a report says. What must never happen here: a name in a log, an event or an exception; an
objection that a worker does not know a second later; an erasure that a backup undoes; a sender
who can tell a canary from a person.

``people`` finds subjects and what the directory holds of them. ``objections``, ``consents`` and
``sightings`` each keep one sort of note; ``erasing`` destroys, ``tombstones`` remembers that it
did, by keyed hashes; ``canaries`` plants people who do not exist. ``view`` is what all of that
comes to for requests: immutable, swapped whole as policies are; a ``Watch`` (``watch``) applies it
to one request. ``handles`` is how a subject is named to people without a name.
"""
