"""What the signer signs, and what not; without a process."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from proxy.ca import create_ca, load_certificate
from proxy.policy.holder import PolicyHolder
from proxy.supervisor import signer as room
from proxy.supervisor.signer import Bucket, Notary
from tests.sim.school import BANK, HOST, School


def leaf_key() -> ec.EllipticCurvePublicKey:
    """A worker's."""
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def question(*names: str, key: object = None, cn: str | None = None) -> bytes:
    """As a worker asks."""
    public = key or leaf_key()
    der = public.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return json.dumps({"key": der.hex(), "names": list(names), "cn": cn}).encode()


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("signer"), count=2)


@pytest.fixture
def notary(school: School) -> Notary:
    return Notary(PolicyHolder(school.root))


def test_a_leaf_is_for_the_asked_key_and_name_and_signed_by_the_ca(
    notary: Notary, school: School
) -> None:
    key = leaf_key()
    answer = notary.answer(question(HOST, key=key, cn=HOST))
    assert answer[:1] == b"K"
    leaf = x509.load_der_x509_certificate(answer[1:])
    assert leaf.public_key() == key
    leaf.verify_directly_issued_by(load_certificate(school.root / "state/ca"))
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]


def test_a_denied_host_gets_one_too_for_its_page(notary: Notary) -> None:
    assert notary.answer(question("inconnu.example"))[:1] == b"K"


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ((BANK,), "unread"),
        ((HOST, BANK), "unread"),
        ((BANK.upper(),), "unread"),
        (("127.0.0.1",), "addresses"),
        (("::1",), "not a host name"),
        (("*.nuage.example",), "not a host name"),
        (("a b",), "not a host name"),
        (("",), "not a host name"),
        (("a." * 130 + "example",), "not a host name"),
        ((), "one to"),
        ((HOST,) * 5, "one to"),
    ],
)
def test_other_names_are_refused_and_not_repeated(
    notary: Notary, names: tuple[str, ...], why: str
) -> None:
    answer = notary.answer(question(*names)).decode()
    assert answer[0] == "E"
    assert why in answer
    assert BANK not in answer


def test_other_keys_are_refused(notary: Notary) -> None:
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    assert notary.answer(question(HOST, key=other)) == b"Eonly P-256 keys"
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    assert notary.answer(question(HOST, key=edwards)) == b"Eonly P-256 keys"


def test_the_common_name_cannot_be_another(notary: Notary) -> None:
    assert notary.answer(question(HOST, cn=BANK))[:1] == b"E"


def test_a_confined_ca_signs_inside_its_domains_only(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    school = School(tmp_path_factory.mktemp("confined"), count=2)
    ca = school.root / "state/ca"
    (ca / "mitmproxy-ca.pem").unlink()
    create_ca(ca, permitted=["nuage.example"])
    notary = Notary(PolicyHolder(school.root))
    assert notary.answer(question(HOST))[:1] == b"K"
    assert b"confined" in notary.answer(question("xnuage.example"))


def test_a_burst_passes_and_a_flood_does_not(
    notary: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    notary._bucket = Bucket(rate=1, burst=3)
    answers = [notary.answer(question(HOST))[:1] for _ in range(5)]
    assert answers == [b"K", b"K", b"K", b"E", b"E"]
    now = time.monotonic()
    monkeypatch.setattr(room.time, "monotonic", lambda: now + 2.5)
    assert [notary.answer(question(HOST))[:1] for _ in range(3)] == [b"K", b"K", b"E"]


@given(junk=st.one_of(st.binary(max_size=200), st.text().map(str.encode)))
def test_no_message_breaks_the_signer(junk: bytes) -> None:
    assert _shared().answer(junk)[:1] == b"E"


@given(
    document=st.dictionaries(
        st.sampled_from(["key", "names", "cn", "x"]),
        st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(), max_size=3)),
    )
)
def test_no_question_of_another_shape_breaks_it(document: dict[str, object]) -> None:
    assert _shared().answer(json.dumps(document).encode())[:1] == b"E"


_KEPT: list[Notary] = []


def _shared() -> Notary:
    return _KEPT[0]


@pytest.fixture(autouse=True)
def _keep(notary: Notary) -> None:
    _KEPT[:] = [notary]


def test_a_leaf_costs_less_than_half_a_millisecond(notary: Notary) -> None:
    asked = question(HOST)
    notary.answer(asked)
    started = time.process_time()
    for _ in range(200):
        notary.answer(asked)
    assert (time.process_time() - started) / 200 < 0.0005


def test_a_broken_ca_leaves_the_old_one_in_place(school: School, notary: Notary) -> None:
    file: Path = school.root / "state/ca/mitmproxy-ca.pem"
    kept = file.read_bytes()
    try:
        file.write_bytes(b"nothing")
        with pytest.raises(Exception, match="does not hold a CA"):
            notary.load()
    finally:
        file.write_bytes(kept)
    assert notary.answer(question(HOST))[:1] == b"K"
