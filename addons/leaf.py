"""The certificates shown to devices: one leaf key a process, signed by the site's CA.

mitmproxy gives every leaf the CA's own key, so that the CA key signs each handshake, keeps
a hundred leaves, and makes a ten-year RSA CA by itself when it finds none. Here the leaf
key is an EC key of this process, five thousand leaves are kept (least recently used goes
first), and a missing CA is ``KeysUnavailable``. Who signs is ``SIGNING``'s to say: the
process itself, or the signer process that alone holds the CA's key.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from mitmproxy import certs

from proxy.supervisor.leaves import LocalSigner, Signer

MOST_LEAVES = 5000
_RENEW_AFTER = 10 * 86_400
"""Seconds: a leaf is made anew long before it expires."""


@dataclass(slots=True)
class Signing:
    """Set once by the worker, before it listens."""

    signer: Signer | None = None
    """``None``: this process loads the CA's key and signs."""


SIGNING = Signing()


class LeafStore(certs.CertStore):
    """Takes the place of ``mitmproxy.certs.CertStore`` (see ``install``)."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        # mitmproxy reads these; the CA's key is not among what it can reach
        self.default_privatekey = self._leaf_key  # type: ignore[assignment]  # it says RSA only
        self.default_ca = certs.Cert(signer.chain[0])
        self.default_chain_file = signer.chain_file
        self.default_chain_certs = [certs.Cert(one) for one in signer.chain]
        self.default_crl = b""  # no leaf of ours names a revocation list
        self.dhparams = None  # type: ignore[assignment]  # our leaves are EC: DHE is never chosen
        self._leaves: OrderedDict[tuple[str | None, x509.GeneralNames], _Leaf] = OrderedDict()

    @classmethod
    def from_store(
        cls, path: Path | str, basename: str, key_size: int, passphrase: bytes | None = None
    ) -> LeafStore:
        """Called by mitmproxy; never makes a CA."""
        return cls(SIGNING.signer or LocalSigner.load(Path(path)))

    def get_cert(
        self,
        commonname: str | None,
        sans: Iterable[x509.GeneralName],
        organization: str | None = None,
        crl_url: str | None = None,
    ) -> certs.CertStoreEntry:
        """The leaf for these names, from the cache where it is fresh."""
        names = sans if isinstance(sans, x509.GeneralNames) else x509.GeneralNames(sans)
        kept = self._fresh(commonname, names)
        if kept is None:
            leaf = self._signer.issue(self._leaf_key.public_key(), commonname, names)
            kept = self._keep(commonname, names, leaf)
        return kept

    async def prepare(self, host: str) -> None:
        """Have the leaf of ``host`` ready, without holding up the loop while it is signed.

        Raises ``KeysUnavailable``.
        """
        names = x509.GeneralNames([x509.DNSName(host)])
        if self._fresh(host, names) is None:
            key = self._leaf_key.public_key()
            leaf = await asyncio.to_thread(self._signer.issue, key, host, names)
            self._keep(host, names, leaf)

    def _fresh(self, commonname: str | None, names: x509.GeneralNames) -> _Entry | None:
        wanted = (commonname, names)
        leaf = self._leaves.get(wanted)
        if leaf is None or time.monotonic() - leaf[1] > _RENEW_AFTER:
            return None
        self._leaves.move_to_end(wanted)
        return leaf[0]

    def _keep(
        self, commonname: str | None, names: x509.GeneralNames, leaf: x509.Certificate
    ) -> _Entry:
        key: Any = self._leaf_key
        entry = certs.CertStoreEntry(
            certs.Cert(leaf), key, self.default_chain_file, self.default_chain_certs
        )
        self._leaves[commonname, names] = (entry, time.monotonic())
        self._leaves.move_to_end((commonname, names))
        if len(self._leaves) > MOST_LEAVES:
            self._leaves.popitem(last=False)
        return entry


type _Entry = certs.CertStoreEntry
type _Leaf = tuple[_Entry, float]


@cache
def install() -> None:
    """Make mitmproxy use it; before ``TlsConfig`` is configured."""
    certs.CertStore = LeafStore  # type: ignore[misc,assignment]  # our own constructor
