"""The signer as a service of its own, under a user of its own: the gateway's cannot read the key.

``python -m proxy.supervisor.signer_alone SITE``. The site's ``paths.signer`` (``PREAU_SIGNER``)
tells the gateway where its socket is, and then starts no signer. Here the same variable is where to
listen, unless systemd hands over the socket (``preau-signer.socket``): then whoever asks while
this process is started again waits, and is not refused. ``PREAU_CA`` is the folder with key and
certificate; the gateway's own has the certificate alone.

Who may ask is who may open the socket: its mode, and its folder's, are the lock. What is signed
is no other than in ``signer``; a new CA in the folder is taken in within a second.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from proxy.ca import FILE
from proxy.errors import InputError, KeysUnavailable
from proxy.policy.holder import PolicyHolder
from proxy.supervisor import local_socket
from proxy.supervisor.leaves import SOCKET
from proxy.supervisor.signer import Notary, Server, keep_memory_private

_HANDED_OVER = 3
"""The first descriptor that systemd hands over (``sd_listen_fds``)."""
_GROUP_TOO = 0o660


def open_socket(folder: Path) -> socket.socket:
    """The socket that systemd listens on already, or one of ours in ``folder``."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        os.set_inheritable(_HANDED_OVER, False)
        return socket.socket(fileno=_HANDED_OVER)
    try:
        listener = local_socket.listen(folder, SOCKET, socket.SOCK_SEQPACKET)
        (folder / SOCKET).chmod(_GROUP_TOO)
    except OSError as error:
        raise InputError(f"{folder}: the signer cannot listen there ({error.strerror})") from None
    return listener


class FollowingNotary(Notary):
    """Takes in a new CA by itself: no supervisor tells this one."""

    def load(self) -> None:
        """Take the CA as it is on disk, and note which that was."""
        super().load()
        self._seen = self._look()

    def refresh(self) -> None:
        """Follow the policy's files, and the CA's."""
        super().refresh()
        if (now := self._look()) != self._seen:
            self._seen = now
            try:
                super().load()
            except KeysUnavailable as error:
                print(f"preau: the old CA goes on: {error}", file=sys.stderr, flush=True)

    def _look(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._ca_dir / FILE)
        except OSError:
            return 0, 0, 0
        return found.st_mtime_ns, found.st_size, found.st_ino


def main(argv: list[str]) -> int:
    """Serve until a signal ends it."""
    keep_memory_private()
    try:
        holder = PolicyHolder(Path(argv[0]))
        run = holder.current.site.signer_dir
        if run is None:
            raise InputError("PREAU_SIGNER (or paths.signer) must tell where the signer listens")
        notary = FollowingNotary(holder, run)
        server = Server(notary, open_socket(run), None, admits=lambda connection: True)
    except (InputError, KeysUnavailable) as error:
        print(f"preau: {error}", file=sys.stderr)
        return 2
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
