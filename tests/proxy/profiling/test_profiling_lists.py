"""The lists of first-party telemetry: what they block, and what must never be."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.blocking import Blocker, RequestType, build, discover
from proxy.blocking.lists import DEMANDED

LISTS = Path(__file__).parents[3] / "policies" / "lists" / "block"

REPORTS = """
https://play.google.com/log?format=json&hasfast=true&authuser=0
https://www.google.com/gen_204?atyp=i&ei=x
https://www.google.fr/client_204?cs=1
https://ssl.gstatic.com/gen_204?x
https://csi.gstatic.com/csi?v=2
https://csp.withgoogle.com/csp/report-to/x
https://contacts.google.com/_/ContactsUi/jserror?script=x
https://docs.google.com/document/d/1aB/logImpressions?id=1
https://clients4.google.com/uma/v2
https://clients4.google.com/ukm
https://www.youtube.com/api/stats/watchtime?ns=yt
https://www.youtube.com/api/stats/qoe?fmt=1
https://www.youtube.com/ptracking?html5=1
https://www.youtube-nocookie.com/youtubei/v1/log_event?alt=json
https://eu-teams.events.data.microsoft.com/OneCollector/1.0/?cors=true
https://browser.pipe.aria.microsoft.com/Collector/3.0/?qsp=true
https://eu-mobile.pipe.aria.microsoft.com/Collector/3.0/
https://web.vortex.data.microsoft.com/collect/v1
https://v10.vortex-win.data.microsoft.com/collect/v1
https://watson.telemetry.microsoft.com/Telemetry.Request
https://nexusrules.officeapps.live.com/nexus/rules
https://own.example/OneCollector/1.0/?x=1
https://www.bing.com/fd/ls/l?IG=x
https://chatgpt.com/ces/v1/t
https://ab.chatgpt.com/v1/rgstr
https://chat.mistral.ai/api/trpc/event.sendEventToDatalake?batch=1
https://chat.mistral.ai/api/trpc/event.sendEventToDatalake,event.sendEventToDatalake?batch=1
https://statsig.anthropic.com/v1/rgstr
https://telemetry.canva.com/v1/traces
https://www.canva.com/_ajax/ae/createBatch
https://excess.duolingo.com/batch
https://el.quizlet.com/
https://analytics.genial.ly/x
https://www.khanacademy.org/api/internal/_analytics/x
https://home.classdojo.com/logs/
""".split()

LESSONS = """
https://www.google.com/generate_204
https://connectivitycheck.gstatic.com/generate_204
https://clients4.google.com/chrome-sync/command
https://clients2.google.com/service/update2
https://play.google.com/store/apps/details?id=x
https://play.google.com/books/reader?id=x
https://docs.google.com/document/d/1aB/edit
https://docs.google.com/forms/d/e/1F/formResponse
https://classroom.google.com/u/0/h
https://www.youtube.com/youtubei/v1/player?key=x
https://www.youtube.com/watch?v=x
https://www.youtube.com/api/timedtext?v=x
https://settings-win.data.microsoft.com/settings/v3.0/wsd
https://config.edge.skype.com/config/v1/ODSP
https://ecs.office.com/config/v1/x
https://v10c.events.data.microsoft.com/OneCollector/1.0/
https://substrate.office.com/search/api/v2/query
https://teams.cloud.microsoft/api/chatsvc/x
https://chatgpt.com/backend-api/conversation
https://chat.mistral.ai/api/trpc/message.newChat?batch=1
https://chat.mistral.ai/api/trpc/message.newChat,event.sendEventToDatalake?batch=1
https://claude.ai/api/organizations/x/chat_conversations
https://www.canva.com/_ajax/profile
https://www.duolingo.com/2017-06-30/sessions
https://quizlet.com/webapi/3.9/sessions/save
https://app.genial.ly/editor/x
https://www.notion.so/api/v3/saveTransactions
https://www.figma.com/api/files/x
https://fr.wikipedia.org/wiki/Lyon
https://xp.apple.com/report/2/psr_ota
""".split()

CLOSED = """
metrics.icloud.com metrics.apple.com supportmetrics.apple.com notes-analytics-events.apple.com
iadsdk.apple.com telemetry.canva.com eu-office.events.data.microsoft.com
""".split()
OPEN = """
xp.apple.com gateway.icloud.com albert.apple.com mesu.apple.com gdmf.apple.com ocsp.apple.com
settings-win.data.microsoft.com config.edge.skype.com login.microsoftonline.com
v10c.events.data.microsoft.com clients4.google.com accounts.google.com www.canva.com
""".split()


@pytest.fixture(scope="module")
def blocker() -> Blocker:
    return build(discover(LISTS))


def test_every_line_is_in_force(blocker: Blocker) -> None:
    for report in blocker.reports:
        assert (report.problems, dict(report.ignored)) == ((), {})


@pytest.mark.parametrize("url", REPORTS)
def test_reports_of_suppliers_are_blocked(blocker: Blocker, url: str) -> None:
    block = blocker.check(url, "", RequestType.XMLHTTPREQUEST)
    assert block is not None
    assert block.list.startswith("profiling-")
    assert block.category in DEMANDED


@pytest.mark.parametrize("url", LESSONS)
def test_what_lessons_need_passes(blocker: Blocker, url: str) -> None:
    for kind in (RequestType.XMLHTTPREQUEST, RequestType.OTHER, RequestType.SCRIPT):
        assert blocker.check(url, "", kind) is None


def test_by_name_alone_telemetry_is_closed_and_devices_work(blocker: Blocker) -> None:
    assert [host for host in CLOSED if blocker.check_host(host) is None] == []
    assert [host for host in OPEN if blocker.check_host(host) is not None] == []


def test_every_rule_says_what_it_is_for() -> None:
    """A remark stands above each group of rules."""
    for file in LISTS.glob("profiling-*.txt"):
        said = False
        for line in file.read_text(encoding="utf-8").splitlines():
            said = said or (line.startswith("! ") and "category:" not in line)
            assert said or not line.startswith(("|", "/", "@"))
            said = said and line != ""
