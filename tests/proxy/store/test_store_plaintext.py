"""Neither store's files hold a plaintext value, a name of a kind's value or a root key."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from proxy.kinds import Kind, SubjectKind
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.canonical import canonical, full_name
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer, new_reference
from proxy.pseudonyms.vault import Vault
from proxy.store import Change, Store, SubjectRecord, ValueRecord

CAST = (
    (Kind.FULL_NAME, full_name("Zabulonne", "Quérouane-Brix")),
    (Kind.GIVEN_NAME, "Zabulonne"),
    (Kind.EMAIL, "zabulonne.brix@lycee.example"),
    (Kind.NATIONAL_ID, "120345678ZB"),
    (Kind.PHONE, "+33639987531"),
    (Kind.BIRTH_DATE, "2011-03-17"),
)
MARKS = ("Zabulonne", "Quérouane", "Brix", "120345678ZB", "639987531", "2011-03-17")


@pytest.mark.parametrize("times", [1, 20])
def test_no_plaintext_in_the_raw_store(
    opened: Store, tmp_path: Path, request: pytest.FixtureRequest, store_url: str, times: int
) -> None:
    keyfiles.initialise(tmp_path / "elsewhere")
    keys = Keys.load(tmp_path / "elsewhere")
    keys.bind(opened)
    sealer = ValueSealer(keys)
    fill(opened, sealer, times)
    raw = raw_bytes(store_url, tmp_path, request)
    assert len(raw) > 2000 * times**0.5
    site, roots = keyfiles.read_keys(tmp_path / "elsewhere")
    secrets = [key.secret for key in (site, *roots.values())]
    seeds = keys.tree.nodes().values()
    derived = [keys.fingerprint_key, keys.vault_key, keys.tree.context, *seeds]
    for needle in [*encodings(), *secrets, *derived, *map(base64.b64encode, secrets)]:
        assert needle not in raw


def fill(store: Store, sealer: ValueSealer, times: int) -> None:
    """The cast in the directory and in the vault."""
    values = []
    for _ in range(times):
        for kind, text in CAST:
            ref = new_reference()
            sealed = sealer.seal(ref, kind, text)
            fingerprint = sealer.fingerprint(kind, canonical(kind, text))
            values.append(ValueRecord(ref, kind, fingerprint, sealed))
    person = SubjectRecord(
        new_reference(),
        SubjectKind.PUPIL,
        sealer.fingerprint(Kind.TEXT, "roster:zabulonne.brix"),
        True,
        ("0750001A",),
        ("3B",),
        tuple(value.ref for value in values),
    )
    store.directory_apply(Change(0, values, (person,)))
    vault = Vault(sealer, store)
    for kind, text in CAST:
        for n in range(times):
            vault.reference(kind, f"{text} {n}")


def encodings() -> list[bytes]:
    return [
        text.encode(encoding)
        for mark in MARKS
        for text in (mark, mark.lower(), mark.upper())
        for encoding in ("utf-8", "utf-16-le", "latin-1")
    ]


def raw_bytes(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> bytes:
    if store_url.startswith("sqlite:"):
        return b"".join(path.read_bytes() for path in tmp_path.glob("site.db*"))
    server: Any = request.getfixturevalue("redis_server")
    raw: bytes = server.raw()
    return raw
