"""The exceptions file is edited as a person would: remarks stay, and nothing is left broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import InputError
from proxy.timetable import Entry
from proxy.timetable.editing import Draft, ExceptionsFileEditor

OLD = """\
# remark at the head
exceptions:   # remark beside

  # one of last year
  - id: old
    hosts: [a.example]   # why not
    blocking: off
    owner: X
    reason: y
    from: 2026-11-20 10:00
    until: 2026-11-20 11:00
  - {id: flow, hosts: b.example, blocking: off, owner: X, reason: y, from: 2026-11-20 10:00,
     until: 2026-11-20 11:00}
# remark at the end"""


def draft(name: str = "new", owner: str = "Somebody", reason: str = "to test") -> Draft:
    return Draft(
        name,
        {
            "hosts": ["*.c.example"],
            "blocking": "off",
            "who": {"groups": ["pupils"]},
            "owner": owner,
            "reason": reason,
            "from": "2026-11-24 10:00",
            "until": "2026-11-24 11:00",
        },
    )


def nothing(_entry: Entry) -> None:
    pass


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("old", [OLD, "", "# only a remark\n", "exceptions:\n", OLD + "\n"])
def test_what_was_there_stays_byte_for_byte(tmp_path: Path, old: str, newline: str) -> None:
    path = tmp_path / "exceptions.yaml"
    before = old.replace("\n", newline).encode()
    path.write_bytes(before)
    path.chmod(0o640)
    entry = ExceptionsFileEditor(tmp_path, {}).add(draft(), nothing)
    after = path.read_bytes()
    assert after.startswith(before)
    assert (entry.name, entry.what.hosts) == ("new", ("*.c.example",))
    assert path.stat().st_mode & 0o777 == 0o640
    assert b"\r\n" not in after or b"\n" not in after.replace(b"\r\n", b"")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["old", "flow"])
def test_revoking_adds_one_mark_and_nothing_else(tmp_path: Path, name: str, newline: str) -> None:
    path = tmp_path / "exceptions.yaml"
    before = OLD.replace("\n", newline)
    path.write_bytes(before.encode())
    entry = ExceptionsFileEditor(tmp_path, {}).revoke(name, "2026-11-20 10:30:00", nothing)
    assert entry.terms is not None
    assert entry.terms.revoked < entry.terms.ends
    after = path.read_bytes().decode()
    mark = r'( *revoked: "2026-11-20 10:30:00"\r?\n|revoked: "2026-11-20 10:30:00", )'
    assert re.sub(mark, "", after) == before
    with pytest.raises(InputError, match="already"):
        ExceptionsFileEditor(tmp_path, {}).revoke(name, "2026-11-20 10:31:00", nothing)


@pytest.mark.parametrize(
    "broken",
    ["exceptions: [", "exceptions:\n - {id: a}\n", "exceptions: []\n", "exceptions: [{id: a}]\n"],
)
def test_a_file_that_cannot_be_edited_is_left_as_it_is(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "exceptions.yaml"
    path.write_text(broken)
    with pytest.raises(InputError):
        ExceptionsFileEditor(tmp_path, {}).add(draft(), nothing)
    assert path.read_text() == broken
    assert [one.name for one in tmp_path.iterdir()] == ["exceptions.yaml"]


def test_an_act_that_cannot_be_recorded_does_not_take_place(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.yaml"
    path.write_text(OLD)

    def refuse(_entry: Entry) -> None:
        raise InputError("the log is full")

    editor = ExceptionsFileEditor(tmp_path, {})
    with pytest.raises(InputError, match="full"):
        editor.add(draft(), refuse)
    with pytest.raises(InputError, match="full"):
        editor.revoke("old", "2026-11-20 10:30:00", refuse)
    assert path.read_text() == OLD
    assert [one.name for one in tmp_path.iterdir()] == ["exceptions.yaml"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [(draft("old"), "taken"), (draft(reason="a\nb: c"), "one line"), (draft(owner=" "), "text")],
)
def test_what_would_not_be_valid_is_refused(tmp_path: Path, changed: Draft, why: str) -> None:
    path = tmp_path / "exceptions.yaml"
    path.write_text(OLD)
    with pytest.raises(InputError) as raised:
        ExceptionsFileEditor(tmp_path, {}).add(changed, nothing)
    assert why in f"{raised.value} {raised.value.problems}"
    assert path.read_text() == OLD


@settings(max_examples=60, deadline=None)
@given(owner=st.text(min_size=1, max_size=40), reason=st.text(min_size=1, max_size=40))
def test_no_words_of_a_person_become_anything_but_words(
    tmp_path_factory: pytest.TempPathFactory, owner: str, reason: str
) -> None:
    folder = tmp_path_factory.mktemp("words")
    try:
        entry = ExceptionsFileEditor(folder, {}).add(draft(owner=owner, reason=reason), nothing)
    except InputError:
        assert not (folder / "exceptions.yaml").exists()
        return
    assert entry.terms is not None
    assert entry.terms.owner == " ".join(owner.split())
    assert entry.terms.reason == " ".join(reason.split())
    assert entry.who.groups == {"pupils"}
