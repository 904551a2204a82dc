"""Unix sockets in the runtime folder: mode 0600, one user, short names for long folders.

``sun_path`` holds 107 bytes and folders are longer: the folder's descriptor stands for it.
The folder itself is 0700 (``options.private_folder``), so there is no moment at which
another user could reach a socket whose mode is not set yet.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

_CREDENTIALS = struct.Struct("3i")
_BACKLOG = 256


def listen(folder: Path, name: str, kind: socket.SocketKind) -> socket.socket:
    """A listening socket called ``name``, in the place of any that was left there."""
    path = folder / name
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, kind)
    with _address(folder, name) as address:
        listener.bind(address)
    path.chmod(0o600)
    listener.listen(_BACKLOG)
    return listener


def connect(folder: Path, name: str, kind: socket.SocketKind, timeout: float) -> socket.socket:
    """A connection to ``name``. Raises ``OSError``."""
    connection = socket.socket(socket.AF_UNIX, kind)
    connection.settimeout(timeout)
    try:
        with _address(folder, name) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def is_ours(connection: socket.socket) -> bool:
    """Whether the other end belongs to this user or to root, by the kernel's word."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(raw)[1] in (0, os.getuid())


@contextlib.contextmanager
def _address(folder: Path, name: str) -> Iterator[str]:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
