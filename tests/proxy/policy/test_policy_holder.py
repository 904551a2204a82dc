"""A policy is applied whole or not at all, and the last good one stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.errors import InputError
from proxy.policy import holder as holder_module
from proxy.policy.holder import PolicyHolder
from proxy.policy.model import Treatment


@pytest.fixture
def holder(root: Path, write_service) -> PolicyHolder:
    write_service("one", "a.example.com")
    write_service("two", "b.example.com", more="fields:\n- {at: '**.mail', is: email}\n")
    return PolicyHolder(root, settle=0, environ={})


def test_nothing_changed_is_nothing_to_do(holder: PolicyHolder) -> None:
    before = holder.current
    assert holder.reload_if_changed() is None
    assert holder.current is before


def test_a_good_change_replaces_the_policy_and_compiles_only_what_changed(
    holder: PolicyHolder, write_service
) -> None:
    before = holder.current
    write_service("one", "a.example.com", "deny")
    outcome = holder.reload_if_changed()
    assert outcome is not None
    assert outcome.applied
    assert outcome.digest == holder.current.digest != before.digest
    assert holder.current.verdict("a.example.com").treatment is Treatment.DENY
    assert before.verdict("a.example.com").treatment is Treatment.INSPECT
    assert holder.current.services["two"] is before.services["two"]
    assert holder.reload_if_changed() is None


def test_a_broken_change_keeps_the_last_good_policy_and_is_told_once(
    holder: PolicyHolder, root: Path
) -> None:
    before = holder.current
    (root / "services" / "two.yaml").write_text("service: two\ntitel: x\n")
    outcome = holder.reload_if_changed()
    assert outcome is not None
    assert not outcome.applied
    assert outcome.digest == before.digest
    assert any("did you mean 'title'?" in str(problem) for problem in outcome.problems)
    assert holder.current is before
    assert holder.reload_if_changed() is None


def test_mending_a_broken_change_applies_it(
    holder: PolicyHolder, root: Path, write_service
) -> None:
    (root / "site.yaml").write_text("site: [")
    assert not holder.reload_if_changed().applied
    (root / "site.yaml").write_text("site: Mended\n")
    assert holder.reload_if_changed().applied
    assert holder.current.site.name == "Mended"


@pytest.mark.parametrize("gone", ["site.yaml", "services/one.yaml"])
def test_a_file_that_goes_away_is_a_change(holder: PolicyHolder, root: Path, gone: str) -> None:
    (root / gone).unlink()
    outcome = holder.reload_if_changed()
    assert outcome.applied == (gone != "site.yaml")
    assert ("one" in holder.current.services) == (gone == "site.yaml")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(data=st.data())
def test_no_half_written_file_is_ever_applied_while_it_is_written(
    data: st.DataObject, root: Path, write_service
) -> None:
    """Any beginning of a file may be on disk while an editor writes: it must rest first."""
    write_service("one", "a.example.com")
    path = write_service("two", "b.example.com", more="fields:\n- {at: '**.mail', is: email}\n")
    whole = path.read_bytes()
    now = [os.stat(path).st_mtime + 1_000]
    holder = PolicyHolder(root, settle=5, environ={}, clock=lambda: now[0])
    before = holder.current
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    now[0] = os.stat(path).st_mtime + data.draw(st.floats(0, 4.9))
    assert holder.reload_if_changed() is None
    assert holder.current is before
    path.write_bytes(whole)
    now[0] = os.stat(path).st_mtime + 6
    outcome = holder.reload_if_changed()
    assert outcome is None or outcome.applied
    assert holder.current.digest == before.digest


def test_files_that_change_while_they_are_read_are_read_again(
    holder: PolicyHolder, root: Path, write_service, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = holder.current
    real = holder_module.read_policy

    def read_and_change(*args):
        reading = real(*args)
        write_service("three", "c.example.com")
        return reading

    write_service("one", "a.example.com", "deny")
    monkeypatch.setattr(holder_module, "read_policy", read_and_change)
    assert holder.reload_if_changed() is None
    assert holder.current is before
    monkeypatch.setattr(holder_module, "read_policy", real)
    assert holder.reload_if_changed().applied
    assert set(holder.current.services) == {"one", "two", "three"}


def test_a_clock_that_goes_back_does_not_stop_reloads(root: Path, write_service) -> None:
    path = write_service("one", "a.example.com")
    holder = PolicyHolder(root, settle=5, environ={}, clock=lambda: 0.0)
    path.write_text(path.read_text() + "# changed\n")
    assert holder.reload_if_changed().applied


def test_an_administrator_may_reload_at_once(root: Path, write_service) -> None:
    path = write_service("one", "a.example.com")
    holder = PolicyHolder(root, settle=1e6, environ={})
    path.write_text(path.read_text() + "# changed\n")
    assert holder.reload_if_changed() is None
    assert holder.reload().applied


def test_settings_that_need_a_restart_are_named(holder: PolicyHolder, root: Path) -> None:
    (root / "site.yaml").write_text("site: Test\nlisten: 127.0.0.1:9999\nlanguage: en\n")
    assert holder.reload_if_changed().restart_for == ("listen",)


def test_a_holder_never_starts_with_a_broken_policy(root: Path) -> None:
    (root / "site.yaml").write_text("site:\n")
    with pytest.raises(InputError):
        PolicyHolder(root, environ={})
