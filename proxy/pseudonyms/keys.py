"""What every purpose derives from the site's keys. Nothing else holds a root secret.

HKDF-SHA256 (RFC 5869), one label a purpose, so that no two purposes share a key::

    root-N.key ─ "preau/1/pseudonym/block" ─ service ─▶ AES key of a service's sealed references
               ├ "preau/1/pseudonym/uuid"  ─ service ─▶ the same for the UUID shape
               ├ "preau/1/pseudonym/short" ─ service ─▶ FF1 key of its short shape
               └ "preau/1/pseudonym/alias" ─ service ─▶ HMAC key that draws its numbers
    site.key   ─ "preau/1/fingerprint"               ─▶ HMAC key of look-ups
               ├ "preau/1/vault-reference"           ─▶ HMAC key of references of vault values
               ├ "preau/1/wrapping"                  ─▶ goes into the key of every reference
               └ "preau/1/check"                     ─▶ check value kept in the store
    erasure.key (``erasable``)                       ─▶ a key a reference, which can be forgotten
    each       ─ "preau/1/key-fingerprint"           ─▶ what people compare, in ``keys status``

Unlinkable: two services' keys are independent outputs of HKDF, and AES under independent
keys gives independent blocks for one reference. See ``keyfiles`` for rotation.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from proxy.errors import KeysUnavailable
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.erasable import KeyTree
from proxy.pseudonyms.keyfiles import KeyFile
from proxy.store.interface import Store

_SALT = b"preau/1"
_CHECK = "key-check:"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as people may see it."""

    name: str
    created: str
    fingerprint: str
    current: bool


class Keys:
    """The site's keys, loaded. Make it once a process; its repr and pickle hold no secret."""

    __slots__ = (
        "_roots", "_site", "current", "fingerprint_key", "tree", "vault_key",
    )  # fmt: skip

    def __init__(
        self, site: bytes, roots: Mapping[int, bytes], tree: KeyTree | None = None
    ) -> None:
        """Without a ``tree`` (tests) one is derived, whose forgetting lasts as long as it."""
        self._site = site
        self._roots = dict(sorted(roots.items(), reverse=True))
        self.current = max(self._roots)
        self.fingerprint_key = _derive(site, "fingerprint")
        self.vault_key = _derive(site, "vault-reference")
        whole = tree or KeyTree.of_seed(_derive(site, "erasure"))
        self.tree = whole.within(_derive(site, "wrapping"))

    @classmethod
    def load(cls, keys_dir: Path) -> Keys:
        """Read the key files; raises ``KeysUnavailable``."""
        site, roots = keyfiles.read_keys(keys_dir)
        tree = keyfiles.read_tree(keys_dir)
        return cls(site.secret, {version: root.secret for version, root in roots.items()}, tree)

    def __repr__(self) -> str:
        return f"Keys(versions={sorted(self._roots)})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("keys are not pickled: load them in each process")

    @property
    def versions(self) -> tuple[int, ...]:
        """Newest first."""
        return tuple(self._roots)

    def pseudonym_key(self, version: int, service: str) -> bytes:
        """For sealed references of one service."""
        return _derive(self._roots[version], "pseudonym/block", service)

    def uuid_key(self, version: int, service: str) -> bytes:
        """For the UUID shape of one service."""
        return _derive(self._roots[version], "pseudonym/uuid", service)

    def short_key(self, version: int, service: str) -> bytes:
        """For the short shape of one service."""
        return _derive(self._roots[version], "pseudonym/short", service)

    def alias_key(self, version: int, service: str) -> bytes:
        """For the numbers of one service (``aliases``)."""
        return _derive(self._roots[version], "pseudonym/alias", service)

    def bind(self, store: Store) -> None:
        """Refuse a store written with other keys; a new store remembers these.

        A lower version may be absent (destroyed on purpose); a higher one may not: this
        machine would give a person another pseudonym than its neighbours do.
        """
        _check(store, "site", self._site)
        _check(store, "erasure", self.tree.identity)
        for version, root in self._roots.items():
            _check(store, f"root-{version}", root)
        newer = f"root-{self.current + 1}"
        if store.get_meta(_CHECK + newer) is not None:
            raise KeysUnavailable(
                f"the store was used with {newer}.key, which this machine lacks; copy it here"
            )


def status(keys_dir: Path) -> tuple[KeyInfo, ...]:
    """The site key, then every root version, oldest first; no secret."""
    site, roots = keyfiles.read_keys(keys_dir)
    newest = max(roots)
    return (
        _info(site, True),
        *(_info(root, version == newest) for version, root in sorted(roots.items())),
    )


def _info(key: KeyFile, current: bool) -> KeyInfo:
    digest = _derive(key.secret, "key-fingerprint").hex()
    groups = "-".join(digest[i : i + 4] for i in range(0, 16, 4))
    return KeyInfo(key.name, key.created, groups, current)


def _check(store: Store, name: str, secret: bytes) -> None:
    """Compare with what the store remembers, or make it remember."""
    expected = _derive(secret, "check", name)[:16]
    found = store.get_meta(_CHECK + name)
    if found is None:
        store.set_meta(_CHECK + name, expected)
    elif not hmac.compare_digest(found, expected):
        raise KeysUnavailable(
            f"the store was written with another {name}.key; give this site the key it was "
            f"made with, or another store"
        )


def _derive(secret: bytes, purpose: str, context: str = "") -> bytes:
    info = f"preau/1/{purpose}\0{context}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=_SALT, info=info).derive(secret)
