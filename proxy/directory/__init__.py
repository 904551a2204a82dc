"""The directory: whom the site protects, and finding them in any text.

What comes in: rosters (``importers``, one file a format) and, to build an index, the sealed
records of the store. What goes out: ``importing`` stages a roster, chunk by chunk, as one change
that the store makes valid whole or not at all; ``index`` answers, for a text, which spans are
identifiers and which reference each has.

What must never happen here: a cell of a roster in a message, a log or a ``repr``; an identifier in
clear in a file; a reference that changes between two imports; half a name matched, so that the
other half leaves in clear; a cost per text that grows with the number of people.

Life of a roster row: ``importers.open_roster`` → ``subjects.Person`` → ``importing.apply`` (known
by its digest, else ``rows`` and ``merging``) → ``Staging.add`` and ``commit``. Life of an index:
``building`` reads the store → ``index_file`` → ``index.Directory.refresh`` notices the new version
and swaps in a new ``Index`` over ``tables``.
"""

from proxy.directory.index import Directory, Index
from proxy.directory.match import Match

__all__ = ["Directory", "Index", "Match"]
