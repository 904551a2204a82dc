"""Pages that use the vendors' scripts as the vendors document it, written from their public pages.

``need(…)`` says what must happen on a page, ``got(name)`` that it did. ``LANDS``: pages that
are left, in the callback that the documentation gives for it.
"""

# ruff: noqa: E501  snippets stand here as pages hold them
from __future__ import annotations

HARNESS = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>lesson</title><script>
window.missing = new Set(['page']); window.need = (...names) => names.forEach((name) => missing.add(name));
window.got = (name) => missing.delete(name); window.is = (name, truth) => { if (truth) got(name); };
window.addEventListener('error', (event) => { if (event.target !== window) need('loads ' + event.target.src); }, true);
window.add = (url) => { const s = document.createElement('script'); s.async = true; s.src = url;
  const f = document.getElementsByTagName('script')[0]; f.parentNode.insertBefore(s, f); return s; };
</script><body>"""
END = "<script>got('page')</script>"


def stub(name: str, queue: str = "q") -> str:
    """The function that most snippets leave until their script has come."""
    return (
        f"window.{name} = window.{name} || function () "
        f"{{ ({name}.{queue} = {name}.{queue} || []).push(arguments) }};"
    )


def listed(name: str, methods: str) -> str:
    """The list with methods that other snippets leave: each call is an entry [name, …]."""
    return f"""window.{name} = window.{name} || []; '{methods}'.split(' ').forEach((method) => {{
      {name}[method] = (...values) => {{ {name}.push([method, ...values]) }} }});"""


LANDS: dict[str, str] = {
    "analytics.js, a link that waits for hitCallback": f"""
      <script>{stub("ga")} ga.l = +new Date;
      ga('create', 'UA-1-1', 'auto'); ga('send', 'pageview')</script>
      <script async src="https://www.google-analytics.com/analytics.js"></script>
      <a id="go" href="/landed" onclick="const to = this.href;
        ga('send', 'event', 'outbound', 'click', to,
        {{transport: 'beacon', hitCallback: () => {{ document.location = to }}}}); return false">on</a>
    """,
    "gtag.js, a form that waits for event_callback": """
      <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
      <script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }
      gtag('js', new Date()); gtag('config', 'G-1')</script>
      <form action="/landed"><button id="go">send</button></form>
      <script>document.querySelector('form').addEventListener('submit', function (event) {
        event.preventDefault(); let sent = false;
        const submit = () => { if (!sent) { sent = true; this.submit() } };
        gtag('event', 'signup_form_complete', {event_callback: submit, event_timeout: 60000}) })
      </script>
    """,
    "gtm.js, a link that waits for eventCallback": """
      <script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),
        event:'gtm.js'});var f=d.getElementsByTagName(s)[0],j=d.createElement(s),
        dl=l!='dataLayer'?'&l='+l:'';j.async=true;
        j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
        })(window,document,'script','lessonLayer','GTM-1')</script>
      <a id="go" href="/landed" onclick="const to = this.href; lessonLayer.push({event: 'go',
        eventCallback: (id) => { if (id === 'GTM-1') location = to }, eventTimeout: 60000});
        return false">on</a>
    """,
    "ga.js, a link to another domain": """
      <script>var _gaq = _gaq || []; _gaq.push(['_setAccount', 'UA-1-1']);
      _gaq.push(['_setAllowLinker', true]); _gaq.push(['_trackPageview'])</script>
      <script async src="https://ssl.google-analytics.com/ga.js"></script>
      <a id="go" href="/landed" onclick="_gaq.push(['_link', this.href]); return false">on</a>
    """,
    "AT Internet, a link that is measured": """
      <script src="https://tag.xiti.com/site/smarttag.js"></script>
      <script>const tag = new ATInternet.Tracker.Tag({site: 1});
      tag.page.set({name: 'lesson', level2: '1'}); tag.dispatch()</script>
      <a id="go" href="/landed"
        onclick="return tag.click.send({elem: this, event: event, name: 'go', type: 'exit'})">on</a>
    """,
    "Google Ads, a link that reports a conversion": """
      <script async src="https://www.googletagmanager.com/gtag/js?id=AW-1"></script>
      <script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }
      gtag('js', new Date()); gtag('config', 'AW-1');
      function gtag_report_conversion(url) { const callback = () => { window.location = url };
        gtag('event', 'conversion', {send_to: 'AW-1/x', event_callback: callback}); return false }
      </script>
      <a id="go" href="/landed" onclick="return gtag_report_conversion(this.href)">on</a>
    """,
    "LinkedIn, a button that reports a conversion": f"""
      <script>window._linkedin_data_partner_ids = ['1'];
      {stub("lintrk")} add('https://snap.licdn.com/li.lms-analytics/insight.min.js')</script>
      <button id="go" onclick="lintrk('track', {{conversion_id: 1,
        commandCallback: () => {{ location = '/landed' }}}})">on</button>
    """,
    "Segment, a page that waits for its callback": f"""
      <script>{listed("analytics", "track page identify ready load on")}
      analytics.load('k'); analytics.page();
      add('https://cdn.segment.com/analytics.js/v1/k/analytics.min.js')</script>
      <button id="go" onclick="analytics.track('Finished', {{level: 1}},
        () => {{ location = '/landed' }})">on</button>
    """,
    "Plausible, a page that waits for its callback": f"""
      <script>{stub("plausible")}</script>
      <script defer data-domain="lesson" src="https://plausible.io/js/script.js"></script>
      <button id="go" onclick="plausible('Signup', {{callback: () => {{ location = '/landed' }},
        props: {{method: 'x'}}}})">on</button>
    """,
}
