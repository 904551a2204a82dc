"""Whose account did it stands in every act; a session's first act is led by its log-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.audit import ClientKeys, make_event, open_audit, query
from proxy.audit import operators as module
from proxy.audit.operators import Operator, account, name_of, session


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "session", lambda: "kernel:7")
    return tmp_path


def acted(base: Path, *acts: str, **who: str) -> list[int]:
    operator = Operator(ClientKeys(base / "keys"), base / "operators", "gw1")
    with open_audit(
        base / "audit", key_path=base / "key.pem", origin="preau.example/o", operator=operator
    ) as log:
        return [log.record_sync([make_event("admin-act", act=act, **who)]) for act in acts]


def types(base: Path) -> list[str]:
    return [
        str(one.event["type"])
        for one in query(base / "audit")
        if not str(one.event["type"]).startswith("log-")
    ]


def test_the_first_act_of_a_session_is_led_by_its_login(base: Path) -> None:
    acted(base, "one", "two")
    acted(base, "three")
    assert types(base) == ["console-login", "admin-act", "admin-act", "admin-act"]


def test_another_session_logs_in_again(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acted(base, "one")
    monkeypatch.setattr(module, "session", lambda: "kernel:8")
    acted(base, "two")
    assert types(base) == ["console-login", "admin-act"] * 2


def test_a_job_without_a_session_logs_in_nowhere_but_has_its_account(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "session", lambda: "")
    acted(base, "one")
    (found,) = query(base / "audit", {"type": "admin-act"})
    assert found.event["operator"] in ClientKeys(base / "keys").hashes(name_of(account()))


def test_an_account_is_found_by_its_number_and_stands_nowhere_in_clear(base: Path) -> None:
    acted(base, "one")
    mine = ClientKeys(base / "keys").hashes(name_of(account()))
    others = ClientKeys(base / "keys").hashes(name_of(account() + 1))
    hashed = {one.event.get("operator") for one in query(base / "audit")} - {None}
    assert hashed == mine
    assert not hashed & others


def test_the_index_is_that_of_the_act_and_not_of_the_login(base: Path) -> None:
    (index,) = acted(base, "one")
    assert next(query(base / "audit", {"type": "admin-act"})).index == index


def test_traffic_has_no_operator(base: Path) -> None:
    operator = Operator(ClientKeys(base / "keys"), base / "operators")
    event = make_event("request-refused", reason="no-sni", incident="abcdef-0")
    assert operator.complete([event]) == [event]
    assert "operator" not in event


def test_the_kernel_says_who_logged_in_else_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {"loginuid": 1007, "sessionid": 3}
    monkeypatch.setattr(module, "_kernel_says", said.get)
    assert (account(), session()) == (1007, "kernel:3")
    said.clear()
    assert account() == os.getuid()


IN_A_TERMINAL = """
import os, pty, sys
from proxy.audit import operators
operators._kernel_says = lambda name: None
child, terminal = pty.fork()
if child == 0:
    os._exit(0 if operators.session().startswith(f"terminal:{os.getpid()}:") else 1)
sys.exit(os.waitpid(child, 0)[1])
"""


def test_a_session_of_a_terminal_is_its_leader() -> None:
    assert subprocess.run([sys.executable, "-c", IN_A_TERMINAL], timeout=60).returncode == 0
