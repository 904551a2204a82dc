"""A key for every reference, from one small secret that can forget any of them.

Values at rest are in backups, and backups keep. So what opens a value must not be derivable from
anything that a backup or the other keys hold, once the value is erased. A key a person, kept in
a file, would be a hundred megabytes; this is a *puncturable* pseudo-random function, the tree of
Goldreich, Goldwasser and Micali (1986; "puncturable" in Boneh and Waters, 2013)::

    seed(level + 1, prefix + bits) = BLAKE2b(seed(level, prefix), bits)
    key(reference)                 = BLAKE2b(seed(28 bits of the reference), reference + context)

The context is another key of the site's, so that this file alone opens nothing. Keyed BLAKE2b
(RFC 7693) because it is a third of the price of HMAC-SHA256 here, and this is done a value.

The file holds the seed at the top. To forget a reference is to replace the seeds on its way by
their other branches: all other keys are derived as before, this one by nobody any more. That
costs 6 KB of file the first time and less later. Other references under the same 28 bits (in
ten million, one erased value in thirty has such a neighbour) keep their own key, written out.

``erasure.key`` is therefore the one file that must NOT be in any backup that keeps history: an
old copy opens, with an old copy of the store and ``site.key``, what was erased since. Keep one
copy, replace it after each erasure (``preau subject erase`` says when).
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import secrets
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from proxy.errors import KeysUnavailable

FILE = "erasure.key"
_MAGIC = b"PREAU ERASURE KEY 1\n"
_ID = 16
_SEED = 32
_ROW = struct.Struct(f">BQ{_SEED}s")
_STEPS = (4, 4, 4, 4, 6, 6)
_REF_BITS = 64
_TOP_LEVEL = 4
_LEAF_LEVEL = len(_STEPS)
_ALONE = _LEAF_LEVEL + 1
"""The level of a neighbour's key, written out."""
_DEPTH = tuple(sum(_STEPS[:level]) for level in range(_LEAF_LEVEL + 1))
_TOP_SHIFT = _REF_BITS - _DEPTH[_TOP_LEVEL]
_BYTE = tuple(bytes((number,)) for number in range(64))
_LEAF_SHIFT = _REF_BITS - _DEPTH[_LEAF_LEVEL]

type _Nodes = dict[tuple[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """References to forget. ``kept`` are all others that exist, as far as they may be near."""

    refs: frozenset[int]
    kept: frozenset[int] = frozenset()


def neighbours(refs: Iterable[int], others: Iterable[int]) -> frozenset[int]:
    """Those of ``others`` whose key needs writing out when ``refs`` are forgotten."""
    leaves, gone = {ref >> _LEAF_SHIFT for ref in refs}, set(refs)
    return frozenset(o for o in others if o >> _LEAF_SHIFT in leaves and o not in gone)


class KeyTree:
    """The keys of references. Safe to share by threads; its repr holds no secret."""

    def __init__(
        self, identity: bytes, nodes: Mapping[tuple[int, int], bytes], context: bytes = b""
    ) -> None:
        self.identity = identity
        """Tells two trees apart; not secret."""
        self._context = context
        self._state: tuple[_Nodes, dict[int, bytes | None]] = (dict(nodes), {})
        """Seeds, and those of the top that were derived from them: replaced together."""
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "KeyTree()"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("keys are not pickled: load them in each process")

    @classmethod
    def of_seed(cls, seed: bytes) -> KeyTree:
        """Whole, from one seed."""
        return cls(_next(seed, b"identity")[:_ID], {(0, 0): seed})

    def within(self, context: bytes) -> KeyTree:
        """The same tree, whose keys depend on another key too."""
        return KeyTree(self.identity, self._state[0], context)

    def key(self, ref: int) -> bytes | None:
        """32 bytes for a reference; ``None`` for one that was forgotten."""
        nodes, tops = self._state
        prefix = ref >> _TOP_SHIFT
        try:
            seed = tops[prefix]
        except KeyError:
            seed = tops[prefix] = _top(nodes, tops, prefix)
        if seed is None:
            seed = _down(nodes, _LEAF_LEVEL, ref >> _LEAF_SHIFT)
            if seed is None:
                return nodes.get((_ALONE, ref))
        else:  # the two steps below the kept seeds, without a loop: this is done a value
            seed = blake2b(_BYTE[ref >> 42 & 63], key=seed, digest_size=_SEED).digest()
            seed = blake2b(_BYTE[ref >> 36 & 63], key=seed, digest_size=_SEED).digest()
        message = ref.to_bytes(8) + self._context
        return blake2b(message, key=seed, digest_size=_SEED).digest()

    def is_forgotten(self, ref: int) -> bool:
        """Whether a reference was forgotten, or would have no key: asked of every new one."""
        return (0, 0) not in self._state[0] and self.key(ref) is None

    def forget(self, forgotten: Forgotten) -> bool:
        """Forget references; whether any was still known."""
        with self._lock:
            before = self._state[0]
            nodes = dict(before)
            leaves = {ref >> _LEAF_SHIFT for ref in forgotten.refs}
            for ref in neighbours(forgotten.refs, forgotten.kept):
                if key := self.key(ref):
                    nodes[_ALONE, ref] = key
            for ref in forgotten.refs:
                nodes.pop((_ALONE, ref), None)
            for leaf in leaves:
                _puncture(nodes, leaf)
            self._state = (nodes, {})
            return nodes != before

    @property
    def context(self) -> bytes:
        """The other key; secret."""
        return self._context

    def nodes(self) -> Mapping[tuple[int, int], bytes]:
        """Everything secret, for the file."""
        return self._state[0]


def _top(nodes: _Nodes, tops: dict[int, bytes | None], prefix: int) -> bytes | None:
    """One step from the level above, whose 4,096 seeds are kept too (under negative numbers)."""
    above = prefix >> _STEPS[_TOP_LEVEL - 1]
    try:
        seed = tops[~above]
    except KeyError:
        seed = tops[~above] = _down(nodes, _TOP_LEVEL - 1, above)
    if seed is None:
        return _down(nodes, _TOP_LEVEL, prefix)
    return _next(seed, _BYTE[prefix & (1 << _STEPS[_TOP_LEVEL - 1]) - 1])


def _down(nodes: _Nodes, level: int, prefix: int) -> bytes | None:
    """The seed of a place, from the nearest one above it that is still there."""
    for above in range(level, -1, -1):
        seed = nodes.get((above, prefix >> (_DEPTH[level] - _DEPTH[above])))
        if seed is not None:
            for step in range(above, level):
                bits = prefix >> (_DEPTH[level] - _DEPTH[step + 1]) & (1 << _STEPS[step]) - 1
                seed = _next(seed, bytes((bits,)))
            return seed
    return None


def _next(seed: bytes, message: bytes) -> bytes:
    return blake2b(message, key=seed, digest_size=_SEED).digest()


def _puncture(nodes: _Nodes, leaf: int) -> None:
    """Take the nearest seed above a leaf out; put in all branches that do not lead to it."""
    bits = _DEPTH[_LEAF_LEVEL]
    for level in range(_LEAF_LEVEL, -1, -1):
        seed = nodes.pop((level, leaf >> (bits - _DEPTH[level])), None)
        if seed is not None:
            break
    else:
        return
    for step in range(level, _LEAF_LEVEL):
        way = leaf >> (bits - _DEPTH[step + 1])
        first = way >> _STEPS[step] << _STEPS[step]
        children = {
            first + branch: _next(seed, bytes((branch,))) for branch in range(1 << _STEPS[step])
        }
        seed = children.pop(way)
        nodes.update(((step + 1, place), child) for place, child in children.items())


# --- the file --------------------------------------------------------------------------------


def create(folder: Path) -> None:
    """A new key file; never over an existing one."""
    path = folder / FILE
    if path.exists():
        raise FileExistsError(f"{path} is there")
    tree = KeyTree(secrets.token_bytes(_ID), {(0, 0): secrets.token_bytes(_SEED)})
    _write(path, tree)


def read(folder: Path, loose: int = 0o077) -> KeyTree:
    """The tree of a folder's file; ``KeysUnavailable`` says what is amiss.

    ``loose``: the permissions that must not be given.
    """
    path = folder / FILE
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise KeysUnavailable(
            f"{path}: {error.strerror}; restore your one copy of it (the values of the store open "
            f"with it alone), or copy it from another machine of the site"
        ) from error
    if mode & loose:
        raise KeysUnavailable(f"{path}: others can read or change it; run chmod 600 on it")
    start = len(_MAGIC) + _ID
    rows = data[start:-_SEED]
    sealed = hmac.compare_digest(data[-_SEED:], _sum(data[:-_SEED]))
    if not data.startswith(_MAGIC) or not sealed or len(rows) % _ROW.size:
        raise KeysUnavailable(f"{path}: not a whole erasure key; restore your one copy of it")
    nodes = {(level, place): seed for level, place, seed in _ROW.iter_unpack(rows)}
    return KeyTree(data[len(_MAGIC) : start], nodes)


def forget(folder: Path, tree: KeyTree, forgotten: Forgotten) -> bool:
    """Forget in this process and in the file; whether the file had to change.

    The file is read anew under a lock: another process may have forgotten others meanwhile.
    """
    tree.forget(forgotten)
    path = folder / FILE
    try:
        with _locked(folder):
            kept = read(folder).within(tree.context)
            if kept.identity != tree.identity:
                raise KeysUnavailable(f"{path}: the erasure key of another site")
            if not kept.forget(forgotten):
                return False
            _write(path, kept)
    except OSError as error:
        raise KeysUnavailable(
            f"{path}: {error.strerror}; erasing must change this file: keep it in a folder that "
            f"the gateway's user may write to"
        ) from error
    return True


def _write(path: Path, tree: KeyTree) -> None:
    """Whole or not at all, on the disk when this returns; the old bytes are overwritten.

    That overwriting is worth what the disk makes of it: flash and snapshots keep copies, so the
    folder belongs on an encrypted disk without snapshots.
    """
    rows = b"".join(_ROW.pack(level, place, seed) for (level, place), seed in tree.nodes().items())
    data = _MAGIC + tree.identity + rows
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data + _sum(data))
            file.flush()
            os.fsync(file.fileno())
        old = path.open("r+b") if path.exists() else None
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    if old is not None:
        with old:
            old.write(bytes(os.fstat(old.fileno()).st_size))
            old.flush()
            os.fsync(old.fileno())


def _sum(data: bytes) -> bytes:
    """Against a torn or damaged file, not against people: the file is the secret."""
    return hmac.digest(b"preau/1/erasure-key-file", data, "sha256")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / f".{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
