"""The hash tiles on disk: read, write, and the hash of any range from them.

Tiles are derived from the events, so a lost one can be made again while its events are
there; after pruning (C2SP tlog-tiles, "Pruning") they are all that is left of old events,
which is why full tiles are synced to disk before a checkpoint covers them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from proxy.audit._files import sync_directory, write_atomically
from proxy.audit.errors import NoteError
from proxy.audit.layout import HASH, Layout
from proxy.audit.merkle import TILE, Edge, Tree, leaf_hash, node_hash, split, subtree_root


def read_tile(layout: Layout, level: int, index: int, width: int = TILE) -> bytes | None:
    """The bytes of a tile, or ``None`` when it is absent or not whole."""
    try:
        data = layout.tile(level, index, width).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return data if len(data) == width * HASH else None


def write_full(layout: Layout, level: int, index: int, data: bytes) -> None:
    """Store a full tile durably and drop the partial ones that led to it."""
    path = layout.tile(level, index)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)
    shutil.rmtree(path.with_name(path.name + ".p"), ignore_errors=True)


def write_partial(layout: Layout, level: int, index: int, data: bytes) -> None:
    """Store a partial tile for a checkpoint. Not synced: opening makes it again."""
    path: Path = layout.tile(level, index, len(data) // HASH)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data, sync=False)


def line_hashes(layout: Layout, first: int, lines: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes of the lines of events ``first`` on.

    The hash of a line that was blanked at the end of its retention is in the full tile.
    """
    found = []
    tile, index = b"", -1
    for number, line in enumerate(lines, first):
        if line:
            found.append(leaf_hash(line))
            continue
        if number // TILE != index:
            index = number // TILE
            tile = read_tile(layout, 0, index) or b""
        place = number % TILE * HASH
        if not tile:
            raise NoteError(f"hash tile {layout.tile(0, index)} is missing")
        found.append(tile[place : place + HASH])
    return found


def write_frontier(layout: Layout, size: int, hashes: TileHashes) -> None:
    """Store durably the partial tiles of the tree of ``size``, whole level-0 tiles, so that
    the tree can be grown from there when everything below is gone."""
    for level, index, width in frontier(size):
        span = TILE**level
        start = index * TILE * span
        data = b"".join(
            hashes.range(start + place * span, start + (place + 1) * span) for place in range(width)
        )
        if read_tile(layout, level, index) != data:
            path = layout.tile(level, index, width)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
            sync_directory(path.parent.parent)


def read_frontier(layout: Layout, size: int) -> Tree:
    """The tree of ``size``, a multiple of a tile, from what ``write_frontier`` left."""
    tree = Tree()
    tree.size = size
    levels = {level: (index, width) for level, index, width in frontier(size)}
    level = 1
    while size // TILE**level:
        edge = Edge()
        if level in levels:
            index, width = levels[level]
            data = read_tile(layout, level, index) or read_tile(layout, level, index, width)
            if data is None:
                raise NoteError(f"hash tile {layout.tile(level, index, width)} is missing")
            edge.add([data[place * HASH : (place + 1) * HASH] for place in range(width)])
        tree.edges.append(edge)
        level += 1
    return tree


def frontier(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, index and width of the partial tiles that a tree of ``size`` grows from."""
    level = 1
    while size // TILE**level:
        index, width = divmod(size // TILE**level, TILE)
        if width:
            yield level, index, width
        level += 1


def drop_below(layout: Layout, minimum: int) -> None:
    """Delete the full tiles that end at or below ``minimum``."""
    for top in (layout.root / "tile").glob("*"):
        span = TILE ** (int(top.name) + 1)
        for path in top.rglob("*"):
            name = path.relative_to(top).as_posix()
            if ".p" in name or not path.is_file() or path.name.startswith("."):
                continue
            if (int(name.replace("x", "").replace("/", "")) + 1) * span <= minimum:
                path.unlink()


class TileHashes:
    """Hashes of ranges of leaves in a tree of ``size``, from tiles alone.

    Uses the highest tile that holds a range, so it works on a pruned log too, where the
    tiles below are gone.
    """

    def __init__(self, layout: Layout, size: int) -> None:
        self._layout = layout
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def range(self, start: int, end: int) -> bytes:
        """The root over leaves ``start`` to ``end``; ``start`` aligned as in RFC 6962."""
        count = end - start
        if count & (count - 1):
            middle = start + split(count)
            return node_hash(self.range(start, middle), self.range(middle, end))
        level = (count.bit_length() - 1) // 8
        span = TILE**level
        first = start // span
        return subtree_root([self._entry(level, first + i) for i in range(count // span)])

    def _entry(self, level: int, position: int) -> bytes:
        index, offset = divmod(position, TILE)
        data = self._tiles.get((level, index))
        if data is None:
            data = self._tiles[level, index] = self._read(level, index)
        return data[offset * HASH : (offset + 1) * HASH]

    def _read(self, level: int, index: int) -> bytes:
        data = read_tile(self._layout, level, index)
        if data is None:
            width = self._size // TILE**level - index * TILE
            data = read_tile(self._layout, level, index, width) if 0 < width < TILE else None
        if data is None:
            raise NoteError(f"hash tile {self._layout.tile(level, index)} is missing")
        return data
