"""What a blocked request is answered with, as the gateway, ``preau explain`` and tests ask it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from proxy.blocking import Blocker, ListFile, RequestFacts, RequestType, build
from proxy.engine.decide import View, decide_url
from proxy.policy.model import HostVerdict, RuleRef, Treatment
from proxy.policy.policy import Policy
from proxy.reasons import Reason

RULES = """||tracker.example^
||tracker.example/known.js$script,redirect=matomo.js
@@||tracker.example/spared.js
"""
SCRIPT = RequestFacts(RequestType.SCRIPT, False, "lesson.school")
PAGE = RequestFacts(RequestType.DOCUMENT, True, "")


class OneTreatment:
    """A policy that treats every host alike."""

    def __init__(self, treatment: Treatment) -> None:
        self.said = HostVerdict(treatment, RuleRef("site.yaml", 1, "x"), None, "unknown-service")

    def verdict(self, host: str) -> HostVerdict:
        return self.said


@pytest.fixture(scope="module")
def blocker(tmp_path_factory: pytest.TempPathFactory) -> Blocker:
    path = tmp_path_factory.mktemp("lists") / "l.txt"
    path.write_text(RULES)
    return build([ListFile("l", Path(path), "lists/block/l.txt")])


@pytest.mark.parametrize("treatment", [Treatment.DENY, Treatment.TUNNEL])
@pytest.mark.parametrize(
    ("path", "facts", "line", "redirect"),
    [
        ("known.js", SCRIPT, 2, "matomo.js"),
        ("other.js", SCRIPT, 1, ""),
        ("spared.js", SCRIPT, 1, ""),  # an exception on a URL does not open a host we do not know
        ("known.js", PAGE, 1, ""),
    ],
)
def test_a_blocked_host_is_answered_as_its_finer_rule_says(
    blocker: Blocker, treatment: Treatment, path: str, facts: RequestFacts, line: int, redirect: str
) -> None:
    policy = cast(Policy, OneTreatment(treatment))
    url = f"https://tracker.example/{path}"
    verdict = decide_url(View(policy, blocker), "tracker.example", url, facts)
    assert verdict.reason is Reason.TRACKER_BLOCKED
    assert verdict.block is not None
    assert (verdict.block.line, verdict.block.redirect) == (line, redirect)
