"""Through the real gateway: the next request after an objection, its page, and what was written."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sim.api_cloud import Told, h1_cloud
from tests.sim.school import HOST, SERVICE, School
from tests.sim.served import inside


def asked(client, document, accept=b"text/html"):
    body = json.dumps(document).encode()
    lines = (
        b"POST /v1/classwork HTTP/1.1",
        b"Host: " + HOST.encode(),
        b"Accept: " + accept,
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
    )
    return client.ask(b"\r\n".join(lines) + b"\r\n\r\n" + body)


def test_the_next_request_is_refused_with_a_page_in_two_languages(tmp_path: Path) -> None:
    school = School(tmp_path, 30)
    names = [person.full_name for person in school.people]
    person = next(p for p in school.people if names.count(p.full_name) == 1 and p.kind == "pupil")
    with (
        h1_cloud(school.tls(), lambda _: Told.of({"ok": True})) as cloud,
        school.open_to(cloud) as opened,
        opened.client() as client,
    ):
        said = {"student": {"name": person.full_name}}
        status, _, _ = asked(client, said)
        assert b" 200 " in status
        words = ("subject", "object", person.email, "--service", SERVICE, "--site", school.root)
        assert inside(*words).returncode == 0
        opened.runtime.refresh()
        before = cloud.everything
        status, page, _ = asked(client, said)
        assert b" 403 " in status
        assert cloud.everything == before
        text = page.decode()
        assert "s'est opposée" in text.replace("&#x27;", "'")
        assert "objects to this service" in text
        incident = json.loads(asked(client, said, b"application/json")[1])["error"]
        assert incident["reason"] == "objection"
        assert person.full_name not in text
        metrics = opened.runtime.metrics.render().decode()
        assert person.family_name not in metrics
    log = b"".join(p.read_bytes() for p in (school.root / "state/audit").rglob("*") if p.is_file())
    assert b"objection-enforced" in log
    assert incident["incident"].encode() in log
    for value in (person.family_name, person.email, person.login):
        assert value.encode() not in log
