"""The tree against an implementation that nobody here wrote, both ways."""

import aics_tlog
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.audit import merkle

LEAVES = [b"%d" % number for number in range(700)]
HASHES = merkle.leaf_hashes(LEAVES)


def range_hash(start: int, end: int) -> bytes:
    if end - start == 1:
        return HASHES[start]
    middle = start + merkle.split(end - start)
    return merkle.node_hash(range_hash(start, middle), range_hash(middle, end))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 700])
def test_roots_and_tiles_are_those_of_the_oracle(size: int) -> None:
    tree = merkle.Tree()
    tiles = {
        aics_tlog.tiles.tile_path(level, index): data
        for level, index, data in tree.extend(HASHES[:size])
    }
    for level, index, data in tree.partial():
        tiles[aics_tlog.tiles.tile_path(level, index, len(data) // 32)] = data
    theirs = aics_tlog.tiles.materialise_tiles(LEAVES[:size])
    assert tiles == {path: data for path, data in theirs.items() if "entries" not in path}
    assert tree.root() == aics_tlog.MerkleTree(LEAVES[:size]).root()


@given(st.lists(st.integers(0, 300), max_size=6))
def test_how_leaves_are_grouped_changes_nothing(groups: list[int]) -> None:
    tree, start = merkle.Tree(), 0
    for group in groups:
        part = HASHES[start : start + group]
        tree.extend(part)
        start += len(part)
    assert tree.size == start
    assert tree.root() == aics_tlog.MerkleTree(LEAVES[:start]).root()


@settings(max_examples=60)
@given(st.data())
def test_inclusion_proofs_agree_with_the_oracle_both_ways(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    oracle = aics_tlog.MerkleTree(LEAVES[:size])
    proof = merkle.inclusion(index, size, range_hash)
    assert proof == oracle.inclusion_proof(index)
    assert aics_tlog.verify_inclusion(HASHES[index], index, size, proof, oracle.root())
    assert merkle.verify_inclusion(HASHES[index], index, size, proof, oracle.root())
    wrong = data.draw(st.integers(0, size))
    if wrong != index:
        assert not merkle.verify_inclusion(HASHES[index], wrong, size, proof, oracle.root())
    if proof:
        cut = data.draw(st.integers(0, len(proof) - 1))
        flipped = [*proof[:cut], bytes(32), *proof[cut + 1 :]]
        assert not merkle.verify_inclusion(HASHES[index], index, size, flipped, oracle.root())
        assert not merkle.verify_inclusion(HASHES[index], index, size, proof[:-1], oracle.root())


@settings(max_examples=60)
@given(st.data())
def test_consistency_proofs_agree_with_the_oracle_both_ways(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 300))
    old = data.draw(st.integers(0, new))
    before, after = aics_tlog.MerkleTree(LEAVES[:old]), aics_tlog.MerkleTree(LEAVES[:new])
    proof = merkle.consistency(old, new, range_hash)
    assert proof == after.consistency_proof(old)
    roots = (before.root(), after.root())
    assert merkle.verify_consistency(old, new, *roots, proof)
    assert aics_tlog.verify_consistency(old, new, *roots, proof)
    if old:
        assert not merkle.verify_consistency(old, new, bytes(32), roots[1], proof)
        assert not merkle.verify_consistency(old, new, roots[0], bytes(32), proof)
    assert not merkle.verify_consistency(old, new, *roots, [*proof, bytes(32)])


def test_proofs_of_what_is_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="no event 5"):
        merkle.inclusion(5, 5, range_hash)
    with pytest.raises(ValueError, match="does not hold"):
        merkle.consistency(6, 5, range_hash)
    assert not merkle.verify_inclusion(HASHES[0], 1, 1, [], HASHES[0])
    assert not merkle.verify_consistency(2, 1, HASHES[0], HASHES[0], [])
