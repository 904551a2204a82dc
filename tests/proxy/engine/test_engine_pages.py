"""Refusals say why, in two languages, with an id, and nothing that can break out of the page."""

from __future__ import annotations

import json

import pytest

from proxy.engine.pages import refusal
from proxy.reasons import Reason
from proxy.site import Contact

WHO = Contact("Le référent", "referent@lycee.example")


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("accept", ["text/html,*/*", "application/json", "text/css", ""])
def test_every_reason_in_every_form(reason: Reason, accept: str) -> None:
    reply = refusal(reason, "ABCD-EFGH", accept, WHO)
    text = reply.body.decode()
    for part in (reason.value, "ABCD-EFGH"):
        assert part in text
    assert 400 <= reply.status <= 599
    assert dict(reply.headers)[b"cache-control"] == b"no-store"
    assert dict(reply.headers)[b"content-length"] == str(len(reply.body)).encode()


def test_the_page_says_whom_to_ask() -> None:
    page = refusal(Reason.UNKNOWN_SERVICE, "ABCD-EFGH", "text/html", WHO, "x.example").body.decode()
    assert "referent@lycee.example" in page
    assert "x.example" in page
    assert 'lang="fr"' in page
    assert 'lang="en"' in page


def test_a_hostile_host_does_not_break_out() -> None:
    page = refusal(Reason.UNKNOWN_SERVICE, "A", "text/html", WHO, "<script>alert(1)</script>").body
    assert b"<script>" not in page


def test_programs_get_json() -> None:
    error = json.loads(refusal(Reason.OPAQUE_CONTENT, "A", "application/json", WHO).body)["error"]
    assert error["reason"] == "opaque-content"
    assert error["code"] == 403
