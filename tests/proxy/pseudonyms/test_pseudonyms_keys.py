"""Key files: making, refusing unsafe ones, rotating; what is derived; the store's check."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path

import pytest

from proxy.errors import InputError, KeysUnavailable
from proxy.pseudonyms import keyfiles
from proxy.pseudonyms.keys import Keys, status
from proxy.store import open_store

GOLDEN_PSEUDONYM_KEY = "319d6ddb805890da38a561d7df0e9a7d682d3cb9ff13c831b42b9c81b0258681"
GOLDEN_FINGERPRINT_KEY = "5db363c81a25102e6bd841aae5c629d0942dee2837746daeffdaad77f4095ed3"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    keyfiles.initialise(folder)
    return folder


def test_init_makes_private_files_in_a_private_folder(fresh: Path) -> None:
    assert fresh.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in fresh.iterdir()} == {
        "site.key": 0o600,
        "root-1.key": 0o600,
        "erasure.key": 0o600,
    }
    site, roots = keyfiles.read_keys(fresh)
    assert len(site.secret) == len(roots[1].secret) == 32
    assert site.secret != roots[1].secret


def test_init_never_overwrites(fresh: Path) -> None:
    before = {p.name: p.read_bytes() for p in fresh.iterdir()}
    with pytest.raises(InputError, match="rotate"):
        keyfiles.initialise(fresh)
    assert {p.name: p.read_bytes() for p in fresh.iterdir()} == before


@pytest.mark.parametrize("name", ["site.key", "root-1.key", "erasure.key"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_can_read_is_refused(fresh: Path, name: str, mode: int) -> None:
    (fresh / name).chmod(mode)
    with pytest.raises(KeysUnavailable, match=rf"{name}: .*chmod 600"):
        Keys.load(fresh)


def test_a_folder_others_can_write_is_refused(fresh: Path) -> None:
    fresh.chmod(0o770)
    with pytest.raises(KeysUnavailable, match="chmod 700"):
        Keys.load(fresh)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:60],
        lambda text: text.replace("root-1", "root-2"),
        lambda text: text.splitlines()[4].join(text.split(text.splitlines()[4])[:1]) + "AAAA\n",
        lambda text: text.replace(text.splitlines()[4], "AAAA"),
        lambda text: text.replace(text.splitlines()[4], "A" * 43 + "="),
        lambda text: "",
        lambda text: text + "x",
    ],
)
def test_a_damaged_key_is_refused_without_showing_it(fresh: Path, damage) -> None:
    path = fresh / "root-1.key"
    text = path.read_text()
    path.write_text(damage(text))
    with pytest.raises(KeysUnavailable, match=r"root-1\.key: .*restore it") as caught:
        Keys.load(fresh)
    assert text.splitlines()[4] not in str(caught.value)


def test_missing_keys_say_what_to_do(tmp_path: Path, fresh: Path) -> None:
    with pytest.raises(KeysUnavailable, match="preau keys init"):
        Keys.load(tmp_path / "absent")
    (fresh / "root-1.key").unlink()
    with pytest.raises(KeysUnavailable, match="no root key"):
        Keys.load(fresh)
    (fresh / "site.key").unlink()
    with pytest.raises(KeysUnavailable, match=r"site\.key"):
        Keys.load(fresh)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(fresh: Path) -> None:
    os.chown(fresh / "root-1.key", 12345, 12345)
    with pytest.raises(KeysUnavailable, match="another user"):
        Keys.load(fresh)


def test_rotate_adds_the_next_version_and_keeps_the_others(fresh: Path) -> None:
    first = Keys.load(fresh)
    assert keyfiles.rotate(fresh) == 2
    second = Keys.load(fresh)
    assert (first.current, second.current, second.versions) == (1, 2, (2, 1))
    assert second.pseudonym_key(1, "s") == first.pseudonym_key(1, "s")
    assert second.fingerprint_key == first.fingerprint_key
    assert second.vault_key == first.vault_key


def test_rotation_ends_at_the_last_letter(fresh: Path) -> None:
    for version in range(2, 26):
        assert keyfiles.rotate(fresh) == version
    with pytest.raises(InputError, match="25 versions"):
        keyfiles.rotate(fresh)
    assert Keys.load(fresh).current == 25


def test_rotations_at_once_never_share_or_overwrite_a_version(fresh: Path) -> None:
    outcomes: list[object] = []

    def attempt() -> None:
        try:
            outcomes.append(keyfiles.rotate(fresh))
        except InputError:
            outcomes.append("another first")

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert len(outcomes) == 6
    assert sorted(made) == list(range(2, 2 + len(made)))
    assert Keys.load(fresh).current == 1 + len(made)
    assert [p.name for p in fresh.iterdir() if p.name.startswith(".")] == []


def test_credentials_are_an_alternative_place(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    fresh.rename(credentials)
    for path in credentials.iterdir():
        path.chmod(0o440)  # as systemd's access lists look
    credentials.chmod(0o550)
    with pytest.raises(KeysUnavailable):
        Keys.load(fresh)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert Keys.load(fresh).current == 1
    with pytest.raises(InputError, match="credentials"):
        keyfiles.rotate(fresh)
    (credentials / "site.key").chmod(0o444)
    with pytest.raises(KeysUnavailable):
        Keys.load(fresh)


def test_status_shows_no_secret(fresh: Path) -> None:
    keyfiles.rotate(fresh)
    shown = status(fresh)
    assert [(k.name, k.current) for k in shown] == [
        ("site", True),
        ("root-1", False),
        ("root-2", True),
    ]
    assert len({k.fingerprint for k in shown}) == 3
    site, roots = keyfiles.read_keys(fresh)
    text = repr((shown, site, roots, Keys.load(fresh)))
    for key in (site, *roots.values()):
        assert key.secret.hex()[:8] not in text
        assert repr(key.secret)[2:10] not in text
    with pytest.raises(TypeError):
        pickle.dumps(Keys.load(fresh))


def test_every_purpose_version_and_service_has_its_own_key(fresh: Path) -> None:
    keyfiles.rotate(fresh)
    keys = Keys.load(fresh)
    derived = [keys.fingerprint_key, keys.vault_key, keys.tree.context]
    for version in keys.versions:
        for service in ("google-classroom", "microsoft-graph", "a", "ab"):
            derived += [keys.pseudonym_key(version, service), keys.uuid_key(version, service)]
    assert len(set(derived)) == len(derived) == 19
    assert {len(key) for key in derived} == {32}


def test_derivation_never_changes() -> None:
    """A golden value: changing any label would orphan every stored pseudonym."""
    keys = Keys(bytes(range(32)), {1: bytes(range(32, 64))})
    assert keys.pseudonym_key(1, "google-classroom").hex() == GOLDEN_PSEUDONYM_KEY
    assert keys.fingerprint_key.hex() == GOLDEN_FINGERPRINT_KEY


def test_a_store_refuses_another_sites_keys(fresh: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/site.db")
    keys = Keys.load(fresh)
    keys.bind(store)
    keys.bind(store)
    other = tmp_path / "other"
    keyfiles.initialise(other)
    with pytest.raises(KeysUnavailable, match=r"another site\.key"):
        Keys.load(other).bind(store)
    (other / "site.key").write_bytes((fresh / "site.key").read_bytes())
    with pytest.raises(KeysUnavailable, match=r"another erasure\.key"):
        Keys.load(other).bind(store)
    (other / "erasure.key").write_bytes((fresh / "erasure.key").read_bytes())
    with pytest.raises(KeysUnavailable, match=r"another root-1\.key"):
        Keys.load(other).bind(store)
    store.close()


def test_a_machine_that_missed_a_rotation_is_refused(fresh: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/site.db")
    behind = Keys.load(fresh)
    behind.bind(store)
    keyfiles.rotate(fresh)
    Keys.load(fresh).bind(store)
    with pytest.raises(KeysUnavailable, match=r"root-2\.key, which this machine lacks"):
        behind.bind(store)
    (fresh / "root-1.key").unlink()  # destroyed on purpose: allowed
    Keys.load(fresh).bind(store)
    store.close()
