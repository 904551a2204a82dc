"""Logs that grow, fork and roll back, and witnesses for them: ours and a foreign one."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aics_witness
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.audit import Checkpoint, VerifierKey, make_event, open_audit, open_checkpoint
from proxy.frontends.witness import WitnessServer
from proxy.outbound import Place
from proxy.witness import Witness, WitnessClient, WitnessKey, WitnessState

ORIGIN = "preau.example/watched"


class Log:
    """A log whose files lie in ``base``; each ``grow`` opens, writes, seals and closes it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.directory = base / "audit"

    def grow(self, events: int, service: str = "ent") -> str:
        """Add events; the newest checkpoint."""
        key = self.base / "keys" / "audit.pem"
        with open_audit(self.directory, key_path=key, origin=ORIGIN) as log:
            policy = "0123456789abcdef"
            log.record_sync(
                [
                    make_event("request-pseudonymised", service=service, policy=policy, counts={})
                    for _ in range(events)
                ]
            )
        return self.note

    @property
    def note(self) -> str:
        return (self.directory / "checkpoint").read_text()

    @property
    def checkpoint(self) -> Checkpoint:
        return open_checkpoint(self.note, self.key)

    @property
    def key(self) -> VerifierKey:
        return VerifierKey.parse((self.directory / "key.vkey").read_text())

    def copy(self, base: Path) -> Log:
        """Another history from here on, under the same key."""
        shutil.copytree(self.base, base)
        return Log(base)


@contextmanager
def ours(
    folder: Path, *logs: Log, clock: Callable[[], float] | None = None, name: str = "our.example/w"
) -> Iterator[WitnessClient]:
    """Our witness, served; the client's end of it."""
    state = WitnessState(folder) if folder.exists() else WitnessState.create(folder, name)
    for log in logs:
        state.add_log(log.key)
    witness = Witness(state, clock) if clock else Witness(state)
    server = WitnessServer(witness, "127.0.0.1", 0)
    server.start()
    try:
        yield WitnessClient(state.signer.key, Place(f"http://127.0.0.1:{server.port}"))
    finally:
        server.stop()


@contextmanager
def foreign(folder: Path, log: Log) -> Iterator[WitnessClient]:
    """Their witness, served; our client's end of it."""
    folder.mkdir()
    store = aics_witness.WitnessStore(folder / "witness.db", create=True)
    config = aics_witness.LogConfig.from_strings(ORIGIN, [str(log.key)])
    key = Ed25519PrivateKey.generate()
    witness = aics_witness.Witness("their.example/w", key, store, [config])
    server = aics_witness.make_server(witness)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield WitnessClient(WitnessKey.parse(witness.vkey_text), Place(server.url.rstrip("/")))
    finally:
        server.shutdown()
        server.server_close()
        store.close()
