"""A denied host's known script: refused all the same, and the page that waits for it lives."""

from __future__ import annotations

import pytest

from proxy.blocking.resources import SCRIPTS
from proxy.decisions import Refuse, Reply
from proxy.engine import Client
from proxy.runtime import Runtime
from tests.proxy.engine.conftest import head

CMP, PATH = "cdn.cookielaw.org", "/scripttemplates/otSDKStub.js"
PAGE = (b"origin", b"https://lesson.example")


def test_a_consent_banner_that_nobody_allowed_is_stood_in_for(
    runtime: Runtime, client: Client
) -> None:
    asked = head(target=PATH, host=CMP, headers=((b"sec-fetch-dest", b"script"), PAGE))
    ruling = runtime.engine.begin(asked, client)
    assert isinstance(ruling.decision, Reply)
    assert ruling.decision.status == 200
    assert ruling.decision.body == SCRIPTS["onetrust.js"].body
    assert PAGE[1] in dict(ruling.decision.headers).values()  # readable across sites
    (event,) = ruling.events
    assert (event["type"], event["reason"]) == ("request-refused", "unknown-service")
    assert ruling.exchange is None  # nothing goes on


@pytest.mark.parametrize(
    ("method", "path", "dest"),
    [
        ("GET", PATH, b"document"),
        ("GET", PATH, b"image"),
        ("POST", PATH, b"script"),
        ("GET", "/consent/logo.png", b"script"),
    ],
)
def test_anything_else_of_a_denied_host_is_refused_as_ever(
    runtime: Runtime, client: Client, method: str, path: str, dest: bytes
) -> None:
    asked = head(method, path, CMP, ((b"sec-fetch-dest", dest),))
    assert isinstance(runtime.engine.begin(asked, client).decision, Refuse)
