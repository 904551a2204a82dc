"""The programs beyond Python: found in a form that serves, installed only where that is ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import tools


def program(folder: Path, name: str, says: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any program; ``.tools/bin`` is its own."""
    monkeypatch.setattr(tools, "BIN", tmp_path / ".tools" / "bin")
    monkeypatch.setattr(tools, "search_path", lambda: f"{tools.BIN}:{tmp_path / 'bin'}")
    return tmp_path


def test_any_of_a_tools_names_will_do(machine: Path) -> None:
    assert tools.find("chromium") is None
    path = program(machine / "bin", "google-chrome")
    assert tools.find("chromium") == str(path)


def test_a_curl_without_http2_is_as_good_as_none(machine: Path) -> None:
    program(machine / "bin", "curl", says="Features: IPv6 libz SSL")
    assert tools.find("curl") is None
    program(machine / "bin", "curl", says="Features: HTTP2 IPv6 libz SSL")
    assert tools.find("curl") is not None


def test_nothing_is_installed_without_the_right_to(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "can_install", lambda: False)
    monkeypatch.setattr(tools, "_apt", lambda *_, **__: pytest.fail("apt was called"))
    assert tools.provide(["redis-server", "promtool"]) == ["redis-server", "promtool"]


def test_what_is_there_is_not_installed_again(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(machine / "bin", "promtool")
    monkeypatch.setattr(tools, "can_install", lambda: True)
    monkeypatch.setattr(tools, "_apt", lambda *_, **__: pytest.fail("apt was called"))
    assert tools.provide(["promtool"]) == []


def test_a_package_that_would_start_a_service_is_never_installed(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(tools, "can_install", lambda: True)
    monkeypatch.setattr(tools, "_apt", lambda *words, **_: bool(calls.append(words)))
    tools.provide(list(tools.TOOLS))
    installed = {word for call in calls if "install" in call for word in call}
    assert installed & {"curl", "chromium", "redis-tools"}
    assert not installed & {"redis-server", "redis", "prometheus", "nginx", "slapd"}


def test_a_program_that_needs_its_package_is_started_with_the_packages_libraries(
    machine: Path,
) -> None:
    tree = machine / "a tree"
    program(tree / "usr" / "sbin", "slapd").write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH" "$@"\n')
    (tree / "usr" / "lib" / "ldap").mkdir(parents=True)
    (tree / "usr" / "lib" / "ldap" / "back_mdb.so").touch()
    starter = machine / "slapd"
    tools._write_starter(starter, tree, "usr/sbin/slapd")
    result = subprocess.run([starter, "-T", "a b"], capture_output=True, text=True, check=True)
    assert result.stdout == f"{tree / 'usr' / 'lib' / 'ldap'} -T a b\n"


def test_only_what_some_test_names_is_wanted() -> None:
    assert "redis-server" in tools.wanted()
    assert set(tools.wanted()) <= set(tools.TOOLS)


def test_the_list_names_every_tool(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(tools.TOOLS)


def test_an_unknown_tool_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["hammer"]) == 2
    assert "hammer" in capsys.readouterr().err
