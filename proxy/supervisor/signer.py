"""The signer process: the one that holds the CA's private key.

Theory of operation. It listens on a socket that it inherits (so that the socket outlives
it: who asks while it is started again waits, and is not refused), answers one question a
message, and knows nothing of connections or people. It signs only

1. over a P-256 key, for one to four plain host names,
2. that the site's policy does not pass unread (``tunnel``): not even a worker that was
   taken over can have a certificate for a bank,
3. that the CA's own name constraints permit,
4. at a bounded rate.

It ends when the supervisor does, a little later, as workers that drain still need it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import re
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from proxy.ca import ca_info
from proxy.errors import InputError, KeysUnavailable
from proxy.policy.holder import PolicyHolder
from proxy.policy.model import Treatment
from proxy.supervisor.channel import Lifeline
from proxy.supervisor.leaves import CHAIN_FILE, MOST_MESSAGE, LocalSigner, dns_names
from proxy.supervisor.local_socket import is_ours

RATE = 200.0
BURST = 2000.0
"""Leaves a second in the long run, and at once: a class that opens its books, not an attack."""
_MOST_NAMES = 4
_MOST_HOST = 253
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*", re.IGNORECASE)
_TICK = 1.0
_PR_SET_DUMPABLE = 4


class Unsignable(Exception):
    """What was asked for is not signed; the text says why, and names no host."""


class Bucket:
    """At most ``rate`` a second, ``burst`` at once."""

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = burst, time.monotonic()

    def take(self) -> bool:
        """Whether one more may pass now."""
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Notary:
    """Decides what is signed; no socket here."""

    def __init__(self, holder: PolicyHolder, run: Path | None = None) -> None:
        self._holder = holder
        self._ca_dir = holder.current.site.ca_dir
        self._run = run
        self._bucket = Bucket()
        self.signed = self.refused = 0
        self.load()

    def load(self) -> None:
        """Take the CA as it is on disk. Raises ``KeysUnavailable``: the old one stays."""
        signer = LocalSigner.load(self._ca_dir)
        permitted = ca_info(self._ca_dir).permitted
        self._signer, self._permitted = signer, tuple(p.lower().lstrip(".") for p in permitted)
        pem = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in signer.chain)
        self._chain = pem
        if self._run is not None and len(signer.chain) > 1:
            (self._run / CHAIN_FILE).write_bytes(pem)

    def refresh(self) -> None:
        """Follow the policy's files."""
        self._holder.reload_if_changed()

    def answer(self, message: bytes) -> bytes:
        """``K`` and what was asked for, or ``E`` and why not."""
        try:
            question = json.loads(message)
            if question.get("chain") is True:
                return b"K" + self._chain
            der = self._leaf(question).public_bytes(serialization.Encoding.DER)
        except Unsignable as why:
            self.refused += 1
            return b"E" + str(why).encode()
        except (ValueError, TypeError, KeyError, AttributeError):
            self.refused += 1
            return b"Enot a question"
        self.signed += 1
        return b"K" + der

    def _leaf(self, question: dict[str, Any]) -> x509.Certificate:
        key = serialization.load_der_public_key(bytes.fromhex(question["key"]))
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise Unsignable("only P-256 keys")
        hosts, commonname = question["names"], question["cn"]
        if not isinstance(hosts, list) or not 1 <= len(hosts) <= _MOST_NAMES:
            raise Unsignable(f"one to {_MOST_NAMES} names")
        if commonname is not None and commonname not in hosts:
            raise Unsignable("the common name must be one of the names")
        for host in hosts:
            self._check(host)
        if not self._bucket.take():
            raise Unsignable("too many new hosts at once, try again in a moment")
        return self._signer.issue(key, commonname, dns_names(hosts))

    def _check(self, host: object) -> None:
        if not isinstance(host, str) or len(host) > _MOST_HOST or not _HOST.fullmatch(host):
            raise Unsignable("not a host name")
        if host.rpartition(".")[2].isdigit():
            raise Unsignable("addresses get no certificate")
        if not self._is_read(host):
            self.refresh()  # the workers may have seen a change a moment earlier
            if not self._is_read(host):
                raise Unsignable("the policy passes this host unread")
        lower = host.lower()
        if self._permitted and not any(
            lower == domain or lower.endswith(f".{domain}") for domain in self._permitted
        ):
            raise Unsignable("outside the domains that the CA is confined to")

    def _is_read(self, host: str) -> bool:
        return self._holder.current.verdict(host).treatment is not Treatment.TUNNEL


class Server:
    """Carries messages between the socket and the notary, until the supervisor is gone."""

    def __init__(
        self,
        notary: Notary,
        listener: socket.socket,
        lifeline: Lifeline | None,
        admits: Callable[[socket.socket], bool] = is_ours,
    ) -> None:
        """Without a ``lifeline`` nobody is followed into the end."""
        self._notary = notary
        self._lifeline = lifeline
        self._selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._admits = admits
        if lifeline is not None:
            hear = functools.partial(self._hear, lifeline)
            self._selector.register(lifeline.fileno(), selectors.EVENT_READ, hear)
        self._end: float | None = None

    def run(self) -> None:
        """Serve."""
        if self._lifeline is not None:
            self._lifeline.say("ready")
        while self._end is None or time.monotonic() < self._end:
            for key, _ in self._selector.select(_TICK):
                key.data(key.fileobj)
            self._notary.refresh()

    def _hear(self, lifeline: Lifeline, _: object) -> None:
        try:
            for question in lifeline.questions():
                self._obey(lifeline, question)
        except EOFError:
            self._selector.unregister(lifeline.fileno())
            self._end = time.monotonic() + lifeline.linger

    def _obey(self, lifeline: Lifeline, question: dict[str, Any]) -> None:
        match question["do"]:
            case "report":
                counts = {"signed": self._notary.signed, "refused": self._notary.refused}
                lifeline.answer(question, **counts)
            case "reload":
                try:
                    self._notary.load()
                except KeysUnavailable as error:
                    lifeline.answer(question, problem=str(error))
                else:
                    lifeline.answer(question, problem="")
            case "end":
                self._end = 0.0

    def _accept(self, _: object) -> None:
        with contextlib.suppress(OSError):
            connection, _address = self._listener.accept()
            if not self._admits(connection):
                connection.close()
                return
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, self._serve)

    def _serve(self, connection: socket.socket) -> None:
        try:
            message = connection.recv(MOST_MESSAGE)
            if not message:
                raise ConnectionResetError
            connection.send(self._notary.answer(message))
        except OSError:
            self._selector.unregister(connection)
            connection.close()


def keep_memory_private() -> None:
    """No core file, and no other process of this user may read this one's memory."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


def main(argv: list[str]) -> int:
    """``python -m proxy.supervisor.signer SITE RUN LISTENER LIFELINE LINGER``."""
    site, run, listener, lifeline, linger = argv
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the supervisor says when: after the workers
    keep_memory_private()
    line = Lifeline(int(lifeline), float(linger))
    try:
        notary = Notary(PolicyHolder(Path(site)), Path(run))
    except (InputError, KeysUnavailable) as error:
        line.say("failed", problem=str(error))
        return 2
    Server(notary, socket.socket(fileno=int(listener)), line).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
