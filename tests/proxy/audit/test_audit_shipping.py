"""Copies of the log elsewhere: whole, verified, and never changed behind our back."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from audit_adversary import ORIGIN, Adversary, open_log, sample_event
from hypothesis import given
from hypothesis import strategies as st
from outgoing_peers import ACCESS, REGION, SECRET, Storage, Web

from proxy.audit import NoteError, verify
from proxy.audit.export import Cursor, LogReader
from proxy.audit.shipping import Credentials, FolderStore, S3Store, Shipper, Store
from proxy.audit.shipping.sigv4 import sign, uri_path
from proxy.errors import InputError
from proxy.outbound import Outage, Place


def shipper(base: Path, store: Store) -> Shipper:
    return Shipper(LogReader(base / "audit"), store, Cursor(base / "copy.cursor", ORIGIN))


def ship_all(one: Shipper) -> None:
    while one.step():
        pass


def s3(web: Web, secret: str = SECRET) -> S3Store:
    return S3Store(Place(web.url), "bucket", "préau/école 1", REGION, Credentials(ACCESS, secret))


def unload(storage: Storage, folder: Path) -> Path:
    """The bucket as a folder."""
    start = f"/bucket/{uri_path('préau/école 1')}/"
    for name, data in storage.objects.items():
        path = folder / name.removeprefix(start)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_a_copy_verifies_as_the_log_does(adversary: Adversary, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ship_all(shipper(tmp_path, FolderStore(copy)))
    key = (tmp_path / "audit" / "key.vkey").read_text()
    report = verify(copy, key, (tmp_path / "audit" / "checkpoint").read_text())
    assert report.problems == []
    assert (report.events, report.sealed) == (3002, 3002)
    assert not (copy / "client-keys").exists()
    assert not list(copy.rglob("*socket*")) + list(copy.rglob("lock"))


def test_the_copy_is_a_whole_log_at_every_moment(tmp_path: Path) -> None:
    """Verified after each growth, and cut off at any step in between."""
    copy = FolderStore(tmp_path / "copy")
    for count in (1, 300, 1500, 2, 4000):
        with open_log(tmp_path) as log:
            log.record_sync([sample_event(n) for n in range(count)])
        one = shipper(tmp_path, copy)
        while True:
            more = one.step()
            if (tmp_path / "copy" / "checkpoint").exists():
                assert verify(tmp_path / "copy").problems == []
            if not more:
                break
    assert verify(tmp_path / "copy").events == verify(tmp_path / "audit").events


def test_shipping_to_s3_is_signed_as_amazon_signs(adversary: Adversary, tmp_path: Path) -> None:
    storage = Storage()
    with Web(storage.answer) as web:
        ship_all(shipper(tmp_path, s3(web)))
        with pytest.raises(Outage, match="403"):
            s3(web, "wrong").put("x", b"y")
    assert verify(unload(storage, tmp_path / "unloaded")).problems == []


def test_an_interruption_costs_one_segment_and_no_event(
    adversary: Adversary, tmp_path: Path
) -> None:
    storage = Storage()
    broken = iter([False] * 9 + [True])
    storage.fail = lambda method, path: next(broken, False)
    with Web(storage.answer) as web:
        with pytest.raises(Outage):
            ship_all(shipper(tmp_path, s3(web)))
        before = set(storage.puts)
        ship_all(shipper(tmp_path, s3(web)))
    assert verify(unload(storage, tmp_path / "unloaded")).problems == []
    segments = [path for path in storage.puts if "/segments/" in path]
    assert len(segments) <= 4  # three segments, one of them twice
    assert before < set(storage.puts)


def test_a_storage_that_changes_what_it_keeps_is_noticed(
    adversary: Adversary, tmp_path: Path
) -> None:
    storage = Storage()
    storage.corrupt = True
    with Web(storage.answer) as web:
        with pytest.raises(Outage, match="not what was sent"):
            ship_all(shipper(tmp_path, s3(web)))
    assert Cursor(tmp_path / "copy.cursor", ORIGIN).index == 0


def test_a_log_rolled_back_never_overwrites_its_copy(adversary: Adversary, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(tmp_path / "audit", older / "audit")
    shutil.copytree(tmp_path / "keys", older / "keys")
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n) for n in range(2000)])
    copy = FolderStore(tmp_path / "copy")
    ship_all(shipper(tmp_path, copy))
    shutil.copy(tmp_path / "copy.cursor", older / "copy.cursor")
    with pytest.raises(NoteError, match="rolled back"):
        ship_all(shipper(older, copy))
    (older / "copy.cursor").unlink()  # the cursor was rolled back too: the copy itself tells
    with pytest.raises(NoteError, match="rolled back"):
        ship_all(shipper(older, copy))


def test_a_rewritten_log_never_overwrites_a_shipped_segment(tmp_path: Path) -> None:
    """The key holder writes another history, longer than the first, and loses the cursor."""
    for base, count in ((tmp_path / "one", 1500), (tmp_path / "two", 3000)):
        if base.name == "two":
            shutil.copytree(tmp_path / "one" / "keys", base / "keys")
        with open_log(base) as log:
            log.record_sync([sample_event(n) for n in range(count)])
    copy = FolderStore(tmp_path / "copy")
    ship_all(shipper(tmp_path / "one", copy))
    kept = (tmp_path / "copy" / "segments" / "00000000.jsonl").read_bytes()
    with pytest.raises(NoteError, match="not a beginning"):
        ship_all(shipper(tmp_path / "two", copy))
    assert (tmp_path / "copy" / "segments" / "00000000.jsonl").read_bytes() == kept


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    st.binary(max_size=50),
    st.sampled_from(["GET", "PUT"]),
    st.floats(0, 4e9),
)
def test_any_name_is_signed_as_amazon_signs_it(
    name: str, body: bytes, method: str, at: float
) -> None:
    path = f"/bucket/{uri_path(name)}"
    headers = sign(method, "host.example:9000", path, body, REGION, Credentials(ACCESS, SECRET), at)
    assert Storage._signed(method, path, {"Host": "host.example:9000", **headers}, body)
    assert time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")


def test_credentials_come_from_a_file_of_ones_own_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "s3"
    path.write_text("AK\nSECRET\n")
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        Credentials.load(path)
    path.chmod(0o600)
    loaded = Credentials.load(path)
    assert (loaded.access_key, loaded.secret_key) == ("AK", "SECRET")
    assert "SECRET" not in repr(loaded)
    path.write_text("AK\n")
    with pytest.raises(InputError, match="expected the access key"):
        Credentials.load(path)
    with pytest.raises(InputError, match="PREAU_S3_ACCESS_KEY"):
        Credentials.load(None, {})
    found = Credentials.load(None, {"PREAU_S3_ACCESS_KEY": "A", "PREAU_S3_SECRET_KEY": "B"})
    assert found == Credentials("A", "B")
