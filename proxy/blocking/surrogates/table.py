"""Which script stands in for what: the one table, by names in lists and by addresses.

``names`` are resource names as filter lists write them after ``$redirect=``: uBlock Origin's,
with its aliases, and AdGuard's. ``addresses`` are where vendors serve the script: they give a
surrogate also to a script that a rule without ``$redirect`` (or a whole-host rule) blocked.

An address is ``host/path``: the host or any host below it; ``*`` stands for any characters of
the path, the query is not looked at. Without a host (``/matomo.js``) the path may end so on any
host. The first row that fits wins.
"""

from __future__ import annotations

from typing import NamedTuple


class Surrogate(NamedTuple):
    """One script and what it stands in for."""

    file: str
    title: str
    """What people know it by (docs/blocking.md lists them)."""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    """Files that come before it, after the kit."""
    module: bool = False
    """A module: it is served as it is, without the kit."""


SURROGATES: tuple[Surrogate, ...] = (
    # --- Google ---
    Surrogate(
        "google-analytics.js",
        "Google Analytics (analytics.js)",
        (
            "google-analytics_analytics.js",
            "google-analytics.com/analytics.js",
            "google-analytics",
        ),
        ("google-analytics.com/analytics.js", "google-analytics.com/analytics_debug.js"),
    ),
    Surrogate(
        "google-analytics-ga.js",
        "Google Analytics (ga.js)",
        ("google-analytics_ga.js", "google-analytics.com/ga.js", "google-analytics-ga"),
        (
            "google-analytics.com/ga.js",
            "google-analytics.com/urchin.js",
            "stats.g.doubleclick.net/dc.js",
        ),
    ),
    Surrogate(
        "google-tag-manager.js",
        "Google Tag Manager and gtag.js (GA4)",
        (
            "googletagmanager_gtm.js",
            "googletagmanager.com/gtm.js",
            "googletagmanager-gtm",
            "googletagmanager_gtag.js",
            "googletagmanager.com/gtag/js",
        ),
        (
            "googletagmanager.com/gtm.js",
            "googletagmanager.com/gtag/js",
            "googletagmanager.com/gtag/*",
            "google-analytics.com/gtm/js",
            "googleoptimize.com/optimize.js",
            "/gtm.js",
            "/gtag/js",
        ),
    ),
    Surrogate(
        "google-optimize.js",
        "Google content experiments",
        ("google-analytics_cx_api.js", "google-analytics.com/cx/api.js"),
        ("google-analytics.com/cx/api.js",),
    ),
    Surrogate(
        "google-publisher-tag.js",
        "Google Publisher Tag (gpt.js)",
        ("googletagservices_gpt.js", "googletagservices.com/gpt.js", "googletagservices-gpt"),
        (
            "googletagservices.com/tag/js/gpt*.js",
            "doubleclick.net/tag/js/gpt*.js",
            "googlesyndication.com/tag/js/gpt*.js",
            "/gpt.js",
        ),
    ),
    Surrogate(
        "adsbygoogle.js",
        "Google AdSense and Ad Placement (adsbygoogle.js)",
        (
            "googlesyndication_adsbygoogle.js",
            "googlesyndication.com/adsbygoogle.js",
            "googlesyndication-adsbygoogle",
        ),
        ("googlesyndication.com/pagead/js/adsbygoogle.js", "/adsbygoogle.js"),
    ),
    Surrogate(
        "google-ima.js",
        "Google Interactive Media Ads (ima3.js)",
        ("google-ima.js", "google-ima3"),
        ("imasdk.googleapis.com/js/sdkloader/ima3*.js", "/ima3.js"),
    ),
    Surrogate(
        "google-conversion.js",
        "Google Ads conversions",
        (),
        ("googleadservices.com/pagead/conversion*.js", "gstatic.com/wcm/loader.js"),
    ),
    Surrogate(
        "ad-status.js",
        "DoubleClick ad status",
        ("doubleclick_instream_ad_status.js", "doubleclick.net/instream/ad_status.js"),
        ("doubleclick.net/instream/ad_status.js",),
    ),
    Surrogate("amp.js", "AMP runtime", ("ampproject_v0.js", "ampproject.org/v0.js")),
    # --- Other advertising ---
    Surrogate(
        "amazon-apstag.js",
        "Amazon Publisher Services (apstag.js)",
        ("amazon_apstag.js", "amazon-apstag"),
        ("amazon-adsystem.com/*apstag.js",),
    ),
    Surrogate(
        "amazon-ads.js",
        "Amazon ads (amzn_ads.js)",
        ("amazon_ads.js", "amazon-adsystem.com/aax2/amzn_ads.js"),
        ("amazon-adsystem.com/*/amzn_ads.js", "amazon-adsystem.com/aax2/*"),
    ),
    Surrogate(
        "prebid.js",
        "Prebid.js",
        ("prebid", "prebid.js"),
        ("/prebid.js", "/prebid.min.js", "/prebid-min.js", "/pbjs.js"),
    ),
    Surrogate(
        "criteo.js",
        "Criteo (ld.js, publishertag.js)",
        ("criteo.js",),
        ("criteo.net/js/*", "criteo.com/js/*", "/publishertag.js", "/publishertag.prebid.js"),
    ),
    Surrogate(
        "outbrain.js",
        "Outbrain",
        ("outbrain-widget.js", "widgets.outbrain.com/outbrain.js"),
        ("outbrain.com/outbrain.js", "outbrain.com/*obtp.js", "outbrain.com/*.js"),
    ),
    Surrogate("taboola.js", "Taboola", ("taboola.js",), ("taboola.com/*.js",)),
    Surrogate(
        "smart-adserver.js",
        "Equativ (Smart AdServer)",
        (),
        ("smartadserver.com/*.js", "sascdn.com/*.js"),
    ),
    Surrogate(
        "ad-verification.js",
        "Integral Ad Science, DoubleVerify, Moat",
        (),
        ("adsafeprotected.com/*.js", "doubleverify.com/*", "moatads.com/*.js"),
    ),
    Surrogate("bing-uet.js", "Microsoft Advertising (bat.js)", (), ("bat.bing.com/bat.js",)),
    # --- Social networks ---
    Surrogate(
        "facebook-pixel.js",
        "Meta pixel (fbevents.js)",
        ("facebook_fbevents.js", "fbevents.js"),
        ("connect.facebook.net/*/fbevents.js", "connect.facebook.net/signals/*", "/fbevents.js"),
    ),
    Surrogate(
        "facebook-sdk.js",
        "Facebook SDK (sdk.js)",
        ("fb-sdk.js", "facebook_sdk.js"),
        ("connect.facebook.net/*/sdk*.js", "connect.facebook.net/*/all.js"),
    ),
    Surrogate(
        "twitter-widgets.js",
        "X (Twitter) widgets",
        ("twitter_widgets.js",),
        ("platform.twitter.com/widgets.js", "platform.x.com/widgets.js"),
    ),
    Surrogate(
        "twitter-pixel.js", "X (Twitter) pixel", (), ("ads-twitter.com/uwt.js", "ads-twitter.com/*")
    ),
    Surrogate(
        "linkedin-insight.js", "LinkedIn Insight Tag", (), ("snap.licdn.com/li.lms-analytics/*",)
    ),
    Surrogate(
        "pinterest-tag.js",
        "Pinterest tag",
        (),
        ("s.pinimg.com/ct/*", "ct.pinterest.com/*.js"),
    ),
    Surrogate("pinterest-widgets.js", "Pinterest buttons", (), ("assets.pinterest.com/js/*",)),
    Surrogate("tiktok-pixel.js", "TikTok pixel", (), ("analytics.tiktok.com/i18n/pixel/*",)),
    Surrogate("snapchat-pixel.js", "Snap pixel", (), ("sc-static.net/scevent.min.js",)),
    Surrogate("reddit-pixel.js", "Reddit pixel", (), ("redditstatic.com/ads/*",)),
    Surrogate(
        "sharing-buttons.js",
        "AddThis and ShareThis",
        ("addthis_widget.js", "addthis.com/addthis_widget.js"),
        ("addthis.com/*", "sharethis.com/*"),
    ),
    # --- Session recorders ---
    Surrogate("hotjar.js", "Hotjar", ("hotjar.js",), ("hotjar.com/*",)),
    Surrogate("clarity.js", "Microsoft Clarity", ("clarity.js",), ("clarity.ms/*",)),
    Surrogate("fullstory.js", "FullStory", (), ("fullstory.com/s/*", "fullstory.com/*.js")),
    Surrogate("mouseflow.js", "Mouseflow", (), ("mouseflow.com/*",)),
    Surrogate("smartlook.js", "Smartlook", (), ("smartlook.com/*.js", "smartlook.cloud/*.js")),
    Surrogate("contentsquare.js", "Contentsquare", (), ("contentsquare.net/*.js",)),
    Surrogate(
        "logrocket.js",
        "LogRocket",
        (),
        ("logrocket.com/*.js", "logrocket.io/*.js", "lr-in-prod.com/*.js", "lr-ingest.com/*.js"),
    ),
    Surrogate(
        "session-recorders.js",
        "Crazy Egg, Lucky Orange, Inspectlet, Quantum Metric",
        (),
        (
            "crazyegg.com/*.js",
            "luckyorange.com/*",
            "inspectlet.com/*",
            "quantummetric.com/*.js",
        ),
    ),
    # --- Audience measurement ---
    Surrogate(
        "matomo.js",
        "Matomo and Piwik",
        ("matomo", "matomo.js"),
        ("/matomo.js", "/piwik.js", "/piwik.min.js", "/matomo.min.js"),
    ),
    Surrogate("matomo-tag-manager.js", "Matomo Tag Manager", (), ("/container_*.js",)),
    Surrogate(
        "piwik-pro.js",
        "Piwik PRO",
        (),
        ("piwik.pro/*.js", "piwik.pro/containers/*", "/ppms.js"),
        before=("matomo.js",),
    ),
    Surrogate(
        "at-internet.js",
        "AT Internet SmartTag",
        ("ati-smarttag", "ati-smarttag.js"),
        ("xiti.com/*.js", "ati-host.net/*.js", "/smarttag.js"),
    ),
    Surrogate(
        "piano-analytics.js",
        "Piano Analytics",
        (),
        ("pa-cd.com/*", "/piano-analytics.js"),
        before=("at-internet.js",),
    ),
    Surrogate(
        "segment.js",
        "Segment and RudderStack",
        ("segment.js",),
        (
            "segment.com/analytics.js/*",
            "segment.io/analytics.js/*",
            "rudderlabs.com/*.js",
            "/rudder-analytics.min.js",
            "/analytics.min.js",
        ),
    ),
    Surrogate(
        "amplitude.js",
        "Amplitude",
        ("amplitude.js",),
        ("amplitude.com/*", "/amplitude.min.js", "/amplitude-min.js"),
    ),
    Surrogate(
        "mixpanel.js",
        "Mixpanel",
        ("mixpanel.js",),
        ("mxpnl.com/*", "mixpanel.com/*.js", "/mixpanel.min.js", "/mixpanel-jslib-snippet.js"),
    ),
    Surrogate(
        "posthog.js",
        "PostHog",
        (),
        ("posthog.com/static/array*.js", "posthog.com/*.js", "/static/array.js"),
    ),
    Surrogate("heap.js", "Heap", (), ("heapanalytics.com/*", "heap-api.com/*")),
    Surrogate(
        "chartbeat.js",
        "Chartbeat",
        ("chartbeat.js", "static.chartbeat.com/chartbeat.js"),
        ("chartbeat.com/*.js", "chartbeat.net/*.js"),
    ),
    Surrogate(
        "comscore.js",
        "comScore and Scorecard Research",
        (
            "scorecardresearch_beacon.js",
            "scorecardresearch.com/beacon.js",
            "scorecardresearch-beacon",
        ),
        ("scorecardresearch.com/*", "/streamsense.min.js"),
    ),
    Surrogate("nielsen.js", "Nielsen", (), ("imrworldwide.com/*.js",)),
    Surrogate("quantcast.js", "Quantcast", (), ("quantserve.com/*.js", "quantcount.com/*.js")),
    Surrogate(
        "light-analytics.js",
        "Plausible, Fathom, Umami, GoatCounter, Simple Analytics",
        (),
        (
            "plausible.io/js/*",
            "usefathom.com/script.js",
            "umami.is/script.js",
            "zgo.at/count.js",
            "simpleanalyticscdn.com/*.js",
            "/plausible.js",
            "/umami.js",
        ),
    ),
    Surrogate(
        "yandex-metrica.js",
        "Yandex Metrica",
        ("metrika-yandex-tag", "metrika-yandex-watch", "yandex-metrica"),
        ("mc.yandex.ru/metrika/*", "mc.yandex.com/metrika/*", "yandex.ru/metrika/*"),
    ),
    Surrogate("gemius.js", "Gemius", ("gemius",), ("gemius.pl/*.js",)),
    Surrogate(
        "naver-analytics.js", "Naver Analytics", ("naver-wcslog",), ("pstatic.net/*wcslog.js",)
    ),
    Surrogate(
        "tag-commander.js",
        "Commanders Act (TagCommander)",
        (),
        ("tagcommander.com/*.js", "commander1.com/*.js", "trustcommander.net/*.js"),
    ),
    Surrogate(
        "experiments.js",
        "Visual Website Optimizer, AB Tasty, Kameleoon",
        (),
        (
            "visualwebsiteoptimizer.com/*",
            "abtasty.com/*.js",
            "kameleoon.eu/*.js",
            "kameleoon.io/*.js",
            "kameleoon.com/*.js",
        ),
    ),
    Surrogate(
        "adobe.js",
        "Adobe tags, Web SDK, Target",
        (),
        (
            "adobedtm.com/*.js",
            "adobedc.net/*.js",
            "omtrdc.net/*.js",
            "demdex.net/*.js",
            "/alloy.js",
            "/alloy.min.js",
        ),
    ),
    # --- Errors and performance ---
    Surrogate(
        "new-relic.js",
        "New Relic browser agent",
        (),
        ("js-agent.newrelic.com/*", "nr-data.net/*", "/nr-spa.min.js"),
    ),
    Surrogate(
        "datadog.js",
        "Datadog RUM and logs",
        (),
        ("datadoghq-browser-agent.com/*", "/datadog-rum.js", "/datadog-logs.js"),
    ),
    Surrogate("sentry.js", "Sentry", (), ("sentry-cdn.com/*", "sentry.io/*.js", "ravenjs.com/*")),
    Surrogate(
        "error-reporters.js",
        "Bugsnag, Rollbar, TrackJS",
        (),
        ("bugsnag.com/*.js", "rollbar.com/*.js", "/rollbar.min.js", "trackjs.com/*.js"),
    ),
    # --- Attribution and engagement ---
    Surrogate("appsflyer.js", "AppsFlyer", (), ("appsflyer.com/*", "appsflyersdk.com/*")),
    Surrogate("adjust.js", "Adjust", (), ("adjust.com/*.js",)),
    Surrogate("branch.js", "Branch", (), ("branch.io/branch*", "cdn.branch.io/*", "app.link/_r*")),
    Surrogate(
        "engagement.js",
        "Braze and OneSignal",
        (),
        ("appboycdn.com/*", "braze.com/*.js", "onesignal.com/*.js", "/OneSignalSDK.page.js"),
    ),
    Surrogate(
        "marketing.js",
        "Kissmetrics, HubSpot, Klaviyo, Customer.io, Marketo, Pardot, Optimizely, Eulerian",
        ("pardot-1.0",),
        (
            "kissmetrics.com/*.js",
            "kissmetrics.io/*.js",
            "hs-analytics.net/*",
            "hs-scripts.com/*",
            "klaviyo.com/*",
            "customer.io/*.js",
            "marketo.net/*",
            "pardot.com/*.js",
            "optimizely.com/*.js",
            "eulerian.net/*",
            "statcounter.com/*.js",
        ),
    ),
    # --- Fingerprints ---
    Surrogate(
        "fingerprint-module.js",
        "FingerprintJS as a module",
        (),
        (
            "openfpcdn.io/fingerprintjs/v3",
            "openfpcdn.io/fingerprintjs/v4",
            "openfpcdn.io/fingerprintjs/v5",
            "openfpcdn.io/*/esm.min.js",
            "fpjscdn.net/v3/*",
            "fpcdn.io/v3/*",
        ),
        module=True,
    ),
    Surrogate(
        "fingerprint.js",
        "FingerprintJS",
        (
            "fingerprint2.js",
            "fingerprint3.js",
            "fingerprintjs2",
            "fingerprintjs3",
            "fingerprint2",
            "fingerprint3",
        ),
        (
            "openfpcdn.io/*iife.min.js",
            "fpcdn.io/*",
            "fpjscdn.net/*",
            "/fingerprint2.min.js",
            "/fp.min.js",
        ),
    ),
    # --- Consent: blocked by some lists, and pages wait for it ---
    Surrogate(
        "onetrust.js",
        "OneTrust and CookiePro",
        (),
        (
            "cookielaw.org/*.js",
            "onetrust.com/*.js",
            "cookiepro.com/*.js",
            "/otSDKStub.js",
            "/otBannerSdk.js",
        ),
        before=("consent-tcf.js",),
    ),
    Surrogate(
        "didomi.js",
        "Didomi",
        ("didomi-loader",),
        ("privacy-center.org/*",),
        before=("consent-tcf.js",),
    ),
    Surrogate(
        "consent.js",
        "Cookiebot, Axeptio, Usercentrics",
        (),
        (
            "cookiebot.com/*.js",
            "cookiebot.eu/*.js",
            "axept.io/*.js",
            "usercentrics.eu/*.js",
        ),
        before=("consent-tcf.js",),
    ),
    Surrogate(
        "consent-tcf.js",
        "consent under IAB Europe's framework",
        (),
        (
            "quantcast.mgr.consensu.org/*",
            "cmp.quantcast.com/*",
            "consensu.org/*.js",
            "cmp.inmobi.com/*",
        ),
    ),
    # --- Nothing ---
    Surrogate("noop.js", "any other script", ("noop.js", "noopjs", "blank-js")),
)
