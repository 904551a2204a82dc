"""The habits that keep the house worth living in, held by a test and not by memory."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("proxy", "addons", "scripts")
MOST_LINES = 600
DOORS = ("frontends", "cli", "demo", "store", "outbound", "supervisor")
"""The rooms of the engine that may talk to the network: doors, commands, the store's Redis,
``outbound``, the calls that a site's settings ask for, and the supervisor, which listens for its
workers and talks to them over Unix sockets."""
LOCAL = ("proxy/audit/_ipc.py",)
"""The audit writer's Unix socket: between processes of one machine, never a network."""
CALLERS = (
    "proxy/directory/importers/ldap_server.py",
    "proxy/blocking/subscriptions/fetch.py",
)
"""What must ask a server: importers whose roster is one, and the fetching of block lists, which
only ``preau lists update`` does, in a process that serves nobody."""
NETWORK = {
    "socket",
    "socketserver",
    "ssl",
    "http.client",
    "http.server",
    "urllib.request",
    "httpx",
    "ldap3",
    "requests",
    "asyncio.open_connection",
    "asyncio.start_server",
}


@functools.cache
def tracked() -> tuple[Path, ...]:
    """What git knows or is about to know; all files where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        result = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git work tree")
    names = result.stdout.decode().split("\0")
    return tuple(sorted({ROOT / name for name in names if name and (ROOT / name).is_file()}))


def modules(*rooms: str) -> list[Path]:
    return [
        file
        for file in tracked()
        if file.suffix == ".py" and (not rooms or file.relative_to(ROOT).parts[0] in rooms)
    ]


def imported(file: Path) -> Iterator[str]:
    """Every module name that a file imports, at whatever depth of the code it does."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def where(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_no_module_outgrows_its_room() -> None:
    lengths = {where(f): len(f.read_text(encoding="utf-8").splitlines()) for f in modules()}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_the_engine_never_imports_mitmproxy() -> None:
    found = {
        where(file): name
        for file in modules("proxy")
        for name in imported(file)
        if name.split(".")[0] == "mitmproxy"
    }
    assert found == {}


def test_only_the_command_line_opens_the_mitmproxy_door() -> None:
    found = {
        where(file)
        for file in modules("proxy")
        for name in imported(file)
        if name.split(".")[0] == "addons"
    }
    assert {name for name in found if not name.startswith("proxy/cli/")} == set()


def test_the_engine_opens_no_sockets_outside_its_doors() -> None:
    found = {
        where(file): name
        for file in modules("proxy")
        if file.relative_to(ROOT).parts[1] not in DOORS
        and str(file.relative_to(ROOT)) not in (*LOCAL, *CALLERS)
        for name in imported(file)
        if name in NETWORK
    }
    assert found == {}


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        where(file)
        for file in modules(*ROOMS)
        if file.name == "__init__.py"
        and not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_room_is_named_for_nothing() -> None:
    nothing = {"utils", "util", "helpers", "helper", "misc", "models"}
    assert [where(f) for f in modules(*ROOMS) if {f.stem, f.parent.name} & nothing] == []


def test_nothing_is_left_unfinished_or_switched_off() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX)\b")
    assert [where(f) for f in modules(*ROOMS) if words.search(f.read_text("utf-8"))] == []


# Spelled in pieces, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    r"(?<![\w.])/(?:root|work|home/[a-z]\w*)/|/tmp/venv"  # paths of one machine
    r"|pyenv/versions/\d|--(?:extra-)?index"
    + r"-url|index-url *=|//pypi\.|files\.python"
    + "hosted"
)


@pytest.mark.parametrize(
    "text",
    [
        "/ro" + "ot/x",
        "cd /wo" + "rk/main",
        "/ho" + "me/ada/preau",
        "pip --index" + "-url x",
        "https:/" + "/pypi.example/simple",
    ],
)
def test_the_pattern_for_machine_paths_bites(text: str) -> None:
    assert FORBIDDEN.search(text)


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for file in tracked():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text
        if file == Path(__file__):
            continue
        found += [
            f"{where(file)}:{number}"
            for number, line in enumerate(text.splitlines(), 1)
            if FORBIDDEN.search(line)
        ]
    assert found == []
