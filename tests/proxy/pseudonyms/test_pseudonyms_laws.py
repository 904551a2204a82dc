"""Laws that need many people or another process: independence, stability."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from proxy.kinds import Kind
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.pseudonyms.radix import block32
from proxy.pseudonyms.sealing import Reference, ServiceSeal
from proxy.store.memory import MemoryStore
from tests.proxy.pseudonyms.conftest import DOMAIN, Directory

PEOPLE = 100_000


def bit_columns(blocks: list[bytes]) -> list[int]:
    """For each of a block's 128 bits, that bit of every block as one number."""
    rows = [format(int.from_bytes(block), "0128b") for block in blocks]
    return [int("".join(column), 2) for column in zip(*rows, strict=True)]


def test_tokens_of_100_000_people_in_two_services_are_independent(keys: Keys) -> None:
    """Consecutive references, the hardest case. Of every pair of bits, one of each service's
    token, as many agree as chance has it: within 6 standard deviations in all 16,384 pairs
    (chance exceeds that once in 30,000 runs; the keys are new each run)."""
    blocks = []
    for name in ("a", "b"):
        core = ServiceSeal(keys, name).sealers[1].core32
        made = [block32(core(Reference(n, Kind.EMAIL, False)).encode()) for n in range(1, PEOPLE)]
        assert len(set(made)) == len(made)  # bijective
        blocks.append([block for block in made if block])
    one, two = map(bit_columns, blocks)
    mean, bound = len(blocks[0]) / 2, 6 * (len(blocks[0]) ** 0.5) / 2
    worst = max(abs((a ^ b).bit_count() - mean) for a in one for b in two)
    assert worst < bound
    joint = Counter((a[0], b[0]) for a, b in zip(*blocks, strict=True))
    cell = len(blocks[0]) / 65_536
    chi = sum((joint[a, b] - cell) ** 2 / cell for a in range(256) for b in range(256))
    assert abs(chi - 65_535) < 6 * (2 * 65_535) ** 0.5


def test_the_measure_of_independence_sees_a_link(keys: Keys) -> None:
    """The same key twice, one bit of it kept: far beyond the bound."""
    core = ServiceSeal(keys, "a").sealers[1].core32
    made = [block32(core(Reference(n, Kind.EMAIL, False)).encode()) or b"" for n in range(1, 2000)]
    columns = bit_columns(made)
    agree = (columns[5] ^ columns[5]).bit_count()
    assert abs(agree - len(made) / 2) > 6 * (len(made) ** 0.5) / 2


def test_short_forms_of_two_services_are_independent(keys: Keys) -> None:
    people = 6000
    one, two = (ServiceSeal(keys, name).sealers[1].short for name in ("a", "b"))
    references = [Reference(n, Kind.LOGIN, False) for n in range(1, people)]
    pairs = [(one(reference), two(reference)) for reference in references]
    assert len({a for a, _ in pairs}) == len(pairs)
    for position in range(17):
        agree = sum(a[position] == b[position] for a, b in pairs)
        assert abs(agree - people / 26) < 6 * (people / 26) ** 0.5


SAMPLES = [
    (Kind.FULL_NAME, "Léa Martin", "auto"),
    (Kind.EMAIL, "parent@fai.example", "auto"),
    (Kind.LOGIN, "lea.martin", "short"),
    (Kind.LOGIN, "lea.martin", "tiny"),
    (Kind.STUDENT_NUMBER, "8123", "number"),
    (Kind.NATIONAL_ID, "120345678AB", "ine"),
    (Kind.PHONE, "06 12 34 56 78", "phone"),
    (Kind.UUID, "123e4567-e89b-42d3-a456-426614174000", "uuid4"),
]
ELSEWHERE = """
import sys
from pathlib import Path
from proxy.kinds import Kind
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.pseudonymiser import Pseudonymiser
from proxy.store.memory import MemoryStore
from tests.proxy.pseudonyms.conftest import DOMAIN, Directory
from tests.proxy.pseudonyms.test_pseudonyms_laws import SAMPLES
keys = Keys.load(Path(sys.argv[1]))
engine = Pseudonymiser(keys, "s", Directory(), MemoryStore(), DOMAIN)
print("\\n".join(engine.pseudonym(*sample) for sample in SAMPLES))
"""


def test_another_machine_with_the_same_keys_makes_the_same_pseudonyms(keys_dir: Path) -> None:
    """A new process, an empty store: nothing but the keys in common."""
    here = Pseudonymiser(Keys.load(keys_dir), "s", Directory(), MemoryStore(), DOMAIN)
    there = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(keys_dir)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert there.stdout.splitlines() == [here.pseudonym(*sample) for sample in SAMPLES]


def test_every_shape_of_an_old_key_version_still_restores(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keyfiles.initialise(folder)
    store = MemoryStore()
    old = Pseudonymiser(Keys.load(folder), "s", Directory(), store, DOMAIN)
    before = [old.pseudonym(*sample) for sample in SAMPLES]
    keyfiles.rotate(folder)
    new = Pseudonymiser(Keys.load(folder), "s", Directory(), store, DOMAIN)
    after = [new.pseudonym(*sample) for sample in SAMPLES]
    assert not set(before) & set(after)
    for made in (before, after):
        assert [new.restore_one(text) for text in made] == [text for _, text, _ in SAMPLES]
