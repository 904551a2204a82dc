"""Formats in formats, chosen by hypothesis: no identifier survives, every answer comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from proxy.demo.people import cast
from proxy.runtime import Runtime
from tests.adversary.fuzzing import Target, build
from tests.leak.spellings import Author
from tests.sim.school import School

PEOPLE = cast(60)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    school = School(tmp_path_factory.mktemp("fuzz"), 150)
    with contextlib.closing(Runtime.open(school.root)) as runtime:
        yield Target(school, runtime)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=12, max_size=40))
@example(b"")
def test_no_identifier_survives_any_nesting_or_damage(target: Target, data: bytes) -> None:
    verdict = target.attempt(data)
    # Three formats deep an answer may come back escaped once too often: the threat model says so.
    assert not verdict or ": not restored" in verdict or ": not exact" in verdict, verdict


def test_the_fuzzer_reaches_deep_and_broken_requests(target: Target) -> None:
    cases = [build(bytes([i, i * 7 % 256] * 20), Author(PEOPLE)) for i in range(256)]
    assert max(len(case.layers) for case in cases) == 4
    assert {case.broken for case in cases} == {True, False}
    assert len({case.layers[0].name for case in cases}) > 10


def test_the_judge_sees_a_leak(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the engine's work undone, the very same attempt must fail."""
    monkeypatch.setattr("proxy.engine.protect.ProtectVisitor.text", lambda self, text: [])
    monkeypatch.setattr("proxy.engine.protect.ProtectVisitor.field", lambda self, rule, text: None)
    assert "LEAK" in target.attempt(b"")
