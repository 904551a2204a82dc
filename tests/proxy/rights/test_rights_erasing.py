"""Erasure, against somebody who holds the disk, the store and every old backup but one key."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from proxy.cli.desk import opened_desk
from proxy.cli.directory import import_files
from proxy.decisions import Forward
from proxy.errors import Erased, StoreUnavailable
from proxy.kinds import Kind
from proxy.pseudonyms.erasable import FILE
from proxy.pseudonyms.keys import Keys
from proxy.pseudonyms.values import ValueSealer
from proxy.runtime import Runtime
from proxy.site import load_site
from proxy.store import open_store
from tests.proxy.rights.conftest import JSON, Scene, begun, sent


def everything(store):
    """All rows that may hold something of somebody: values, and notes about them."""
    notes = [(kind, *row) for kind in "ops" for row in store.notes.every(kind)]
    return list(store.values()), list(store.subjects()), notes


def opens(sealer, value) -> str | None:
    try:
        return sealer.open(value.ref, value.kind, value.sealed)
    except (Erased, StoreUnavailable):
        return None


def every_byte(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


def erase(scene: Scene, person) -> None:
    with scene.desk() as desk:
        desk.erase(desk.find(person.email)[0])


def used(scene: Scene, person) -> bytes:
    """Everything a person can leave behind, before they are erased; what the service holds."""
    with scene.open() as runtime:
        odd = person.full_name.swapcase()
        ruling = sent(runtime, {"name": person.full_name, "email": person.email})
        assert isinstance(ruling.decision, Forward)
        sent(runtime, {"work": f"de {odd}", "name": odd})  # spellings go to the vault
    with scene.desk() as desk:
        subject = desk.find(person.email)[0]
        desk.consent(subject, "self", None)
    return ruling.decision.body or b""


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
def moved(request, scene, tmp_path, monkeypatch):
    """The site on each sort of store; where the store's raw bytes are."""
    if request.param == "sqlite":
        yield scene, scene.root / "state"
        return
    from tests.proxy.store.conftest import RedisServer

    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    monkeypatch.setenv("PREAU_STORE_URL", server.url)
    import_files(scene.root, [scene.roster])
    try:
        yield scene, folder
    finally:
        server.kill()


def test_nothing_brings_an_erased_person_back(moved, tmp_path):
    """The adversary: all files afterwards, all keys left, copies of store, vault, notes and index
    from before. With the destroyed key the same copies open: the test can fail."""
    scene, place = moved
    person, other = scene.alone(), scene.alone("staff")
    held_by_service = used(scene, person)
    site = load_site(scene.root)
    with contextlib.closing(open_store(site.store_url)) as store:
        backup = everything(store)
    old_disk = tmp_path / "backup"
    shutil.copytree(place, old_disk)
    destroyed = tmp_path / "destroyed"
    shutil.copytree(site.keys_dir, destroyed)
    with scene.desk() as desk:
        subject = desk.find(person.email)[0]
        mine = {value.ref: value for value in desk.people.held(subject)}
        desk.erase(subject)
        gone = {ref for ref in mine if desk.store.get_values((ref,)) == [None]}
    assert gone >= {ref for ref, value in mine.items() if value.bearers == 1}
    assert len(gone) >= 5
    left = ValueSealer(Keys.load(site.keys_dir))
    thief = ValueSealer(Keys.load(destroyed))
    values, _, notes = backup
    for value in values:
        if value.ref in gone:
            assert opens(thief, value)
            assert opens(left, value) is None
        else:
            assert opens(left, value) == opens(thief, value)
    lost = [(k, ref) for k, ref, _ in notes if ref in gone or ref == subject.ref]
    assert {kind for kind, _ in lost} == {"p", "s"}
    for kind, ref, sealed in notes:
        if (kind, ref) in lost:
            assert thief.open_note(kind, ref, sealed)
            with pytest.raises(Erased):
                left.open_note(kind, ref, sealed)
    disk = every_byte(scene.root) + every_byte(place) + every_byte(old_disk)
    for text in (person.email, person.full_name, person.full_name.swapcase(), person.login):
        assert text.encode() not in disk
    with contextlib.closing(open_store(site.store_url)) as store:
        now, subjects, notes = everything(store)
        assert not gone & {value.ref for value in now}
        assert subject.ref not in {record.ref for record in subjects}
        assert not [note for note in notes if note[1] in gone or note[1] == subject.ref]
        names = [opens(left, v) for v in now if v.kind is Kind.GIVEN_NAME]
        assert None not in names
    with scene.open() as runtime:
        back = runtime.engine.restore(begun(runtime), JSON, held_by_service).decision
        assert isinstance(back, Forward)
        assert back.body == held_by_service
        assert runtime.snapshot().index.lookup(Kind.EMAIL, other.email)
        assert runtime.snapshot().index.lookup(Kind.EMAIL, person.email) is None


def test_old_vault_rows_are_noise(scene, tmp_path):
    """Spellings and strangers of the person in a copy of the vault."""
    person = scene.alone()
    used(scene, person)
    site = load_site(scene.root)
    with contextlib.closing(open_store(site.store_url)) as store, scene.desk() as desk:
        subject = desk.find(person.email)[0]
        refs = [r for v in subject.values for r in store.vault_tagged(v)]
        rows = dict(zip(refs, store.vault_get(refs), strict=True))
        assert rows
        thief = ValueSealer(Keys.load(site.keys_dir))
        for ref, row in rows.items():
            assert person.given_name.swapcase() in thief.open_row(ref, Kind.FULL_NAME, row)
        desk.erase(subject)
        left = ValueSealer(Keys.load(site.keys_dir))
        for ref, row in rows.items():
            with pytest.raises(Erased):
                left.open_row(ref, Kind.FULL_NAME, row)
        assert not any(store.vault_get(refs))


def test_a_backup_that_is_put_back_brings_the_others_only(scene, tmp_path):
    person, other = scene.alone(), scene.alone("staff")
    used(scene, person)
    state = scene.root / "state"
    backup = tmp_path / "backup"
    shutil.copytree(state, backup, ignore=lambda *_: {"keys"})
    erase(scene, person)
    for path in state.glob("preau.db*"):
        path.unlink()
    for path in backup.glob("preau.db*"):
        shutil.copy(path, state / path.name)
    shutil.rmtree(state / "directory")
    with scene.desk():
        pass  # makes the index here, not in a process of its own
    with scene.open() as runtime:
        index = runtime.snapshot().index
        assert index.lookup(Kind.EMAIL, other.email)
        assert index.lookup(Kind.EMAIL, person.email) is None
        assert isinstance(sent(runtime, {"name": person.full_name}).decision, Forward)
    with scene.desk() as desk:
        assert desk.find(person.email) == []


def test_what_others_bear_stays_theirs(scene, opened):
    one, other = scene.namesakes()[:2]
    with scene.open() as runtime:
        before = sent(runtime, {"name": other.full_name}).decision.body
    erase(scene, one)
    runtime = opened()
    assert sent(runtime, {"name": other.full_name}).decision.body == before
    index = runtime.snapshot().index
    assert index.lookup(Kind.EMAIL, other.email)
    assert index.lookup(Kind.EMAIL, one.email) is None


def test_a_roster_does_not_bring_somebody_back_unasked(scene):
    person = scene.alone()
    erase(scene, person)
    for _ in range(2):
        report = import_files(scene.root, [scene.roster])
        assert (report.erased, report.recreated, report.added) == (1, False, 0)
        with scene.desk() as desk:
            assert desk.find(person.email) == []
    elsewhere = import_files(scene.root, [scene.roster], source="another")
    assert elsewhere.erased == 1  # by INE, e-mail or login: not by the source's id alone
    again = import_files(scene.root, [scene.roster], accept_shrink=True)
    assert (again.erased, again.recreated, again.added) == (1, True, 1)
    assert import_files(scene.root, [scene.roster]).erased == 0
    with scene.desk() as desk:
        assert len(desk.find(person.email)) == 1


def test_a_dry_run_says_so_too(scene):
    erase(scene, scene.alone())
    assert import_files(scene.root, [scene.roster], dry_run=True).erased == 1


def test_every_machine_forgets_in_its_own_key_file(scene, opened, tmp_path):
    """A second machine: the same store, another folder of keys."""
    person = scene.alone()
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(scene.root, elsewhere)
    site = (elsewhere / "site.yaml").read_text()
    (elsewhere / "site.yaml").write_text(site + f"store: sqlite:{scene.root}/state/preau.db\n")
    with contextlib.closing(Runtime.open(elsewhere)) as runtime:
        with scene.desk() as desk:
            subject = desk.find(person.email)[0]
            desk.erase(subject)
        with opened_desk(elsewhere):
            pass  # makes the index here, not in a process of its own
        before = (elsewhere / "state/keys" / FILE).read_bytes()
        runtime.refresh()
        after = (elsewhere / "state/keys" / FILE).read_bytes()
    assert before != after
    keys = Keys.load(elsewhere / "state/keys")
    assert keys.tree.key(subject.ref) is None


def test_a_kill_at_any_step_leaves_nothing_half_known(scene, monkeypatch):
    """Killed after what is to be forgotten was written down: the next start carries it out."""
    person = scene.alone()
    with scene.desk() as desk:
        subject = desk.find(person.email)[0]

        def killed(*_args, **_kwargs):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("proxy.rights.erasing._forget_notes", killed)
            with pytest.raises(KeyboardInterrupt):
                desk.erase(subject)
    with scene.open() as runtime:
        back = sent(runtime, {"email": person.email}).decision
        assert isinstance(back, Forward)
    with scene.desk() as desk:
        (again,) = desk.find(subject.handle)
        assert not [v for v in desk.people.held(again) if v.bearers == 1]
        desk.erase(again)
        assert desk.find(subject.handle) == []
