"""The story: real traffic through a real gateway, told step by step, each promise checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from proxy.audit import query, verify
from proxy.demo.browser import Browser
from proxy.demo.cloud import BANK, SERVICE, TRACKER, UNKNOWN, Cloud
from proxy.demo.people import Person
from proxy.demo.screen import Screen
from proxy.demo.tamper import tampered_copies
from proxy.explaining import Question, explain
from proxy.runtime import Runtime


@dataclass(slots=True)
class Story:
    """Tells it; ``promises`` says afterwards which were kept."""

    screen: Screen
    text: dict[str, str]
    cloud: Cloud
    browser: Browser
    runtime: Runtime
    people: list[Person]
    scratch: Path
    promises: dict[str, bool] = field(default_factory=dict)

    def tell(self) -> bool:
        """All chapters; whether every promise was kept."""
        self._classwork()
        self._page()
        self._bank()
        self._refusal()
        self._audit()
        self._nothing_leaked()
        self.screen.chapter(self.text["promises"])
        for name, kept in self.promises.items():
            self.screen.check(self.text[name], kept, self.text["kept"], self.text["broken"])
        return all(self.promises.values())

    def _classwork(self) -> None:
        self.screen.chapter(self.text["exchange"])
        pupil, friend = self.people[0], self.people[1]
        work = {
            "student": {
                "name": pupil.full_name,
                "email": pupil.email,
                "birthDate": pupil.birth_date,
            },
            "text": f"Exposé préparé avec {friend.family_name.upper()} {friend.given_name}.",
        }
        sent = json.dumps(work, ensure_ascii=False)
        answer = self.browser.post_json(SERVICE, "/v1/classwork", sent)
        received = self.cloud.last(SERVICE).decode().rpartition("\n\n")[2]
        self.screen.row(self.text["sent"], sent, "33")
        self.screen.row(self.text["received"], received, "35")
        self.screen.row(self.text["back"], answer.body, "33")
        back = json.loads(answer.body) if answer.status == 200 else {}
        student = back.get("student", {})
        self.promises["p_restored"] = (
            back.get("text") == work["text"]
            and student.get("name") == pupil.full_name
            and student.get("email") == pupil.email
        )

    def _page(self) -> None:
        self.screen.chapter(self.text["page"])
        page = self.browser.get(SERVICE, "/")
        pupil, friend = self.people[0], self.people[1]
        shown = [name for name in (pupil.full_name,) if name in page.body]
        self.promises["p_page"] = bool(shown) and friend.given_name in page.body
        self.screen.row(self.text["page_names"], ", ".join(shown))
        url = f"https://{TRACKER}/collect.js?page=classe"
        blocked = self.browser.get(TRACKER, "/collect.js?page=classe", accept="*/*")
        why = explain(self.runtime.snapshot(), Question(url, "script", f"https://{SERVICE}/"))
        self.screen.row(self.text["blocked"], f"{url}  → {blocked.status} {blocked.body[:40]!r}")
        self.screen.row("", self.text["decided_by"].format(**why.document()))
        self.promises["p_blocked"] = (
            TRACKER not in self.cloud.connections and why.decision == "block"
        )

    def _bank(self) -> None:
        self.screen.chapter(self.text["bank"])
        issuer = self.browser.issuer(BANK)
        self.screen.row(BANK, self.text["bank_cert"].format(issuer=issuer))
        self.promises["p_tunnel"] = bool(issuer) and BANK in self.cloud.connections

    def _refusal(self) -> None:
        self.screen.chapter(self.text["refused"])
        answer = self.browser.get(UNKNOWN, "/", accept="application/json")
        error = json.loads(answer.body)["error"]
        incident = error["incident"]
        found = list(query(self.runtime.site.audit_dir, {"incident": incident}))
        self.screen.row(UNKNOWN, f"{answer.status} {error['reason']}", "31")
        self.screen.row("", error["message"])
        self.screen.row("", self.text["incident"].format(incident=incident))
        self.promises["p_refused"] = (
            answer.status == 403 and len(found) == 1 and UNKNOWN not in self.cloud.connections
        )

    def _audit(self) -> None:
        self.screen.chapter(self.text["audit"])
        self.runtime.audit.checkpoint()
        log = self.runtime.site.audit_dir
        report = verify(log)
        self.screen.line(self.text["verified"].format(count=report.events))
        self.promises["p_verified"] = report.ok
        self.screen.line(self.text["tampered"])
        caught = {}
        for name, copy in tampered_copies(log, self.scratch):
            result = verify(copy)
            caught[name] = not result.ok
            found = result.problems[0].message if result.problems else ""
            place = f"{self.text[name]} : {found}"
            self.screen.check(place, caught[name], self.text["caught"], self.text["missed"])
        self.promises["p_tampering"] = len(caught) == 4 and all(caught.values())

    def _nothing_leaked(self) -> None:
        values = {
            value
            for person in self.people[:2]
            for value in (person.full_name, person.email, person.family_name, person.national_id)
            if value
        }
        received = self.cloud.all_bytes().decode("utf-8", "replace").lower()
        log = b"".join(
            path.read_bytes() for path in self.runtime.site.audit_dir.rglob("*") if path.is_file()
        )
        written = log.decode("utf-8", "replace").lower()
        self.promises["p_no_identifier"] = not any(v.lower() in received for v in values)
        self.promises["p_log_clean"] = not any(v.lower() in written for v in values)
