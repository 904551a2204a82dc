"""``@pytest.mark.needs("redis-server")``: a test that drives a program beyond Python.

On a person's machine such a test is skipped when the program is missing, and the run names
it at the end with what to install. In CI a missing program is a failure: a gate that skips
what it cannot run is no gate.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scripts import tools

FIXTURES = {"redis_server": "redis-server"}
"""Fixtures that need a tool themselves: a test that asks for one need not say so again."""

PROPERTY = "needs-missing"


def pytest_configure(config: pytest.Config) -> None:
    """Let tests start the programs that ``make test`` put into ``.tools`` by their plain name."""
    os.environ["PATH"] = tools.search_path()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the users of a fixture that needs a tool."""
    for item in items:
        for fixture in set(FIXTURES) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.needs(FIXTURES[fixture]))


def missing(item: pytest.Item) -> list[str]:
    """The tools that this test needs and this machine lacks."""
    named = {name for mark in item.iter_markers("needs") for name in mark.args}
    if unknown := named - set(tools.TOOLS):
        raise pytest.UsageError(f"{item.nodeid}: no tool {sorted(unknown)} in scripts/tools.py")
    return sorted(name for name in named if _find(name) is None)


_found: dict[str, str | None] = {}


def _find(name: str) -> str | None:
    if name not in _found:
        _found[name] = tools.find(name)
    return _found[name]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop a test that cannot run before any of its fixtures starts something."""
    lacking = missing(item)
    if not lacking:
        return
    item.user_properties.append((PROPERTY, ", ".join(lacking)))
    text = f"needs {', '.join(lacking)}: install " + "; ".join(
        tools.TOOLS[name].hint for name in lacking
    )
    if os.environ.get("CI") == "true":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def _could_not_run(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, list[str]]]:
    for kind in ("skipped", "error"):
        for report in reporter.stats.get(kind, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    yield report.nodeid, value.split(", ")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each test that could not run, and what to install."""
    rows = sorted(_could_not_run(terminalreporter))
    if not rows:
        return
    terminalreporter.section(f"could not run: {len(rows)}", sep="-")
    for test, names in rows:
        hints = "; ".join(tools.TOOLS[name].hint for name in names)
        terminalreporter.line(f"{test}: needs {', '.join(names)}. Install {hints}.")
