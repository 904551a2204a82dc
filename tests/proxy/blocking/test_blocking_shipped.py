"""What a gateway without network blocks from its first minute, and what it must leave alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from proxy.blocking import Blocker, RequestType, build, discover

POLICIES = Path(__file__).parents[3] / "policies"
PAGE = "lesson.example"
KINDS = (RequestType.SCRIPT, RequestType.IMAGE, RequestType.XMLHTTPREQUEST, RequestType.SUBDOCUMENT)

TRACKERS = """
ib.adnxs.com match.adsrvr.org static.criteo.net x.bidswitch.net eb2.3lift.com c.1rx.io
ads.stickyadstv.com s.ntv.io creativecdn.com ssp-sync.indexww.com cdn.taboola.com
sync.mathtag.com pixel.rubiconproject.com js.adsrvr.org secure.quantserve.com
sb.scorecardresearch.com www.google-analytics.com www.googletagmanager.com
stats.g.doubleclick.net hm.baidu.com/hm.js cdn.segment.com api.segment.io cdn.amplitude.com
cdn.mxpnl.com static.chartbeat.com collect.tealiumiq.com logs1.xiti.com cdn.heapanalytics.com
us.i.posthog.com www.clarity.ms static.hotjar.com edge.fullstory.com cdn.mouseflow.com
rec.smartlook.com cdn.livesession.io c.contentsquare.net dev.visualwebsiteoptimizer.com
cdn.optimizely.com try.abtasty.com cdn.dynamicyield.com o1.ingest.sentry.io bam.nr-data.net
rum.browser-intake-datadoghq.eu cdn.raygun.io app.adjust.com t.appsflyer.com
sdk.iad-01.braze.com cdn.onesignal.com eu1.clevertap-prod.com tags.bluekai.com cdn.krxd.net
idsync.rlcdn.com id5-sync.com dpm.demdex.net js.6sc.co tag.clearbitscripts.com fpjscdn.net
connect.facebook.net/fr_FR/fbevents.js analytics.tiktok.com px.ads.linkedin.com
ct.pinterest.com tr.snapchat.com dnsdelegation.io b.wizaly.com
""".split()

NEEDED = """
www.google.com fonts.googleapis.com fonts.gstatic.com ajax.googleapis.com maps.googleapis.com
www.gstatic.com www.recaptcha.net js.hcaptcha.com challenges.cloudflare.com
cdnjs.cloudflare.com cdn.jsdelivr.net unpkg.com code.jquery.com use.typekit.net js.stripe.com
www.paypal.com player.vimeo.com www.youtube.com i.ytimg.com upload.wikimedia.org
s3.amazonaws.com d111.cloudfront.net cdn.cookielaw.org sdk.privacy-center.org static.axept.io
consent.cookiebot.com app.usercentrics.eu widget.intercom.io client.crisp.chat
static.zdassets.com js.hsforms.net cdns.gigya.com cdn.auth0.com login.microsoftonline.com
accounts.google.com appleid.apple.com h.online-metrix.net www.lemonde.fr www.education.gouv.fr
eduscol.education.fr www.lumni.fr api.algolia.net gravatar.com tile.openstreetmap.org
www.geogebra.org h5p.org firebaseinstallations.googleapis.com identitytoolkit.googleapis.com
fcm.googleapis.com updates.push.services.mozilla.com teams.microsoft.com res.cdn.office.net
static2.sharepointonline.com quizlet.com kahoot.it app.wooclap.com learningapps.org
view.genial.ly www.canva.com padlet.com scratch.mit.edu code.org www.khanacademy.org
www.duolingo.com moodle.org classroom.google.com docs.google.com chatgpt.com
""".split()


@pytest.fixture(scope="module")
def shipped() -> Blocker:
    return build(discover(POLICIES / "lists" / "block", POLICIES))


def blocked(blocker: Blocker, where: str) -> list[RequestType]:
    url = f"https://{where}" if "/" in where else f"https://{where}/a/b.js"
    return [kind for kind in KINDS if blocker.check(url, PAGE, kind) is not None]


@pytest.mark.parametrize("where", TRACKERS)
def test_what_pages_call_most_is_blocked_before_any_list_was_fetched(
    shipped: Blocker, where: str
) -> None:
    assert RequestType.SCRIPT in blocked(shipped, where)


@pytest.mark.parametrize("where", NEEDED)
def test_what_lessons_need_is_not(shipped: Blocker, where: str) -> None:
    assert blocked(shipped, where) == []
    assert shipped.check_host(where) is None


def test_each_line_of_ours_works_and_no_host_is_named_twice(shipped: Blocker) -> None:
    assert {report.name: dict(report.ignored) for report in shipped.reports if report.ignored} == {}
    folder = POLICIES / "lists" / "block"
    rules = Counter(
        line
        for path in folder.glob("*.txt")
        for line in path.read_text("utf-8").split("\n")
        if line.startswith("||")
    )
    assert [rule for rule, count in rules.items() if count > 1] == []


def test_a_company_of_the_trade_may_be_read_about(shipped: Blocker) -> None:
    for host in ("www.taboolanews.example", "www.acxiom.com", "www.liveramp.com", "www.pendo.io"):
        assert shipped.check(f"https://{host}/", "", RequestType.DOCUMENT, True) is None
