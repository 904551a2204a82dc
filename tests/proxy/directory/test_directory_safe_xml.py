"""Hostile XML: refused with the place and a reason, in little time and memory."""

from __future__ import annotations

import itertools
import resource
import socket
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from french_people import pupils
from french_writers import DOCTYPE, UAI, aaf, aaf_pupil, siecle_pupils, write_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.directory.importers import open_roster
from proxy.directory.importers import safe_xml as safe
from proxy.directory.importers.files import RosterFiles
from proxy.directory.subjects import Person
from proxy.errors import InputError

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LAUGHS = "".join(f'<!ENTITY l{index} "{f"&l{index - 1};" * 10}">' for index in range(1, 10))
GOOD = siecle_pupils(pupils(3))


def read(path: Path) -> list[Person]:
    roster = open_roster([path])
    try:
        return list(roster.persons())
    finally:
        roster.close()


def written(path: Path, *pieces: Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(itertools.chain(*pieces))
    return path


@pytest.mark.parametrize(
    ("internal", "value"),
    [
        (f'<!ENTITY l0 "lol">{LAUGHS}', "&l9;"),
        (f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 10_000),
        ('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
        ('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', "&x;"),
        ('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;', "x"),
        ('<!ELEMENT BEE_ELEVES ANY><!ATTLIST ELEVE ELEVE_ID CDATA "7">', "x"),
        ('<!NOTATION n SYSTEM "n">', "x"),
    ],
    ids=["billion-laughs", "quadratic", "file", "network", "parameter", "attlist", "notation"],
)
def test_a_document_type_that_declares_anything_is_refused(tmp_path, internal, value):
    text = GOOD.replace("<PRENOM>", f"<PRENOM>{value}", 1)
    path = write_xml(tmp_path / "e.xml", f"<!DOCTYPE BEE_ELEVES [{internal}]>{text}", "utf-8")
    began = time.process_time()
    with pytest.raises(InputError, match=r"e\.xml:2:\d+: declares .*do not trust"):
        read(path)
    assert time.process_time() - began < 1


def test_an_external_document_type_is_neither_fetched_nor_needed(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    (tmp_path / "x.dtd").write_text('<!ENTITY a "SECRET">')
    for system in ("http://127.0.0.1:9/x.dtd", str(tmp_path / "x.dtd"), "ficAlimMENESR.dtd"):
        text = aaf(aaf_pupil(one) for one in pupils(3))
        text = text.replace(DOCTYPE, f'<!DOCTYPE ficAlimMENESR SYSTEM "{system}">')
        assert len(read(write_xml(tmp_path / "a.xml", text, "utf-8"))) == 3


def test_an_entity_of_an_external_document_type_is_not_dropped_in_silence(tmp_path):
    text = aaf(aaf_pupil(one) for one in pupils(1)).replace("<value>Eleve", "<value>&eleve;Eleve")
    with pytest.raises(InputError, match=r"a\.xml:\d+:\d+: declares or uses an entity"):
        read(write_xml(tmp_path / "a.xml", text, "utf-8"))


def test_predefined_entities_and_character_references_are_read(tmp_path):
    text = GOOD.replace("<PRENOM>", "<PRENOM>A&amp;B&#233;&#x153; ", 1)
    assert read(write_xml(tmp_path / "e.xml", text, "utf-8"))[0].given_name.startswith("A&Béœ ")


@pytest.mark.parametrize("inside", [True, False])
def test_deep_nesting_is_refused(tmp_path, inside):
    deep = "<a>" * 1_000_000
    mark = "<PRENOM>" if inside else "<OPTIONS>"
    path = written(tmp_path / "e.xml", HEAD, GOOD.replace(mark, mark + deep, 1))
    with pytest.raises(InputError, match="nests more than"):
        read(path)


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        ("<X/>", "too large"),
        ("<X>abcdefgh</X>", "too large"),
        ("y" * 1000, "too large"),
        ("<!--" + "z" * 1000, "never ends"),
        ('<Q a="' + "b" * 1000, "never ends"),
    ],
    ids=["elements", "text", "one-text", "comment", "attribute"],
)
def test_a_record_without_measure_is_refused_in_flat_memory(tmp_path, piece, reason):
    start, end = GOOD.split("<PRENOM>", 1)
    middle = piece[:6] if reason == "never ends" else ""
    body = itertools.repeat(piece[len(middle) :], 20_000_000 // len(piece))
    path = written(tmp_path / "e.xml", HEAD, start, middle, body, "<PRENOM>", end)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=reason):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 << 10


def test_thousands_of_different_fields_are_refused(tmp_path):
    many = "".join(f"<X{index}>a</X{index}>" for index in range(5000))
    path = written(tmp_path / "e.xml", HEAD, GOOD.replace("<PRENOM>", f"{many}<PRENOM>", 1))
    with pytest.raises(InputError, match="different fields"):
        read(path)


def test_millions_of_elements_without_anybody_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(safe, "MAX_STRAY_ELEMENTS", 100_000)
    stray = itertools.repeat("<X/>\n", 200_000)
    path = written(tmp_path / "e.xml", HEAD, "<BEE_ELEVES>", stray, "</BEE_ELEVES>")
    with pytest.raises(InputError, match="without a person"):
        read(path)


def test_memory_stays_flat_however_many_people_a_file_has(tmp_path):
    one, other = GOOD.split("<ELEVES>\n", 1)
    record = other.split("</ELEVE>", 1)[0]
    people = (record.replace('"1000"', f'"{number}"') + "</ELEVE>" for number in range(24_000))
    path = written(
        tmp_path / "e.xml", HEAD, one, "<ELEVES>", people, "</ELEVES></DONNEES></BEE_ELEVES>"
    )
    files = RosterFiles([path])
    shape = safe.Shape(frozenset({"eleve"}))
    records = safe.read_records(files, "e.xml", shape)
    next(records)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in records) == 23_999
    assert path.stat().st_size > 10 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4 << 10


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD[: len(GOOD) // 2], "no element found|unclosed"),
        (GOOD.replace("</PRENOM>", "</PRENON>", 1), "mismatched tag"),
        (GOOD.replace("<PRENOM>", "<PRENOM>A & B", 1), "not well-formed"),
        (GOOD.replace("<PRENOM>", "<PRENOM>\x01", 1), "not well-formed"),
        (GOOD + "<more/>", "junk after"),
    ],
    ids=["cut-short", "misspelt", "ampersand", "control", "two-roots"],
)
def test_broken_xml_is_refused_with_line_and_column(tmp_path, text, place):
    path = write_xml(tmp_path / "e.xml", text, "utf-8")
    with pytest.raises(InputError, match=rf"e\.xml:\d+:\d+: not well-formed XML .*({place})"):
        read(path)


def test_bytes_that_are_of_no_encoding_are_refused(tmp_path):
    data = (HEAD + GOOD).encode().replace(b"<PRENOM>", b"<PRENOM>\x81\x8d\xff", 1)
    (tmp_path / "e.xml").write_bytes(data)
    with pytest.raises(InputError, match="not well-formed"):
        read(tmp_path / "e.xml")


def test_an_unknown_encoding_is_refused(tmp_path):
    path = tmp_path / "e.xml"
    path.write_bytes(b'<?xml version="1.0" encoding="no-such"?>' + GOOD.encode())
    with pytest.raises(InputError):
        read(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_is_an_input_error_or_people(tmp_path, data):
    whole = (HEAD + GOOD).encode("iso-8859-15")
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=20))
    path = tmp_path / "e.xml"
    path.write_bytes(whole[:at] + put + whole[at + cut :])
    try:
        people = read(path)
    except InputError:
        return
    assert len(people) <= 4


class TestArchives:
    def archive(self, path: Path, name: str, content: bytes) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return path

    @pytest.mark.parametrize("name", ["e.zip", "deep/AAF.TAR.GZ", "x.7z", "a.rar"])
    def test_an_archive_in_an_archive_is_refused(self, tmp_path, name):
        inner = self.archive(tmp_path / "inner.zip", "e.xml", b"<BEE_ELEVES/>").read_bytes()
        with pytest.raises(InputError, match="holds another archive"):
            read(self.archive(tmp_path / "outer.zip", name, inner))

    def test_another_kind_of_archive_is_named_as_such(self, tmp_path):
        (tmp_path / "aaf.tar.gz").write_bytes(b"\x1f\x8b\x08\0")
        with pytest.raises(InputError, match="not a zip archive; unpack it"):
            read(tmp_path / "aaf.tar.gz")

    def test_a_bomb_of_xml_is_refused(self, tmp_path):
        content = (HEAD + f"<BEE_ELEVES>{' ' * (40 << 20)}</BEE_ELEVES>").encode()
        with pytest.raises(InputError, match="beyond measure"):
            read(self.archive(tmp_path / f"{UAI}.zip", "e.xml", content))

    def test_a_name_that_leaves_the_archive_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="leave the archive"):
            read(self.archive(tmp_path / "r.zip", "../../ElevesSansAdresses.xml", b"<BEE_ELEVES/>"))
