"""A whole site in one file, made while the gateway serves, and back again.

Comes in: a site. Goes out: one ``.tar.gz`` (its policies, store, audit log up to a
checkpoint, fetched lists and counts), or from such a file a site that verifies and serves.

Must never happen here: a key in clear in the file; ``erasure.key``, the daily keys of the
client hashes or the directory's index in it at all, sealed or not (docs/rights.md: a copy of
them undoes an erasure); a site that is half restored and serves.
"""

from proxy.backup.keys import seal_keys
from proxy.backup.making import Made, make
from proxy.backup.reading import Manifest, read_manifest
from proxy.backup.restoring import Restored, restore

__all__ = ["Made", "Manifest", "Restored", "make", "read_manifest", "restore", "seal_keys"]
