"""Every verb of the command line is here: what it changes leaves an event, with whose account.

A verb that is new fails the first test until it stands in one of the two tables; one that
changes something fails the second until it leaves what its table says.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.audit import query
from proxy.cli import build_parser, main
from tests.sim.school import SERVICE, School

READS = {
    **dict.fromkeys(
        (
            "check", "test", "explain", "pac", "status", "doctor", "block log",
            "directory status", "lists status", "exception list", "keys status", "backup show",
            "audit verify", "audit query", "audit prove", "audit verify-proof", "canary report",
            "subject find", "report families", "report transfers", "report record", "report dpia",
            "report year", "report verify",
        ),
        "changes nothing and takes out nothing that is not a site's own text or figures",
    ),
    "audit checkpoint": "signs what is there; the log's own checkpoints say so",
    "directory build": "makes again what the directory's version already says",
    "witness status": "a witness's folder is no site",
    "witness init": "a witness's folder is no site: it keeps its own record",
    "witness watch": "a witness's folder is no site: it keeps its own record",
    "witness serve": "a witness's folder is no site: it keeps its own record",
    "demo": "makes a site of its own and throws it away",
    "audit follow": "sends what site.yaml asks for; each checkpoint it gives away is an event",
    "audit publish": "with words or a sheet prints the checkpoint; else checkpoint-published",
}  # fmt: skip
"""What leaves no event of its own, and why."""

LEAVES = {
    "init": "admin-act site-created",
    "keys init": "key-rotated",
    "keys rotate": "key-rotated",
    "ca init": "key-rotated",
    "ca export": "admin-act ca-export",
    "directory import": "directory-imported",
    "roster export": "roster-exported",
    "subject report": "subject-reported",
    "subject object": "objection-recorded",
    "subject withdraw": "objection-withdrawn",
    "subject consent": "consent-recorded",
    "subject erase": "subject-erased",
    "canary plant": "canary-planted",
    "canary list": "admin-act canary-list",
    "canary remove": "canary-planted",
    "lists update": "list-updated",
    "exception add": "exception-added",
    "exception revoke": "exception-revoked",
    "backup make": "admin-act site-backup",
    "backup restore": "admin-act site-restored",
    "pseudonymise": "admin-act pseudonymise",
    "restore": "admin-act restore",
    "audit prune": "admin-act audit-prune",
    "audit export": "admin-act audit-export",
    "report supplier": "evidence-made",
    "serve": "gateway-started",
    "upgrade": "admin-act gateway-upgraded",
}
"""What changes or takes out something, and what it leaves in the log."""

SHOWN_ELSEWHERE = {
    "serve": "tests/proxy/audit/test_audit_every_type.py",
    "upgrade": "tests/proxy/supervisor",
}
"""Wants a gateway that runs."""


def _leaves(parser: argparse.ArgumentParser, path: str = "") -> Iterator[str]:
    groups = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not groups:
        yield path
    for group in groups:
        for name, below in group.choices.items():
            yield from _leaves(below, f"{path} {name}".strip())


def test_no_verb_is_forgotten() -> None:
    there = set(_leaves(build_parser()))
    assert there == READS.keys() | LEAVES.keys()
    assert not READS.keys() & LEAVES.keys()


def _name(school: School, number: int) -> str:
    return school.people[number].full_name


def _scenario(school: School, out: Path) -> Iterator[tuple[str, list[str], Path]]:
    """Verb, its words, and whose log tells of it; in an order that makes sense."""
    root, new = school.root, out / "new"
    yield "init", [str(new)], new
    yield "keys init", [], new
    yield "keys rotate", ["--yes"], new
    yield "ca init", [], new
    yield "ca export", ["--output", str(out / "ca.pem")], root
    yield "directory import", [str(school.root.parent / "roster"), "--yes"], root
    yield "roster export", ["--service", SERVICE, "--output", str(out / "roster.zip")], root
    who = _name(school, 0)
    yield "subject report", [who, "--output", str(out / "report.html")], root
    yield "subject object", [who, "--service", SERVICE], root
    yield "subject withdraw", [who, "--service", SERVICE], root
    yield "subject consent", [who, "--give"], root
    yield "subject erase", [_name(school, 1), "--yes"], root
    yield "canary plant", ["-n", "1"], root
    yield "canary list", [], root
    yield "canary remove", [], root
    lists = out / "mirror"
    lists.mkdir()
    (lists / "easy.txt").write_text("! category: advertising\n||reklame.example^\n")
    yield "lists update", ["easy", "--from", str(lists / "easy.txt")], root
    yield "exception add", ["a.example", "--for", "1h", "--owner", "x", "--reason", "y",
                            "--id", "essai"], root  # fmt: skip
    yield "exception revoke", ["essai"], root
    (out / "passphrase").write_text("une phrase assez longue")
    secret = ["--passphrase-file", str(out / "passphrase")]
    yield "backup make", [str(out / "site.tar.gz"), "--keys", *secret], root
    yield "backup restore", [str(out / "site.tar.gz"), *secret], out / "restored"
    for verb in ("pseudonymise", "restore"):
        yield verb, ["--service", SERVICE], root
    yield "audit prune", [], root
    yield "audit export", [], root
    yield "report supplier", [SERVICE, "--out", str(out / "evidence.zip")], root


def _told(site: Path) -> list[tuple[str, bool]]:
    """Types (and acts) in the log, and whether each says whose account it was."""
    found = []
    for one in query(site / "state/audit"):
        words = [str(one.event["type"]), *(str(one.event[k]) for k in ("act",) if k in one.event)]
        found.append((" ".join(words), "operator" in one.event))
    return found


@pytest.mark.slow
def test_every_verb_that_changes_something_leaves_its_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    school = School(tmp_path, count=20)
    school.write(
        "lists/subscriptions.yaml",
        "subscriptions:\n"
        "  - {name: easy, url: 'https://lists.example/easy.txt', category: advertising}\n",
    )
    pack = school.root / f"services/{SERVICE}.yaml"
    pack.write_text(pack.read_text() + "roster: oneroster\n")
    done = set()
    for verb, words, site in _scenario(school, tmp_path):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
        before = len(_told(site)) if (site / "state/audit").is_dir() else 0
        where = [] if verb == "init" else ["--site", str(site)]
        assert main([*verb.split(), *words, *where]) == 0, (verb, capfd.readouterr())
        done.add(verb)
        if verb == "init":
            continue  # no key yet: the first words of the log that keys init begins tell of it
        new = _told(site)[before:]
        kinds = [kind for kind, _ in new]
        assert any(kind.startswith(LEAVES[verb]) for kind in kinds), (verb, new)
        if verb == "keys init":
            assert kinds[:2] == ["log-opened", LEAVES["init"]]
        assert all(said for kind, said in new if kind.startswith(LEAVES[verb])), (verb, new)
    assert done == LEAVES.keys() - SHOWN_ELSEWHERE.keys()
