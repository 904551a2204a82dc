"""A clock that jumps does not get the log deleted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from audit_adversary import open_log
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit import ClientKeys, make_event, query, serialise
from proxy.audit.lived import AWAY, DAYS, Lived, lived, note_lived
from proxy.audit.upkeep import Ended, end_retention
from proxy.site import Site, load_site

DAY = 86_400.0
NOW = 1_760_000_000.0


@given(steps=st.lists(st.floats(0, AWAY), max_size=40))
def test_a_gateway_that_runs_is_always_believed(steps: list[float]) -> None:
    now, state = NOW, Lived(NOW)
    for step in steps:
        now += step
        state = state.at(now)
        assert not state.days


@given(
    jump=st.floats(AWAY + 1, 400 * DAY),
    steps=st.lists(st.floats(60, DAY), min_size=1, max_size=60),
)
def test_after_a_jump_nothing_is_deleted_until_the_days_have_gone_by(
    jump: float, steps: list[float]
) -> None:
    now = NOW + jump
    began, state = now, Lived(NOW).at(now)
    assert state.days == 1
    assert state.gap == pytest.approx(jump)
    for step in steps:
        now += step
        state = state.at(now)
        if not state.days:
            break
    assert state.days or now - began >= (DAYS - 1) * 20 * 3600


def test_a_clock_that_is_put_right_is_believed_at_once() -> None:
    assert not Lived(NOW).at(NOW + 365 * DAY).at(NOW + DAY).days


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "site.yaml").write_text("site: Collège Essai\n")
    return load_site(tmp_path)


def end(site: Site, **options: bool) -> Ended:
    with open_log(site.audit_dir.parent) as log:
        return end_retention(site, log, ClientKeys(site.audit_dir / "client-keys"), **options)


def test_a_jump_of_a_year_leaves_log_and_keys(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    base = site.audit_dir.parent
    clients = ClientKeys(site.audit_dir / "client-keys")
    clients.hash("10.0.0.7", at=NOW)
    with open_log(base) as log:
        line = serialise(make_event("connection-denied", at=NOW, reason="no-sni"))
        log.append([line] * 1100).result(5)
    monkeypatch.setattr(time, "time", lambda: NOW + 60)
    note_lived(site.audit_dir, lived(site.audit_dir))
    monkeypatch.setattr(time, "time", lambda: NOW + 365 * DAY)
    held = end(site)
    assert held.held == pytest.approx(365 * DAY - 60)
    assert sum(1 for _ in query(site.audit_dir, {"type": "connection-denied"})) == 1100
    assert len(list((site.audit_dir / "client-keys").glob("*.key"))) == 1
    (told,) = query(site.audit_dir, {"type": "pruning-held"})
    assert told.event["milliseconds"] == pytest.approx((365 * DAY - 60) * 1000)
    done = end(site, believe_clock=True)
    assert done.pruned.deleted >= 1000
    assert not list((site.audit_dir / "client-keys").glob("2025-*.key"))


def test_without_a_note_the_log_itself_says_when_it_was(site: Site) -> None:
    with open_log(site.audit_dir.parent) as log:
        log.append([serialise(make_event("gateway-stopped", at=NOW))]).result(5)
        log.append([serialise(make_event("log-opened", at=NOW + 365 * DAY, size=2))]).result(5)
    assert lived(site.audit_dir, NOW + 365 * DAY).days == 1
    assert not lived(site.audit_dir, NOW + DAY).days


def test_damaged_notes_are_as_none(site: Site) -> None:
    site.audit_dir.mkdir(parents=True)
    (site.audit_dir / "lived.json").write_text("{")
    assert not lived(site.audit_dir, NOW).days
