"""The index as a file: nothing in clear, swapped while it serves, one lookup whatever the size."""

from __future__ import annotations

import base64
import hashlib
import random
import threading
from pathlib import Path

import pytest
from directory_people import TestSealer, person

from proxy.directory import importing
from proxy.directory.index import Directory, Index, write
from proxy.directory.index_file import IndexKeys, building, load
from proxy.directory.tables import HashTable, References
from proxy.errors import StoreUnavailable
from proxy.kinds import Kind
from proxy.store.interface import Change
from proxy.store.memory import MemoryStore

LEA = person("Léa", "Martin", "1", emails=("lea@c.example",), schools=("A",), classes=("6B",))
PAUL = person("Paul", "Durand", "2", emails=("p.d+x@gmail.com",), schools=("A", "B"))


def bring(store, sealer, *people, source="s"):
    return importing.apply(lambda: people, store, sealer, source, accept_shrink=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "directory"


def opened(store, sealer, folder):
    return Directory(store, sealer, (), folder)


def test_workers_share_one_file_that_the_first_one_makes(store, sealer, folder):
    bring(store, sealer, LEA)
    first = opened(store, sealer, folder)
    (path,) = folder.glob("*.directory")
    made = path.stat()
    second = opened(store, sealer, folder)
    assert path.stat().st_ino == made.st_ino
    assert path.stat().st_mode & 0o777 == 0o600
    for directory in (first, second):
        assert directory.index.find("Léa Martin")[0].ref
        assert directory.index.find("lea@c.example")[0].kind is Kind.EMAIL


def test_old_readers_keep_their_map_and_new_versions_replace_the_file(store, sealer, folder):
    bring(store, sealer, LEA)
    directory = opened(store, sealer, folder)
    old = directory.index
    bring(store, sealer, LEA, PAUL)
    assert directory.refresh()
    assert len(list(folder.glob("*.directory"))) == 1
    assert not directory.refresh()
    assert old.find("Paul Durand") == []
    assert old.find("Léa Martin") == directory.index.find("Léa Martin")
    assert directory.index.find("Paul Durand")[0].ref


def test_requests_are_served_while_versions_are_swapped(store, sealer, folder):
    bring(store, sealer, LEA)
    directory = opened(store, sealer, folder)
    ref, stop, errors = directory.index.lookup(Kind.EMAIL, "lea@c.example"), threading.Event(), []

    def serve() -> None:
        while not stop.is_set():
            index = directory.index
            if [match.ref for match in index.find("mail lea@c.example")] != [ref]:
                errors.append(index.version)

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(6):
        bring(store, sealer, LEA, person(f"G{n}", f"F{n}"))
        assert directory.refresh()
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert directory.index.version == 7


def test_a_worker_goes_on_while_another_one_builds(store, sealer, folder):
    bring(store, sealer, LEA)
    directory = opened(store, sealer, folder)
    bring(store, sealer, LEA, PAUL)
    with building(folder, wait=False) as ours:
        assert ours
        assert not directory.refresh()
        assert directory.index.version == 1
    assert directory.refresh()


@pytest.mark.parametrize("damage", [b"", b"\n", b"half", b"flipped"])
def test_a_damaged_file_is_built_again(store, sealer, folder, damage):
    bring(store, sealer, LEA)
    opened(store, sealer, folder)
    (path,) = folder.glob("*.directory")
    content = bytearray(path.read_bytes())
    if damage == b"half":
        content = content[: len(content) // 2]
    elif damage == b"flipped":
        content[-20] ^= 1
    else:
        content = bytearray(damage)
    path.write_bytes(content)
    assert load(path) is None
    assert opened(store, sealer, folder).index.find("Léa Martin")[0].ref


def test_an_index_of_other_keys_or_another_store_is_not_taken(store, sealer, folder):
    bring(store, sealer, LEA)
    opened(store, sealer, folder)
    (path,) = folder.glob("*.directory")
    other = TestSealer()
    assert IndexKeys(other).file_name(b"", 1) != IndexKeys(sealer).file_name(b"", 1)
    with pytest.raises(ValueError, match="other keys"):
        Index(*load(path), store, other)
    fresh = MemoryStore()
    bring(fresh, sealer, PAUL)
    index = opened(fresh, sealer, folder).index
    assert index.find("Paul Durand")[0].ref
    assert index.find("Léa Martin") == []


def test_what_is_erased_answers_nothing_at_once(store, sealer, folder):
    bring(store, sealer, LEA)
    directory = opened(store, sealer, folder)
    ref = Index.build(store, sealer).lookup(Kind.EMAIL, "lea@c.example")
    store.directory_apply(Change(1, forget_values=(ref,)))
    assert directory.index.lookup(Kind.EMAIL, "lea@c.example") is None
    assert directory.refresh()
    assert directory.index.plain(ref) is None
    assert directory.index.schools(ref) == frozenset()
    assert directory.index.find("lea@c.example") == []


def test_a_store_that_is_gone_refuses_what_needs_it(store, sealer, folder):
    bring(store, sealer, LEA)
    directory = opened(store, sealer, folder)
    store.close()
    assert directory.index.find("rien à voir ici") == []
    with pytest.raises(StoreUnavailable):
        directory.index.find("lea@c.example")
    with pytest.raises(StoreUnavailable):
        directory.refresh()


def test_schools_and_classes_of_a_value_are_those_of_all_its_people(store, sealer, folder):
    twin = person("Léa", "Martin", "3", schools=("B", "C"), classes=("6B", "L2"))
    bring(store, sealer, LEA, twin, PAUL)
    index = opened(store, sealer, folder).index
    name = index.lookup(Kind.FULL_NAME, "Léa Martin")
    assert index.schools(name) == {"A", "B", "C"}
    assert index.classes(name) == {
        ("A", "6B"), ("B", "6B"), ("C", "6B"), ("B", "L2"), ("C", "L2"),
    }  # fmt: skip
    mail = index.lookup(Kind.EMAIL, "lea@c.example")
    assert (index.schools(mail), index.classes(mail)) == ({"A"}, {("A", "6B")})
    assert index.classes(index.lookup(Kind.FULL_NAME, "Paul Durand")) == {("A", ""), ("B", "")}
    assert index.schools(12345) == index.classes(12345) == frozenset()


def hashes(text: str) -> list[str]:
    names = ("md5", "sha1", "sha256")
    return [hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest() for name in names]


@pytest.mark.parametrize("digest", [
    *hashes("lea@c.example"), hashes("mailto:lea@c.example")[1],
    *hashes("p.d+x@gmail.com"), *hashes("pd@gmail.com"),
])  # fmt: skip
@pytest.mark.parametrize("form", ["{}", '"{}"', "https://t.example/?h={}&x=1", "id={};"])
def test_hashes_of_addresses_are_found_in_either_case(store, sealer, digest, form):
    bring(store, sealer, LEA, PAUL)
    index = Index.build(store, sealer)
    owner = index.lookup(Kind.EMAIL, "lea@c.example")
    other = index.lookup(Kind.EMAIL, "p.d+x@gmail.com")
    for typed in (digest, digest.upper()):
        text = form.format(typed)
        (match,) = index.find(text)
        assert text[match.start : match.end] == typed
        assert match.kind is Kind.EMAIL
        assert match.ref in (owner, other)


def test_other_hashes_are_left_alone(store, sealer):
    bring(store, sealer, LEA)
    index = Index.build(store, sealer)
    assert [index.find(digest) for digest in hashes("nobody@c.example")] == [[], [], []]


def spellings(text: str) -> set[bytes]:
    found = set()
    for form in (text, text.lower(), text.upper(), text.swapcase()):
        for encoding in ("utf-8", "utf-16-le", "latin-1", "cp1252"):
            raw = form.encode(encoding, "ignore")
            found |= {raw, raw[::-1], raw.hex().encode(), base64.b64encode(raw)[:-4]}
    for plain in (text.lower(), text):
        for name in ("md5", "sha1", "sha256", "blake2b"):
            digest = hashlib.new(name, plain.encode(), usedforsecurity=False).digest()
            found |= {digest[:8], digest.hex()[:16].encode()}
    return {needle for needle in found if len(needle) >= 6}


def test_no_identifier_is_in_clear_in_any_file(sealer, tmp_path):
    from proxy.store import open_store

    rng = random.Random(4)
    letters = "bcdfghjklmnprstvz"

    def word() -> str:
        return "".join(rng.choice(letters) + rng.choice("aeiou") for _ in range(4)).title()

    people = []
    for n in range(60):
        given, family = word(), word()
        people.append(
            person(
                given, family, str(n), emails=(f"{given}.{family}@lycee.example".lower(),),
                logins=(f"{given[0]}{family}{n:02}".lower(),), national_id=f"{910000000 + n}AB",
                student_number=f"E{7000000 + n}", phones=(f"+3363998{4000 + n}",),
            )
        )  # fmt: skip
    store = open_store(f"sqlite:{tmp_path / 'site.db'}")
    importing.apply(lambda: people, store, sealer, "s")
    directory = Directory(store, sealer, (), tmp_path / "directory")
    assert directory.index.find(f"{people[0].given_name} {people[0].family_name}")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    raw = b"\0".join(path.read_bytes() for path in files)
    store.close()
    assert {path.suffix for path in files} >= {".db", ".directory"}
    for one in people:
        for _, text in one.values():
            for part in {text, *text.split("\x1f"), text.partition("@")[0]}:
                assert not any(needle in raw for needle in spellings(part)), len(part)


def test_references_and_tables_answer_like_dictionaries():
    import numpy as np

    from proxy.directory.building import _hash_table, _references
    from proxy.directory.tables import keyed_hash

    rng = random.Random(1)
    refs = sorted({rng.getrandbits(64) for _ in range(5000)} | {1, (1 << 64) - 1, 1 << 48})
    made = _references(np.asarray(refs, dtype=np.uint64))
    table = References({name: memoryview(part) for name, part in made.items()})
    assert len(table) == len(refs)
    assert [table[number] for number in range(len(refs))] == refs
    assert [table.number(ref) for ref in refs] == list(range(len(refs)))
    assert [table.number(ref ^ 1) for ref in refs if ref ^ 1 not in set(refs)][:99] == [None] * 99
    for count in (0, 1, 7, 3000):
        keys = [b"key %d" % n for n in range(count)]
        hashed = np.frombuffer(b"".join(keyed_hash(k, b"k") for k in keys), dtype="<u8")
        made = _hash_table("t", hashed, np.arange(count, dtype=np.uint32), np.uint16)
        hash_table = HashTable({n: memoryview(part) for n, part in made.items()}, "t", b"k")
        assert all(n in list(hash_table.get(key)) for n, key in enumerate(keys))
        assert sum(len(list(hash_table.get(b"other %d" % n))) for n in range(3000)) < 20


def test_the_index_is_the_same_in_shares(store, sealer, folder):
    from proxy.directory.building import scan

    bring(store, sealer, LEA, PAUL, *(person(f"G{n}", f"F{n}") for n in range(50)))

    def shares(key: bytes):
        return [scan(store, sealer, key, part, 3) for part in range(3)]

    path = write(store, sealer, folder, shares)
    index, whole = Index(*load(path), store, sealer), Index.build(store, sealer)
    for text in ("Léa Martin", "G7 F7", "lea@c.example", *hashes("lea@c.example")):
        assert index.find(text) == whole.find(text)
    assert index.counts() == whole.counts()
