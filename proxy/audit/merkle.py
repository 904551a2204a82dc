"""The Merkle tree of RFC 6962, as hashes only: no file, no signature.

A log of n events has one root hash for each size 0..n. ``Tree`` holds the right edge of a
growing tree in the shape that C2SP tiles store (256 hashes a tile, each hash of a level
standing for 256 of the level below), so that adding is cheap, the root at the present size
is a dozen look-ups, and full tiles fall out as they are completed.

``inclusion`` and ``consistency`` build proofs from any source of subtree hashes;
``verify_inclusion`` and ``verify_consistency`` follow RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

TILE = 256
"""Hashes in a full tile."""

EMPTY_ROOT = hashlib.sha256(b"").digest()

type RangeHash = Callable[[int, int], bytes]
"""The root of the subtree over leaves ``start`` to ``end`` (exclusive)."""

type FullTile = tuple[int, int, bytes]
"""Level, index and the 256 hashes, joined."""


def leaf_hash(line: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + line).digest()


def leaf_hashes(lines: Sequence[bytes]) -> list[bytes]:
    """The hashes of many entries."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + line).digest() for line in lines]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Edge:
    """The last tile of a level while it fills, with the nodes above its hashes.

    ``nodes[0]`` are the tile's hashes, ``nodes[k]`` the complete nodes over 2**k of them.
    """

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes: list[list[bytes]] = [[] for _ in range(9)]

    def add(self, hashes: Sequence[bytes]) -> None:
        """Add hashes; no more than the tile has room for."""
        sha256 = hashlib.sha256
        nodes = self.nodes
        nodes[0] += hashes
        for height in range(8):
            low, high = nodes[height], nodes[height + 1]
            done = 2 * len(high)
            if len(low) < done + 2:
                break
            high += [
                sha256(b"\x01" + low[i] + low[i + 1]).digest() for i in range(done, len(low) - 1, 2)
            ]

    def peaks(self) -> list[bytes]:
        """The roots of the complete subtrees of this tile, the largest first."""
        width, offset, found = len(self.nodes[0]), 0, []
        for height in range(8, -1, -1):
            if width & (1 << height):
                found.append(self.nodes[height][offset >> height])
                offset += 1 << height
        return found


class Tree:
    """The right edge of a growing tree."""

    __slots__ = ("edges", "size")

    def __init__(self) -> None:
        self.size = 0
        self.edges: list[Edge] = [Edge()]

    def extend(self, hashes: Sequence[bytes]) -> list[FullTile]:
        """Add leaf hashes in order; the tiles that became full, lower levels first."""
        full: list[FullTile] = []
        start = 0
        while start < len(hashes):
            room = TILE - len(self.edges[0].nodes[0])
            part = hashes[start : start + room]
            self.edges[0].add(part)
            start += len(part)
            self.size += len(part)
            if len(part) == room:
                self._carry(full)
        return full

    def _carry(self, full: list[FullTile]) -> None:
        """Level 0 is full: hand its hash up, and so on while levels fill."""
        level, span = 0, TILE
        while len(self.edges[level].nodes[0]) == TILE:
            edge = self.edges[level]
            full.append((level, self.size // span - 1, b"".join(edge.nodes[0])))
            self.edges[level] = Edge()
            level, span = level + 1, span * TILE
            if level == len(self.edges):
                self.edges.append(Edge())
            self.edges[level].add(edge.nodes[8])

    def partial(self) -> list[FullTile]:
        """The tiles that are not full, as (level, index, hashes)."""
        return [
            (level, self.size // TILE ** (level + 1), b"".join(edge.nodes[0]))
            for level, edge in enumerate(self.edges)
            if edge.nodes[0]
        ]

    def root(self) -> bytes:
        """The root hash at the present size."""
        peaks = [peak for edge in reversed(self.edges) for peak in edge.peaks()]
        if not peaks:
            return EMPTY_ROOT
        root = peaks.pop()
        for peak in reversed(peaks):
            root = node_hash(peak, root)
        return root


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def split(count: int) -> int:
    """The largest power of two smaller than ``count``: where RFC 6962 splits a tree."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion(index: int, size: int, range_hash: RangeHash) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of ``size`` leaves, leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"there is no event {index} in a log of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            proof.append(range_hash(middle, end))
            end = middle
        else:
            proof.append(range_hash(start, middle))
            start = middle
    return proof[::-1]


def consistency(old: int, new: int, range_hash: RangeHash) -> list[bytes]:
    """The proof that the tree of ``old`` leaves is a prefix of that of ``new``."""
    if not 0 <= old <= new:
        raise ValueError(f"a log of {new} events does not hold one of {old}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while end != old:  # RFC 6962, section 2.1.2, SUBPROOF unrolled
        middle = start + split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end))
            end = middle
        else:
            proof.append(range_hash(start, middle))
            start = middle
    if start != 0:
        proof.append(range_hash(start, end))
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``proof`` shows that leaf hash ``leaf`` stands at ``index`` under ``root``."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows that the old tree is a prefix of the new one."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
