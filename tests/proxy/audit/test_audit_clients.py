"""Client hashes link within a day and never after their key is gone."""

from datetime import date
from pathlib import Path

import pytest

from proxy.audit import ClientKeys, make_event
from proxy.errors import KeysUnavailable

DAY = 86400.0


def test_same_day_same_hash_other_day_other_hash(tmp_path: Path) -> None:
    keys = ClientKeys(tmp_path / "client-keys")
    one = keys.hash("10.0.0.7", at=DAY * 20000)
    assert one == keys.hash("10.0.0.7", at=DAY * 20000 + 86399)
    assert one != keys.hash("10.0.0.8", at=DAY * 20000)
    assert one != keys.hash("10.0.0.7", at=DAY * 20001)
    assert one == ClientKeys(tmp_path / "client-keys").hash("10.0.0.7", at=DAY * 20000)
    make_event("connection-denied", reason="no-sni", client=one)


def test_keys_are_private_and_differ_by_site(tmp_path: Path) -> None:
    first, second = ClientKeys(tmp_path / "a"), ClientKeys(tmp_path / "b")
    assert first.hash("10.0.0.7", at=0) != second.hash("10.0.0.7", at=0)
    (key,) = (tmp_path / "a").glob("*.key")
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_destroyed_key_never_comes_back(tmp_path: Path) -> None:
    keys = ClientKeys(tmp_path)
    before = keys.hash("10.0.0.7", at=0)
    assert keys.destroy_before(date(1970, 1, 2)) == 1
    assert ClientKeys(tmp_path).hash("10.0.0.7", at=0) != before


def test_a_clock_that_jumps_destroys_no_key(tmp_path: Path) -> None:
    keys = ClientKeys(tmp_path)
    before = keys.hash("10.0.0.7", at=0)
    keys.hash("10.0.0.7", at=DAY * 4000)
    assert keys.hash("10.0.0.7", at=0) == before
    assert before in keys.hashes("10.0.0.7")
    assert len(keys.hashes("10.0.0.7")) == 2


def test_a_damaged_key_or_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1970-01-01.key").write_bytes(b"short")
    with pytest.raises(KeysUnavailable, match="damaged"):
        ClientKeys(tmp_path).hash("10.0.0.7", at=0)
    (tmp_path / "file").touch()
    with pytest.raises(KeysUnavailable):
        ClientKeys(tmp_path / "file" / "keys").hash("10.0.0.7", at=0)
