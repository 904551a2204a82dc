"""The key tree: any reference can be forgotten, for good, and no other is."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import Erased, KeysUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms import erasable
from proxy.pseudonyms.erasable import Forgotten, KeyTree, neighbours
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer

SEED = bytes(range(32))
near = st.integers(0, 255).map(lambda n: 0xABCDEF0123456700 + n)
"""References that share their first 56 bits."""
refs = st.one_of(st.integers(1, 2**64 - 1), near)
rounds = st.lists(st.frozensets(refs, min_size=1, max_size=6), max_size=4)


@settings(max_examples=60)
@given(rounds, st.frozensets(refs, max_size=12))
def test_forgetting_takes_the_forgotten_and_nobody_else(gone, others) -> None:
    tree = KeyTree.of_seed(SEED)
    everybody = others.union(*gone)
    before = {ref: tree.key(ref) for ref in everybody}
    forgotten: set[int] = set()
    for some in gone:
        forgotten |= some
        tree.forget(Forgotten(some, frozenset(everybody - forgotten)))
        for ref, key in before.items():
            assert tree.key(ref) == (None if ref in forgotten else key)
    copy = KeyTree(tree.identity, tree.nodes())
    assert all(copy.key(ref) == tree.key(ref) for ref in everybody)


@settings(max_examples=30)
@given(st.frozensets(refs, min_size=1, max_size=4))
def test_nothing_that_is_left_leads_to_a_forgotten_key(gone) -> None:
    """No seed left stands above a forgotten reference, and no key of one is written out."""
    tree = KeyTree.of_seed(SEED)
    keys = {tree.key(ref) for ref in gone}
    tree.forget(Forgotten(gone))
    left = tree.nodes()
    assert not keys & set(left.values())
    steps = (0, 4, 8, 12, 16, 22, 28)
    for ref in gone:
        for level, bits in enumerate(steps):
            assert (level, ref >> (64 - bits)) not in left
        assert (len(steps), ref) not in left


def test_keys_depend_on_the_other_key_too() -> None:
    tree = KeyTree.of_seed(SEED)
    assert tree.within(b"one").key(7) != tree.within(b"two").key(7)


def test_a_new_reference_beside_a_forgotten_one_is_told() -> None:
    tree = KeyTree.of_seed(SEED)
    tree.forget(Forgotten(frozenset({7 << 40})))
    assert tree.key((7 << 40) + 1) is None  # an import draws another
    assert neighbours({7 << 40}, [(7 << 40) + 1, 9 << 40]) == {(7 << 40) + 1}


def test_what_was_forgotten_opens_for_nobody_with_what_is_left(tmp_path: Path) -> None:
    """The disk afterwards: every 32 bytes of the key file are tried on the old row."""
    erasable.create(tmp_path)
    old = (tmp_path / erasable.FILE).read_bytes()
    keys = Keys(bytes(32), {1: bytes(32)}, erasable.read(tmp_path))
    sealer = ValueSealer(keys)
    ref = secrets.randbits(64) or 1
    sealed = sealer.seal(ref, Kind.EMAIL, "x@y.example")
    assert erasable.forget(tmp_path, keys.tree, Forgotten(frozenset({ref})))
    assert not erasable.forget(tmp_path, keys.tree, Forgotten(frozenset({ref})))
    with pytest.raises(Erased):
        sealer.open(ref, Kind.EMAIL, sealed)
    after = ValueSealer(Keys(bytes(32), {1: bytes(32)}, erasable.read(tmp_path)))
    with pytest.raises(Erased):
        after.open(ref, Kind.EMAIL, sealed)
    with pytest.raises(Erased):
        after.seal(ref, Kind.EMAIL, "x@y.example")
    assert old not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
    (tmp_path / erasable.FILE).write_bytes(old)  # the destroyed key, held: the test can fail
    thief = ValueSealer(Keys(bytes(32), {1: bytes(32)}, erasable.read(tmp_path)))
    assert thief.open(ref, Kind.EMAIL, sealed) == "x@y.example"


def test_two_processes_forget_different_people(tmp_path: Path) -> None:
    erasable.create(tmp_path)
    one, two = erasable.read(tmp_path), erasable.read(tmp_path)
    erasable.forget(tmp_path, one, Forgotten(frozenset({1 << 50})))
    erasable.forget(tmp_path, two, Forgotten(frozenset({2 << 50})))
    kept = erasable.read(tmp_path)
    assert kept.key(1 << 50) is None
    assert kept.key(2 << 50) is None
    assert kept.key(3 << 50) == one.key(3 << 50)


@pytest.mark.parametrize("spoil", [b"", b"PREAU", "cut", "flip"])
def test_a_spoilt_file_is_refused_and_says_what_to_do(tmp_path: Path, spoil) -> None:
    erasable.create(tmp_path)
    path = tmp_path / erasable.FILE
    data = path.read_bytes()
    made = {"cut": data[:-1], "flip": data[:40] + bytes((data[40] ^ 1,)) + data[41:]}
    path.write_bytes(made.get(spoil, spoil))
    with pytest.raises(KeysUnavailable, match="restore your one copy"):
        erasable.read(tmp_path)
    path.unlink()
    with pytest.raises(KeysUnavailable, match="restore your one copy"):
        erasable.read(tmp_path)


def test_another_sites_file_is_not_changed(tmp_path: Path) -> None:
    erasable.create(tmp_path)
    with pytest.raises(KeysUnavailable, match="another site"):
        erasable.forget(tmp_path, KeyTree.of_seed(SEED), Forgotten(frozenset({5})))
    assert repr(erasable.read(tmp_path)) == "KeyTree()"
