"""The examples of docs/rosters.md are read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.directory.exporters import FORMATS as EXPORTED
from proxy.directory.importers import FORMATS, open_roster
from proxy.directory.importers.description import Description
from proxy.directory.importers.files import RosterFiles
from proxy.directory.importers.ldap import LdapFile

TEXT = (Path(__file__).parents[3] / "docs" / "rosters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:yaml)?\n(.*?)```", TEXT, re.DOTALL)


def block(start: str) -> str:
    (found,) = [text for text in BLOCKS if text.startswith(start)]
    return found


def test_the_mapping_file_maps(tmp_path):
    (tmp_path / "eleves.yaml").write_text(block("roster: csv"), encoding="utf-8")
    (tmp_path / "eleves.csv").write_text(
        "N° interne;Nom;Prénom;Prénom 2;Nom d'usage;Né(e) le;Mél élève;Classe\n"
        "1;Le Gall;Zoé;Rose;Duval;05/04/2013;z@c.example;6B\n",
        encoding="utf-8",
    )
    roster = open_roster([tmp_path / "eleves.csv", tmp_path / "eleves.yaml"])
    (zoe,) = roster.persons()
    assert (zoe.given_name, zoe.other_family, zoe.classes) == ("Zoé", ("Duval",), ("6B",))


def test_the_description_of_a_server_is_whole(tmp_path):
    (tmp_path / "annuaire.yaml").write_text(block("roster: ldap"), encoding="utf-8")
    files = RosterFiles([tmp_path / "annuaire.yaml"])
    assert FORMATS["ldap"].detect(files)
    assert Description(files, LdapFile).written.schema_.value == "scribe"


def test_the_simple_csv_is_one(tmp_path):
    (tmp_path / "r.csv").write_text(block("id,kind,"), encoding="utf-8")
    roster = open_roster([tmp_path / "r.csv"])
    assert (roster.format, len(list(roster.persons()))) == ("csv", 2)


@pytest.mark.parametrize("name", sorted({*FORMATS, *EXPORTED}))
def test_every_format_is_named(name):
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("model", LdapFile.model_fields.values(), ids=LdapFile.model_fields)
def test_every_key_of_a_description_is_explained(model, request):
    name = request.node.callspec.id.removesuffix("_")
    assert name in TEXT
