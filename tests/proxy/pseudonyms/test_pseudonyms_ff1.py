"""FF1 against the sample vectors that NIST publishes with SP 800-38G."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.pseudonyms.ff1 import FF1

K128 = "2B7E151628AED2A6ABF7158809CF4F3C"
K192 = K128 + "EF4359D8D580AA4F"
K256 = K192 + "7F036D6F04FC6A94"
T10 = "39383736353433323130"
T11 = "3737373770717273373737"
D10 = "0123456789"
D36 = "0123456789abcdefghi"

SAMPLES = [
    (K128, 10, D10, "", "2433477484"),
    (K128, 10, D10, T10, "6124200773"),
    (K128, 36, D36, T11, "a9tv40mll9kdu509eum"),
    (K192, 10, D10, "", "2830668132"),
    (K192, 10, D10, T10, "2496655549"),
    (K192, 36, D36, T11, "xbj3kv35jrawxv32ysr"),
    (K256, 10, D10, "", "6657667009"),
    (K256, 10, D10, T10, "1001623463"),
    (K256, 36, D36, T11, "xs8a0azh2avyalyzuwd"),
]


def digits(number: int, radix: int, length: int) -> str:
    written = ""
    for _ in range(length):
        number, digit = divmod(number, radix)
        written = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + written
    return written


@pytest.mark.parametrize(("key", "radix", "plain", "tweak", "sealed"), SAMPLES)
def test_the_nist_samples(key: str, radix: int, plain: str, tweak: str, sealed: str) -> None:
    cipher = FF1(bytes.fromhex(key), radix, len(plain), bytes.fromhex(tweak))
    encrypted = cipher.encrypt(int(plain, radix))
    assert digits(encrypted, radix, len(plain)) == sealed
    assert cipher.decrypt(encrypted) == int(plain, radix)


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 40), st.integers(2, 70), st.binary(max_size=40), st.data())
def test_decrypting_undoes_encrypting_for_every_radix_length_and_tweak(
    radix: int, length: int, tweak: bytes, data: st.DataObject
) -> None:
    if radix**length < 1_000_000:
        return
    cipher = FF1(bytes(32), radix, length, tweak)
    number = data.draw(st.integers(0, cipher.size - 1))
    sealed = cipher.encrypt(number)
    assert 0 <= sealed < cipher.size
    assert cipher.decrypt(sealed) == number


def test_it_is_a_permutation_of_a_million_numbers() -> None:
    cipher = FF1(random.Random(4).randbytes(32), 10, 6)
    seen = bytearray(cipher.size)
    for number in range(0, cipher.size, 25):
        seen[cipher.encrypt(number)] += 1
    assert max(seen) == 1
    assert sum(seen) == cipher.size // 25


@pytest.mark.parametrize(("radix", "length"), [(10, 5), (60_000, 1), (2, 19)])
def test_fewer_than_a_million_numbers_are_refused(radix: int, length: int) -> None:
    with pytest.raises(ValueError, match="1000000"):
        FF1(bytes(32), radix, length)
