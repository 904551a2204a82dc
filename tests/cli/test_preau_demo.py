"""``preau demo --once``: every promise kept, in two languages; a broken one is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proxy.cli import main
from proxy.demo import story
from proxy.demo.texts import texts
from proxy.engine.protect import ProtectVisitor
from tests.sim.served import environment, preau

PROMISES = [name for name in texts("en") if name.startswith("p_")]


def environment_of(language: str | None) -> dict[str, str]:
    kept = {k: v for k, v in environment().items() if k != "LANG" and not k.startswith("LC_")}
    return kept if language is None else kept | {"LANG": language}


@pytest.mark.parametrize(("language", "expected"), [(None, "en"), ("fr_FR.UTF-8", "fr")])
def test_every_promise_is_kept(language: str | None, expected: str) -> None:
    done = preau("demo", "--once", env=environment_of(language))
    assert (done.returncode, done.stderr) == (0, b"")
    told, text = done.stdout.decode(), texts(expected)
    for name in PROMISES:
        assert re.search(rf"✔ {text['kept']} +{re.escape(text[name])}", told), name
    assert text["broken"] not in told
    assert told.count(f"✔ {text['caught']}") == 4
    assert "\x1b" not in told  # not a terminal: no colour


def nothing_protected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProtectVisitor, "field", lambda *_: None)
    monkeypatch.setattr(ProtectVisitor, "text", lambda *_: [])


def nothing_tampered(monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(log: Path, _: Path) -> Iterator[tuple[str, Path]]:
        for name in ("edit", "delete", "insert", "truncate"):
            yield name, log

    monkeypatch.setattr(story, "tampered_copies", whole)


@pytest.mark.parametrize(
    ("sabotage", "promise"),
    [(nothing_protected, "p_no_identifier"), (nothing_tampered, "p_tampering")],
)
def test_one_broken_promise_is_told_and_is_1(
    sabotage: Callable[[pytest.MonkeyPatch], None],
    promise: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sabotage(monkeypatch)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert main(["demo", "--once"]) == 1
    text = texts("en")
    broken = re.findall(rf"✘ {text['broken']} +(.+)", capsys.readouterr().out)
    assert broken == [text[promise]]


def test_both_languages_say_everything() -> None:
    fr, en = texts("fr_FR.UTF-8"), texts("C")
    assert fr.keys() == en.keys()
    assert all(fr[name] and en[name] for name in fr)
    placeholders = re.compile(r"\{\w+\}")
    for name in fr:
        assert sorted(placeholders.findall(fr[name])) == sorted(placeholders.findall(en[name]))
