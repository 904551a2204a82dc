"""Whole copies of the log elsewhere: in a folder (a mounted share) or S3-compatible storage.

What comes in: the log's files, read behind the writer. What goes out: the same files under
the same names, so that ``preau audit verify --dir`` works on the copy as on the log.

A file is shipped, read back and compared before the cursor says so; segments and tiles come
before the checkpoint that covers them, so that the copy is a whole log at any moment. An
interruption costs the shipping of one segment again.

What must never happen here: the keys of the client hashes shipped (they forget, copies do
not); a copy that says more than a signed checkpoint covers; a full segment, once shipped,
replaced by another content without an alarm.
"""

from proxy.audit.shipping.places import FolderStore, S3Store, Store, Vanished
from proxy.audit.shipping.shipper import Shipper
from proxy.audit.shipping.sigv4 import Credentials

__all__ = ["Credentials", "FolderStore", "S3Store", "Shipper", "Store", "Vanished"]
