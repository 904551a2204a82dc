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

STAYS: dict[str, str] = {
    "analytics.js": f"""
      <script>need('ready', 'queued', 'function', 'all'); {stub("ga")}
      ga('create', 'UA-1-1', 'auto', {{name: 'own'}}); ga('create', 'UA-1-2', 'auto');
      ga((tracker) => is('ready', tracker.get('clientId').split('.') && tracker.getName() === 't0'));
      ga('own.send', 'pageview', {{hitCallback: () => got('queued')}}); ga('require', 'ec');
      ga('ec:addProduct', {{id: 'x'}}); ga('linker:autoLink', ['a.example'])</script>
      <script src="https://www.google-analytics.com/analytics.js"></script>
      <script>ga.getByName('own').set('page', '/x');
      is('all', ga.getAll().length === 2);
      ga('set', 'hitCallback', () => got('function')); ga('send', 'event', 'a', 'b');
      ga.create('UA-1-3', 'auto', 'third').send('pageview'); ga.remove('third')</script>
    """,
    "ga.js": """
      <script>need('run', 'hit', 'tracker'); var _gaq = _gaq || [];
      _gaq.push(['_setAccount', 'UA-1-1'], ['_trackPageview'], () => got('run'));
      _gaq.push(['_set', 'hitCallback', () => got('hit')], ['_trackEvent', 'a', 'b'])</script>
      <script src="https://ssl.google-analytics.com/ga.js"></script>
      <script>const t = _gat._getTracker('UA-1-1'); t._trackPageview(); t._setDomainName('none');
      is('tracker', t._getLinkerUrl('/x') === '/x');
      _gaq.push(['other._trackPageview', '/x'])</script>
    """,
    "gtag.js": """
      <script>need('got', 'event', 'queued', 'shown', 'custom'); window.dataLayer = [];
      function gtag() { dataLayer.push(arguments) }
      dataLayer.hide = {end: () => got('shown')};
      gtag('consent', 'default', {ad_storage: 'denied'}); gtag('js', new Date());
      gtag('config', 'G-1', {page_path: '/x'}); gtag('set', {currency: 'EUR'});
      gtag('event', 'early', {event_callback: () => got('queued')})</script>
      <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
      <script>gtag('get', 'G-1', 'client_id', (id) => is('got', id.length === 0));
      gtag('event', 'late', {event_callback: (id) => is('event', id === 'G-1')});
      gtag('event', 'optimize.callback', {callback: (value) => is('custom', value === '0')})</script>
    """,
    "gtm.js": """
      <script>need('queued', 'pushed', 'model', 'length', 'throws'); window.dataLayer = [
        {'gtm.start': 1, event: 'gtm.js'}, {event: 'a', eventCallback: () => got('queued')}]</script>
      <script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script>
      <script>dataLayer.push({user: {kind: 'x'}, event: 'b', eventCallback: () => got('pushed')});
      dataLayer.push(function () { is('model', this.get('user.kind') === 'x'); this.set('y', 1) });
      is('length', dataLayer.length === 4 && google_tag_manager['GTM-1'].dataLayer.get('y') === 1);
      got('throws')</script>
    """,
    "gpt.js": """
      <div id="slot" style="min-height: 250px">ad</div>
      <script async src="https://securepubads.g.doubleclick.net/tag/js/gpt.js"></script>
      <script>need('empty', 'hidden', 'targeting', 'refresh');
      window.googletag = window.googletag || {cmd: []}; let slot; let times = 0;
      googletag.cmd.push(() => {
        const mapping = googletag.sizeMapping().addSize([1024, 768], [970, 250]).build();
        slot = googletag.defineSlot('/1/x', [300, 250], 'slot').defineSizeMapping(mapping)
          .setTargeting('a', 'b').addService(googletag.pubads());
        is('targeting', slot.getTargeting('a')[0] === 'b' && slot.getAdUnitPath() === '/1/x');
        googletag.pubads().addEventListener('slotRenderEnded', (event) => {
          is('empty', event.isEmpty && event.slot === slot); if (++times === 2) got('refresh') });
        googletag.pubads().enableSingleRequest(); googletag.pubads().collapseEmptyDivs();
        googletag.pubads().setTargeting('k', 'v').disableInitialLoad();
        googletag.setConfig({singleRequest: true}); googletag.enableServices() });
      googletag.cmd.push(() => { googletag.display('slot');
        is('hidden', document.getElementById('slot').offsetHeight === 0);
        googletag.pubads().refresh([slot]); googletag.destroySlots([slot]) })</script>
    """,
    "adsbygoogle.js": """
      <ins class="adsbygoogle" style="display: block; height: 90px" data-ad-client="ca-pub-1"></ins>
      <script async src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js?client=1"
        crossorigin="anonymous"></script>
      <script>need('hidden', 'ready', 'break'); (adsbygoogle = window.adsbygoogle || []).push({});
      const adBreak = adConfig = (options) => { adsbygoogle.push(options) };
      adConfig({preloadAdBreaks: 'on', onReady: () => got('ready')});
      adBreak({type: 'next', name: 'level', adBreakDone: (info) => is('break', info.breakType === 'next')});
      const wait = setInterval(() => is('hidden', document.querySelector('ins').offsetHeight === 0
        && document.querySelector('ins').dataset.adStatus === 'unfilled'), 20)</script>
    """,
    "ima3.js": """
      <div id="box"></div><video id="film"></video>
      <script src="https://imasdk.googleapis.com/js/sdkloader/ima3.js"></script>
      <script>need('loaded', 'resumed', 'done'); const film = document.getElementById('film');
      google.ima.settings.setVpaidMode(google.ima.ImaSdkSettings.VpaidMode.ENABLED);
      google.ima.settings.setLocale('fr');
      const box = new google.ima.AdDisplayContainer(document.getElementById('box'), film);
      const loader = new google.ima.AdsLoader(box); let manager;
      loader.addEventListener(google.ima.AdsManagerLoadedEvent.Type.ADS_MANAGER_LOADED, (event) => {
        const settings = new google.ima.AdsRenderingSettings();
        settings.restoreCustomPlaybackStateOnAdBreakComplete = true;
        manager = event.getAdsManager(film, settings); const type = google.ima.AdEvent.Type;
        manager.addEventListener(google.ima.AdErrorEvent.Type.AD_ERROR, () => need('no error'));
        manager.addEventListener(type.CONTENT_PAUSE_REQUESTED, () => film.pause());
        manager.addEventListener(type.CONTENT_RESUME_REQUESTED, () => got('resumed'));
        manager.addEventListener(type.LOADED, (loaded) => is('loaded', !loaded.getAd().isLinear()));
        manager.addEventListener(type.ALL_ADS_COMPLETED, () => { got('done'); manager.destroy() });
        box.initialize(); manager.init(640, 400, google.ima.ViewMode.NORMAL); manager.start();
      }, false);
      loader.addEventListener(google.ima.AdErrorEvent.Type.AD_ERROR, () => need('no error'), false);
      const request = new google.ima.AdsRequest(); request.adTagUrl = 'https://ads.example/';
      request.linearAdSlotWidth = 640; request.setAdWillAutoPlay(true);
      loader.requestAds(request)</script>
    """,
    "apstag.js": """
      <script>need('queued', 'bids'); !(function (a9, a, p, s, t, A, g) { if (a[a9]) return;
      function q(c, r) { a[a9]._Q.push([c, r]) } a[a9] = {init: function () { q('i', arguments) },
      fetchBids: function () { q('f', arguments) }, setDisplayBids: function () {},
      targetingKeys: function () { return [] }, _Q: []}; A = p.createElement(s); A.async = !0;
      A.src = t; g = p.getElementsByTagName(s)[0]; g.parentNode.insertBefore(A, g)
      })('apstag', window, document, 'script', '//c.amazon-adsystem.com/aax2/apstag.js');
      apstag.init({pubID: 'x', adServer: 'googletag'});
      apstag.fetchBids({slots: [{slotID: 'a'}], timeout: 2000}, (bids) => {
        apstag.setDisplayBids(); is('queued', bids.length === 0);
        apstag.fetchBids({slots: []}, () => got('bids')) })</script>
    """,
    "prebid.js": """
      <script async src="https://ads.example/prebid.js"></script>
      <script>need('back', 'promise'); var pbjs = pbjs || {}; pbjs.que = pbjs.que || [];
      pbjs.que.push(() => { pbjs.addAdUnits([{code: 'x', mediaTypes: {}}]);
        pbjs.setConfig({debug: false}); pbjs.onEvent('bidWon', () => {});
        pbjs.requestBids({timeout: 1000, bidsBackHandler: (bids) => {
          pbjs.setTargetingForGPTAsync(); is('back', Object.keys(bids).length === 0) }})
          .then((result) => is('promise', result.timedOut === false)) })</script>
    """,
    "Criteo, publisher": """
      <div id="c">x</div><script async src="https://static.criteo.net/js/ld/publishertag.js"></script>
      <script>need('bids', 'hidden'); window.Criteo = window.Criteo || {};
      window.Criteo.events = window.Criteo.events || [];
      Criteo.events.push(() => { Criteo.SetLineItemRanges('0..10:0.01');
        Criteo.RequestBids({placements: []}, () => got('bids'), 500);
        Criteo.DisplayAd({zoneid: 1, containerid: 'c', async: false});
        is('hidden', document.getElementById('c').offsetHeight === 0) })</script>
    """,
    "Criteo, advertiser": """
      <script>window.criteo_q = window.criteo_q || []; need('pushed');
      criteo_q.push({event: 'setAccount', account: 1}, {event: 'viewHome'})</script>
      <script src="https://dynamic.criteo.com/js/ld/ld.js?a=1" async></script>
      <script>criteo_q.push({event: 'viewItem', item: '1'}); criteo_q.push(() => got('pushed'))</script>
    """,
    "Outbrain and Taboola": """
      <div class="OUTBRAIN" data-src="x">o</div><div id="tb">t</div>
      <script async src="https://widgets.outbrain.com/outbrain.js"></script>
      <script>need('gone'); window._taboola = window._taboola || []; _taboola.push({article: 'auto'});
      _taboola.push({mode: 'x', container: 'tb', placement: 'p'}); _taboola.push({flush: true});
      add('https://cdn.taboola.com/libtrc/x/loader.js').onload = () => {
        const wait = setInterval(() => { if (window.OBR) { OBR.extern.researchWidget();
          is('gone', !document.getElementById('tb').offsetHeight &&
          !document.querySelector('.OUTBRAIN').offsetHeight); clearInterval(wait) } }, 20) }</script>
    """,
    "Facebook SDK": """
      <div id="fb-root"></div><script>need('init', 'status', 'login', 'api', 'parse', 'ui');
      window.fbAsyncInit = function () { got('init');
        FB.init({appId: '1', cookie: true, xfbml: true, version: 'v20.0'}); FB.AppEvents.logPageView();
        FB.getLoginStatus((r) => is('status', r.status === 'unknown' && !r.authResponse));
        FB.login((r) => { if (!r.authResponse) got('login') }, {scope: 'public_profile'});
        FB.api('/me', {fields: 'name'}, (r) => { if (!r || r.error) got('api') });
        FB.ui({method: 'share', href: 'https://a.example'}, () => got('ui'));
        FB.Event.subscribe('auth.statusChange', () => {});
        FB.XFBML.parse(document.body, () => got('parse')) }</script>
      <script async defer crossorigin="anonymous"
        src="https://connect.facebook.net/en_US/sdk.js"></script>
    """,
    "Meta pixel": """
      <script>need('after'); !function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?
      n.callMethod.apply(n,arguments):n.queue.push(arguments)};if(!f._fbq)f._fbq=n;n.push=n;
      n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;
      s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s);t.onload=()=>{
        fbq('track','Lead');fbq.push(['track','x']);is('after',fbq.queue.length===0)}}(window,
      document,'script','https://connect.facebook.net/en_US/fbevents.js');
      fbq('init','1');fbq('track','PageView')</script>
    """,
    "X widgets": """
      <blockquote class="twitter-tweet">words</blockquote><div id="t"></div>
      <script>need('ready', 'tweet'); window.twttr = (function(d, s, id) {
        var js, fjs = d.getElementsByTagName(s)[0], t = window.twttr || {};
        js = d.createElement(s); js.id = id; js.src = 'https://platform.twitter.com/widgets.js';
        fjs.parentNode.insertBefore(js, fjs); t._e = [];
        t.ready = function(f) { t._e.push(f) }; return t }(document, 'script', 'twitter-wjs'));
      twttr.ready((twttr) => { got('ready'); twttr.events.bind('click', () => {});
        twttr.widgets.load(); twttr.widgets.createTweet('20', document.getElementById('t'), {})
          .then((element) => is('tweet', element === undefined)) })</script>
    """,
    "X pixel": """
      <script>need('after'); !function(e,t,n,s,u,a){e.twq||(s=e.twq=function(){s.exe?
      s.exe.apply(s,arguments):s.queue.push(arguments)},s.version='1.1',s.queue=[],
      u=t.createElement(n),u.async=!0,u.src='https://static.ads-twitter.com/uwt.js',
      u.onload=()=>{twq('event','x',{});got('after')},
      a=t.getElementsByTagName(n)[0],a.parentNode.insertBefore(u,a))}(window,document,'script');
      twq('config','o1')</script>
    """,
    "Pinterest tag": """
      <script>need('told', 'later'); !function(e){if(!window.pintrk){window.pintrk=function(){
      window.pintrk.queue.push(Array.prototype.slice.call(arguments))};var n=window.pintrk;
      n.queue=[],n.version='3.0';add(e).onload=()=>
        pintrk('track','custom',{},()=>got('later'))}}('https://ct.pinterest.com/core.js');
      pintrk('load','1');pintrk('page');
      pintrk('track','pagevisit',{x:1},(did,error)=>{if(!did)got('told')})</script>
    """,
    "TikTok pixel": f"""
      <script>need('ready', 'instance'); window.TiktokAnalyticsObject = 'ttq';
      {listed("ttq", "page track identify instances debug on off once ready alias group")}
      ttq.instance = () => ttq; ttq.page(); ttq.ready(() => got('ready'));
      add('https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=1&lib=ttq').onload = () => {{
        ttq.track('ViewContent', {{}}); ttq.instance('1').track('x'); ttq.identify({{}});
        got('instance') }}</script>
    """,
    "Snap, Reddit": """
      <script>need('snap', 'reddit'); (function(e,t,n){if(e.snaptr)return;var a=e.snaptr=function(){
      a.handleRequest?a.handleRequest.apply(a,arguments):a.queue.push(arguments)};a.queue=[];
      add(n).onload=()=>{snaptr('track','PAGE_VIEW');got('snap')}})(window,document,
      'https://sc-static.net/scevent.min.js');snaptr('init','1',{});
      !function(w,d){if(!w.rdt){var p=w.rdt=function(){p.sendEvent?p.sendEvent.apply(p,arguments):
      p.callQueue.push(arguments)};p.callQueue=[];add('https://www.redditstatic.com/ads/pixel.js')
      .onload=()=>{rdt('track','PageVisit');got('reddit')}}}(window,document);rdt('init','t2_x')
      </script>
    """,
    "Microsoft Advertising": """
      <script>need('pushed'); (function(w,d,t,r,u){var f,n,i;w[u]=w[u]||[],f=function(){
      var o={ti:'1',enableAutoSpaTracking:true};o.q=w[u],w[u]=new UET(o),w[u].push('pageLoad')},
      n=d.createElement(t),n.src=r,n.async=1,n.onload=n.onreadystatechange=function(){
      var s=this.readyState;s&&s!=='loaded'&&s!=='complete'||(f(),n.onload=n.onreadystatechange=null,
      w[u].push('event','x',{}),got('pushed'))},i=d.getElementsByTagName(t)[0],
      i.parentNode.insertBefore(n,i)})(window,document,'script','//bat.bing.com/bat.js','uetq')
      </script>
    """,
    "AddThis": """
      <script src="https://s7.addthis.com/js/300/addthis_widget.js#pubid=x"></script>
      <script>need('ready'); addthis.addEventListener('addthis.ready', () => got('ready'));
      addthis.init(); addthis.toolbox('.x'); addthis.layers({theme: 'x'}); addthis.update('a', 'b')
      </script>
    """,
    "Hotjar": """
      <script>need('after'); (function(h,o,t,j,a,r){h.hj=h.hj||function(){(h.hj.q=h.hj.q||[])
      .push(arguments)};h._hjSettings={hjid:1,hjsv:6};add(t+h._hjSettings.hjid+j+h._hjSettings.hjsv)
      .onload=()=>{hj('stateChange','/x');got('after')}})(window,document,
      'https://static.hotjar.com/c/hotjar-','.js?sv=');hj('identify','1',{});hj('event','x')</script>
    """,
    "Clarity": f"""
      <script>need('meta'); {stub("clarity")} clarity('set', 'a', 'b'); clarity('consent');
      clarity('metadata', (d, upgrade) => is('meta', upgrade === false), false);
      add('https://www.clarity.ms/tag/x').onload = () => clarity('identify', 'x')</script>
    """,
    "FullStory": """
      <script src="https://edge.fullstory.com/s/fs.js"></script>
      <script>need('session', 'old', 'observe'); FS('setIdentity', {uid: '1', properties: {}});
      FS('trackEvent', {name: 'x', properties: {}});
      FS('getSessionAsync').then((url) => is('session', url === ''));
      const observer = FS('observe', {type: 'start', callback: () => got('observe')});
      setTimeout(() => observer.disconnect(), 10);
      FS.identify('1'); FS.event('x', {}); is('old', !FS.getCurrentSessionURL());
      FS.log('x'); FS.consent(true); FS.shutdown(); FS.restart()</script>
    """,
    "FullStory, queued by its snippet": """
      <script>need('session', 'ready'); window._fs_namespace = 'FS';
      window._fs_ready = () => got('ready');
      window.FS = (function () { function b(name, options, source) {
        if (/Async$/.test(name)) { name = name.replace(/Async$/, ''); return new Promise(
          (yes, no) => h(name, options, source, yes, no)) } return h(name, options, source) }
        function h(n, o, s, yes, no) { return b._api ? b._api(n, o, s, yes, no)
          : (b.q.push([n, o, s, yes, no]), null) } b.q = []; return b })();
      FS('getSessionAsync').then((url) => is('session', url.length === 0)); FS('setProperties', {});
      add('https://edge.fullstory.com/s/fs.js')</script>
    """,
    "Mouseflow, Smartlook, Contentsquare": """
      <script>need('mouse', 'look', 'square'); window._mfq = window._mfq || [];
      _mfq.push(['setVariable', 'a', 'b']); _mfq.push((m) => { m.stop(); got('mouse') });
      add('https://cdn.mouseflow.com/projects/x.js');
      window.smartlook || (function (d) { var o = smartlook = function () {
        o.api.push(arguments) }; o.api = new Array();
        add('https://web-sdk.smartlook.com/recorder.js') })(document);
      smartlook('init', 'k', {region: 'eu'}); smartlook(() => got('look'));
      window._uxa = window._uxa || []; _uxa.push(['trackPageview', '/x']);
      add('https://t.contentsquare.net/uxa/x.js').onload = () => {
        _uxa.push(['trackPageEvent', 'x']); got('square') }</script>
    """,
    "LogRocket": """
      <script src="https://cdn.logrocket.com/LogRocket.min.js"></script>
      <script>need('url', 'redux'); window.LogRocket && window.LogRocket.init('x/y');
      LogRocket.identify('1', {}); LogRocket.track('x'); LogRocket.getSessionURL(() => got('url'));
      is('redux', LogRocket.reduxMiddleware()({})((action) => action)('a') === 'a')</script>
    """,
    "Matomo": """
      <script>need('this', 'event', 'visitor', 'init'); var _paq = window._paq = window._paq || [];
      _paq.push(['requireCookieConsent']); _paq.push(['setCustomDimension', 1, 'x']);
      _paq.push(['trackPageView']); _paq.push(['enableLinkTracking']);
      _paq.push([function () { is('this', this.getVisitorId() === '') }]);
      window.matomoAsyncInit = () => { got('init');
        Matomo.getTracker('https://x.matomo.cloud/matomo.php', 1).trackPageView() };
      (function () { var u = 'https://stats.example/'; _paq.push(['setTrackerUrl', u + 'matomo.php']);
      _paq.push(['setSiteId', '1']); add(u + 'matomo.js').onload = () => {
        _paq.push(['trackEvent', 'a', 'b', 'c', 1, {}, () => got('event')]);
        is('visitor', Matomo.getAsyncTracker().getVisitorId().length === 0) } })()</script>
    """,
    "Piwik PRO": """
      <script>need('types', 'settings', 'visitor'); window.dataLayer = window.dataLayer || [];
      window.ppms = window.ppms || {}; ppms.cm = ppms.cm || {}; ppms.cm.api = ppms.cm.api ||
        function () { (ppms.cm.q = ppms.cm.q || []).push(arguments) };
      ppms.cm.api('getComplianceTypes', (types) => is('types', types.length === 0), console.error);
      ppms.cm.api('getComplianceSettings', (s) => is('settings', !!s.consents), console.error);
      var _paq = window._paq = []; _paq.push(['trackPageView']);
      _paq.push([function () { is('visitor', this.getVisitorId() === '') }]);
      add('https://x.containers.piwik.pro/containers/1.js')</script>
    """,
    "AT Internet": """
      <script>need('context', 'optout');
      window.ATInternet = {onTrackerLoad: () => { const tag = new ATInternet.Tracker.Tag();
        tag.page.set({name: 'x', chapter1: 'y'}); tag.identifiedVisitor.set({id: '1'});
        tag.customVars.set({site: {1: 'x'}}); tag.dispatch(); got('context');
        tag.richMedia.add({mediaType: 'video', playerId: 1}); tag.richMedia.send({action: 'play'});
        is('optout', tag.privacy.getVisitorMode().name === 'optout') }}</script>
      <script async src="https://tag.aticdn.net/1/smarttag.js"></script>
    """,
    "Piano Analytics": """
      <script>need('sent', 'visitor', 'queued'); window._paq = [['sendEvent', 'x', {},
        {onEventSent: () => got('queued')}]]</script>
      <script src="https://tag.aticdn.net/piano-analytics.js"></script>
      <script> pa.setConfigurations({site: 1, collectDomain: 'https://x'});
      pa.setProperty('a', 'b', {persistent: true}); pa.privacy.setMode('exempt');
      pa.sendEvent('page.display', {page: 'x'}, {onEventSent: () => got('sent')});
      pa.getVisitorId(() => got('visitor'))</script>
    """,
    "Segment": f"""
      <script>need('ready', 'track', 'promise', 'user', 'loaded');
      {listed("analytics", "track page identify ready on group alias debug reset setAnonymousId")}
      analytics.ready(() => got('ready')); analytics.track('x', {{}}, () => got('track'));
      add('https://cdn.segment.com/analytics.js/v1/KEY/analytics.min.js').onload = () => {{
        analytics.identify('1', {{}}).then(() => got('promise')); analytics.on('track', () => {{}});
        analytics.load('k', {{}}, ); is('loaded', analytics.initialized);
        is('user', analytics.user().id() === null && analytics.user().anonymousId() === '') }}
      </script>
    """,
    "Amplitude": """
      <script src="https://cdn.amplitude.com/libs/analytics-browser-2.11.1-min.js.gz"></script>
      <script>need('init', 'event', 'identify'); amplitude.init('k', {defaultTracking: true})
        .promise.then(() => got('init'));
      amplitude.track('x', {a: 1}).promise.then((r) => is('event', r.code === 200));
      const who = new amplitude.Identify(); who.set('a', 'b').add('c', 1); amplitude.identify(who);
      amplitude.revenue(new amplitude.Revenue().setProductId('x').setPrice(1));
      amplitude.setUserId('1'); is('identify', !amplitude.getUserId())</script>
    """,
    "Amplitude, the older SDK": """
      <script>need('init', 'sent', 'own'); (function (e, t) { var n = e.amplitude || {_q: [], _iq: {}};
      function s(o) { ['init', 'logEvent', 'setUserId', 'onInit'].forEach((name) => {
        o[name] = function () { o._q.push([name].concat([].slice.call(arguments, 0))) } }) } s(n);
      n.getInstance = function (x) { x = (!x || x.length === 0 ? '$default_instance' : x);
        if (!n._iq.hasOwnProperty(x)) { n._iq[x] = {_q: []}; s(n._iq[x]) } return n._iq[x] };
      e.amplitude = n })(window, document);
      amplitude.getInstance().init('k', null, {}, (instance) => got('init'));
      amplitude.getInstance().logEvent('x', {}, (code) => is('sent', code === 200));
      add('https://cdn.amplitude.com/libs/amplitude-8.21.9-min.gz.js').onload = () => {
        amplitude.getInstance('b').logEvent('y'); got('own') }</script>
    """,
    "Mixpanel": """
      <script>need('loaded', 'track', 'id', 'links', 'people'); (function (f, b) {
      if (!b.__SV) { window.mixpanel = b; b._i = []; b.init = function (e, f, c) {
        var a = b; c = c || 'mixpanel'; a.people = a.people || [];
        'track register identify track_links time_event'.split(' ').forEach((h) => {
          a[h] = function () { a.push([h].concat([].slice.call(arguments, 0))) } });
        a.people.set = function () { a.people.push(['set'].concat([].slice.call(arguments, 0))) };
        b._i.push([e, f, c]) }; b.__SV = 1.2 } })(document, window.mixpanel || []);
      mixpanel.init('k', {debug: false, loaded: (m) => is('loaded', m.get_distinct_id() === '')});
      mixpanel.track('x', {}, () => got('track')); mixpanel.people.set({a: 1}, () => got('people'));
      mixpanel.track_links('#nav a', 'click');
      add('https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js').onload = () => {
        mixpanel.register({a: 1}); mixpanel.get_group('a', 'b').set({}); mixpanel.time_event('x');
        is('id', mixpanel.has_opted_out_tracking()); mixpanel.opt_in_tracking(); got('links') }
      </script>
    """,
    "PostHog": """
      <script>need('loaded', 'flags', 'off', 'surveys'); !function(t,e){var o,n,p,r;e.__SV||(
      window.posthog=e,e._i=[],e.init=function(i,s,a){add(s.api_host.replace('.i.','-assets.i.')+
      '/static/array.js');'capture identify onFeatureFlags isFeatureEnabled'.split(' ').forEach(
      (m)=>{e[m]=function(){e.push([m].concat([].slice.call(arguments,0)))}});
      e._i.push([i,s,a])},e.__SV=1)}(document,window.posthog||[]);
      posthog.init('k', {api_host: 'https://eu.i.posthog.com', loaded: (p) => { got('loaded');
        is('off', !p.isFeatureEnabled('x')); p.group('company', '1');
        p.getActiveMatchingSurveys((s) => is('surveys', s.length === 0)) }});
      posthog.capture('x', {}); posthog.onFeatureFlags((flags) => is('flags', flags.length === 0))
      </script>
    """,
    "Heap, Chartbeat, Quantcast, comScore": f"""
      <script>need('heap', 'beat', 'score');
      {listed("heap", "track identify addUserProperties onReady")} heap.track('x');
      add('https://cdn.heapanalytics.com/js/heap-1.js').onload = () => {{
        heap.identify('1'); heap.addUserProperties({{}}); got('heap') }};
      var _sf_async_config = {{uid: 1}};
      add('https://static.chartbeat.com/js/chartbeat.js').onload = () => {{
        pSUPERFLY.virtualPage('/x', 'x'); got('beat') }};
      var _qevents = _qevents || []; _qevents.push({{qacct: 'x'}});
      add('https://secure.quantserve.com/quant.js');
      var _comscore = _comscore || []; _comscore.push({{c1: '2', c2: '1'}});
      add('https://sb.scorecardresearch.com/beacon.js').onload = () => {{
        COMSCORE.beacon({{c1: '2'}}); got('score') }}</script>
    """,
    "New Relic": """
      <script src="https://js-agent.newrelic.com/nr-spa-1.min.js"></script>
      <script>need('wrapped'); newrelic.addPageAction('x', {}); newrelic.noticeError(new Error('x'));
      newrelic.setCustomAttribute('a', 'b'); newrelic.interaction().setName('x').save();
      newrelic.interaction().createTracer('t', () => got('wrapped'))()</script>
    """,
    "Datadog": """
      <script>need('ready', 'logs'); (function(h,o,u,n,d){h=h[d]=h[d]||{q:[],onReady:function(c){
      h.q.push(c)}};add(n)})(window,document,'script',
      'https://www.datadoghq-browser-agent.com/eu1/v5/datadog-rum.js','DD_RUM');
      DD_RUM.onReady(() => { DD_RUM.init({clientToken: 'x', applicationId: 'y', site: 'datadoghq.eu'});
        DD_RUM.setUser({id: '1'}); DD_RUM.addAction('x'); DD_RUM.startSessionReplayRecording();
        got('ready') });
      add('https://www.datadoghq-browser-agent.com/eu1/v5/datadog-logs.js').onload = () => {
        DD_LOGS.init({}); DD_LOGS.logger.info('x', {}); DD_LOGS.createLogger('a').error('x');
        got('logs') }</script>
    """,
    "Sentry": """
      <script src="https://js.sentry-cdn.com/key.min.js" crossorigin="anonymous"></script>
      <script>need('load', 'scope', 'span', 'flush');
      Sentry.onLoad(() => { Sentry.init({integrations: [Sentry.browserTracingIntegration(),
        Sentry.replayIntegration()], tracesSampleRate: 1}); got('load') });
      Sentry.withScope((scope) => { scope.setTag('a', 'b').setLevel('warning');
        Sentry.captureException(new Error('x')); got('scope') });
      is('span', Sentry.startSpan({name: 'x'}, (span) => { span.setAttribute('a', 1); return 7 }) === 7);
      Sentry.setUser({id: '1'}); Sentry.addBreadcrumb({message: 'x'});
      Sentry.flush(100).then((good) => is('flush', good))</script>
    """,
    "Bugsnag, Rollbar": """
      <script src="https://d2wy8f7a9ursnm.bugsnag.com/v8/bugsnag.min.js"></script>
      <script src="https://cdn.rollbar.com/rollbarjs/rollbar.min.js"></script>
      <script>need('told'); Bugsnag.start({apiKey: 'x'}); Bugsnag.leaveBreadcrumb('x');
      Bugsnag.notify(new Error('x'), (event) => {}, () => got('told'));
      Rollbar.error('x', new Error('x'))</script>
    """,
    "AppsFlyer, Adjust, Branch": """
      <script>need('link', 'adjust', 'branch', 'data'); (function(b,r,a,n,c,h,_,s,d,k){
      if(!b[n]||!b[n]._q){for(;s<_.length;)c(h,_[s++]);add('https://cdn.branch.io/branch-latest.min.js');
      b[n]=h}})(window,document,'script','branch',function(b,r){b[r]=function(){
      b._q.push([r,arguments])}},{_q:[],_v:1},'data init link track logEvent'.split(' '),0);
      branch.init('key_x', (error, data) => is('branch', error === null && data.data_parsed));
      branch.data((error, data) => got('data'));
      !function(t,e,n,s,a,c,i,o,p){t.AppsFlyerSdkObject=a,t.AF=t.AF||function(){
      (t.AF.q=t.AF.q||[]).push([Date.now()].concat(Array.prototype.slice.call(arguments)))}}
      (window,document,'script',0,'AF');AF('pba','event',{eventType:'EVENT'});
      add('https://websdk.appsflyer.com/?st=pba&').onload = () => {
        const link = AF_SMART_SCRIPT.generateOneLinkURL({oneLinkURL: 'https://x'});
        if (!link) got('link') };
      add('https://cdn.adjust.com/adjust-latest.min.js').onload = () => {
        Adjust.initSdk({appToken: 'x', environment: 'production'});
        Adjust.trackEvent({eventToken: 'x'}); Adjust.waitForAttribution().then(() => got('adjust')) }
      </script>
    """,
    "OneTrust": """
      <script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js" data-domain-script="x">
      </script><button id="b" onclick="OneTrust.ToggleInfoDisplay()">cookies</button>
      <script>need('wrapper', 'tcf', 'clicked'); function OptanonWrapper() {
        is('wrapper', OnetrustActiveGroups.includes('C0001') && !OnetrustActiveGroups.includes('C0004'));
        OneTrust.OnConsentChanged(() => {}) }
      __tcfapi('addEventListener', 2, (data, good) => is('tcf', good && data.gdprApplies
        && !data.purpose.consents[1]));
      document.getElementById('b').click(); got('clicked')</script>
    """,
    "Didomi": """
      <script>need('ready', 'listener', 'tcf', 'closed');
      window.didomiOnReady = window.didomiOnReady || [];
      window.didomiEventListeners = window.didomiEventListeners || [];
      didomiEventListeners.push({event: 'consent.changed', listener: () => got('listener')});
      didomiOnReady.push((Didomi) => { is('ready', !Didomi.getUserConsentStatusForPurpose('cookies'));
        Didomi.setUserDisagreeToAll(); is('closed', !Didomi.notice.isVisible());
        Didomi.preferences.show() });
      window.__tcfapi = (function () { var a = []; return function () {
        if (!arguments.length) return a; a.push(arguments) } })();
      __tcfapi('ping', 2, (pong) => is('tcf', pong.cmpLoaded));
      add('https://sdk.privacy-center.org/x/loader.js?target=y')</script>
    """,
    "Adobe": """
      <script>need('alloy', 'target', 'event'); !function(n,o){o.forEach(function(o){n[o]||(
      (n.__alloyNS=n.__alloyNS||[]).push(o),n[o]=function(){var u=arguments;return new Promise(
      function(i,l){n[o].q.push([i,l,u])})},n[o].q=[])})}(window,['alloy']);
      alloy('configure', {edgeConfigId: 'x', orgId: 'y'});
      alloy('sendEvent', {renderDecisions: true}).then((r) => is('alloy', r.propositions.length === 0));
      add('https://assets.adobedtm.com/x/launch-1.min.js').onload = () => {
        _satellite.track('x'); _satellite.pageBottom(); got('event');
        adobe.target.getOffer({mbox: 'x', success: () => got('target'), error: () => {}}) }</script>
    """,
    "Yandex Metrica": f"""
      <script>need('goal', 'id'); {stub("ym", "a")} ym.l = 1 * new Date();
      ym(1, 'init', {{clickmap: true}}); ym(1, 'reachGoal', 'x', {{}}, () => got('goal'));
      add('https://mc.yandex.ru/metrika/tag.js').onload = () => {{
        ym(1, 'getClientID', () => got('id')); yaCounter1.hit('/x') }}</script>
    """,
    "OneSignal, Braze": """
      <script>need('signal'); window.OneSignalDeferred = window.OneSignalDeferred || [];
      OneSignalDeferred.push(async (OneSignal) => { await OneSignal.init({appId: 'x'});
        await OneSignal.login('1'); is('signal', OneSignal.Notifications.permission === false) })
      </script><script src="https://cdn.onesignal.com/sdks/web/v16/OneSignalSDK.page.js" defer></script>
      <script src="https://js.appboycdn.com/web-sdk/5.0/braze.min.js"></script>
      <script>need('braze'); is('braze', braze.initialize('k', {baseUrl: 'x'}));
      braze.openSession(); braze.changeUser('1'); braze.getUser().setEmail('x').addAlias('a', 'b')
      </script>
    """,
    "Klaviyo, HubSpot, Kissmetrics": """
      <script>need('run'); var _hsq = window._hsq = window._hsq || []; _hsq.push(['setPath', '/x']);
      var _kmq = _kmq || []; _kmq.push(['record', 'x']); _kmq.push(() => got('run'));
      add('https://js.hs-scripts.com/1.js');
      add('https://static.klaviyo.com/onsite/js/klaviyo.js?company_id=x').onload = () => {
        klaviyo.identify({}); klaviyo.push(['track', 'x', {}]); _hsq.push(['trackPageView']) }
      </script>
    """,
    "FingerprintJS": """
      <script>need('module', 'classic'); const promise = import('https://openfpcdn.io/fingerprintjs/v4')
        .then((FingerprintJS) => FingerprintJS.load());
      promise.then((fp) => fp.get()).then((r) => is('module', r.visitorId === ''));
      add('https://openfpcdn.io/fingerprintjs/v4/iife.min.js').onload = () => {
        FingerprintJS.load().then((fp) => fp.get()).then((r) => is('classic', r.visitorId === '')) }
      </script>
    """,
    "two containers on one data layer": """
      <script>need('first', 'second', 'later'); let times = 0; window.dataLayer = [{event: 'a',
        eventCallback: (id) => got(id === 'GTM-1' ? 'first' : id === 'GTM-2' ? 'second' : '')}];
      function gtag() { dataLayer.push(arguments) }
      gtag('event', 'x', {event_callback: () => { if (++times > 1) need('once only') }})</script>
      <script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script>
      <script src="https://www.googletagmanager.com/gtm.js?id=GTM-2"></script>
      <script>const ids = []; dataLayer.push({event: 'b', eventCallback: (id) => { ids.push(id);
        is('later', ids.join() === 'GTM-1,GTM-2') }})</script>
    """,
    "ima3_dai.js": """
      <video id="film"></video>
      <script src="https://imasdk.googleapis.com/js/sdkloader/ima3_dai.js"></script>
      <script>need('backup'); const film = document.getElementById('film');
      const api = google.ima.dai.api; const type = api.StreamEvent.Type;
      const manager = new api.StreamManager(film, document.createElement('div'));
      manager.setClickElement(document.body);
      manager.addEventListener([type.LOADED, type.ERROR, type.AD_BREAK_STARTED], (event) => {
        if (event.type === type.ERROR && event.getStreamData().errorMessage) got('backup') }, false);
      const request = new api.VODStreamRequest(); request.contentSourceId = '1';
      request.videoId = 'x'; manager.requestStream(request);
      is('none', manager.streamTimeForContentTime(3) === 3)</script>
    """,
    "what no documentation told us": """
      <script src="https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js"></script>
      <script src="https://s7.addthis.com/js/300/addthis_widget.js"></script>
      <script>need('method', 'text', 'awaited', 'chain'); mixpanel.method_of_next_year({}, () => {});
      got('method'); is('text', `${addthis.share.url}` === '' && addthis.a.b('c').d + '' === '');
      (async () => { await addthis.later(); await mixpanel.some.name; got('awaited') })();
      new addthis.Widget().render().then?.(); got('chain')</script>
    """,
    "Equativ": """
      <div id="sas_1" style="height: 90px"></div>
      <script src="https://ced.sascdn.com/tag/1/smart.js" async></script>
      <script>need('hidden', 'told'); var sas = sas || {}; sas.cmd = sas.cmd || [];
      sas.cmd.push(() => { sas.setup({networkid: 1, domain: 'https://www.smartadserver.com'});
        sas.events.on('noad', () => got('told')) });
      sas.cmd.push(() => sas.call('onecall', {siteId: 1, pageId: 2, formats: [{id: 1}]}));
      sas.cmd.push(() => { sas.render('1');
        is('hidden', document.getElementById('sas_1').offsetHeight === 0) })</script>
    """,
    "Integral Ad Science": """
      <script>need('data'); var __iasPET = __iasPET || {}; __iasPET.queue = __iasPET.queue || [];
      __iasPET.pubId = '1'; __iasPET.queue.push({adSlots: [], dataHandler: (json) =>
        is('data', typeof JSON.parse(json) === 'object')})</script>
      <script async src="https://cdn.adsafeprotected.com/iasPET.1.js"></script>
    """,
    "Commanders Act": """
      <script>need('consent', 'event'); var tc_vars = {page: 'x'};
      window.cact = window.cact || function () { (cact.q = cact.q || []).push(arguments) };
      cact('consent.get', (result) => is('consent', result.consent.status === 'all-off'));
      add('https://cdn.tagcommander.com/1/tc_x.js').onload = () => {
        tC.event.click(document.body, {a: 'b'}); tC.container.reload(); cact('trigger', 'x', {});
        got('event') }</script>
    """,
    "experiments": """
      <script>need('shown', 'value'); window._vwo_code = {finish: () => got('shown')};
      add('https://dev.visualwebsiteoptimizer.com/j.php?a=1');
      add('https://try.abtasty.com/x.js').onload = () => {
        window.VWO = window.VWO || []; VWO.push(['track.goalConversion', 1]);
        is('value', !ABTasty.getValue('x')) }</script>
    """,
    "Cookiebot, Axeptio": """
      <script id="Cookiebot" src="https://consent.cookiebot.com/uc.js" data-cbid="x"></script>
      <script>need('ready', 'event', 'axeptio', 'renew', 'tcf');
      function CookiebotCallback_OnLoad() {}
      window.addEventListener('CookiebotOnConsentReady', () => is('event', !Cookiebot.consent.marketing));
      window.CookiebotOnLoad = () => got('ready'); Cookiebot.renew(); got('renew');
      __tcfapi('getTCData', 2, (data, good) => is('tcf', good));
      window._axcb = window._axcb || []; _axcb.push((axeptio) => {
        axeptio.on('cookies:complete', (choices) => is('axeptio', !choices.google_analytics)) });
      add('https://static.axept.io/sdk.js')</script>
    """,
    "an integrity that is not ours, a worker": """
      <script>need('refused', 'worker', 'on');
      window.addEventListener('error', (event) => { if (event.target.id === 'i') { got('refused');
        missing.delete('loads ' + event.target.src) } }, true);
      const code = 'importScripts("https://t.example/a.js", "https://static.hotjar.com/c/x.js");'
        + 'postMessage("on")';
      const worker = new Worker(URL.createObjectURL(new Blob([code])));
      worker.onmessage = () => got('worker'); worker.onerror = () => need('no error')</script>
      <script id="i" src="https://t.example/b.js" crossorigin="anonymous"
        integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"></script>
      <script>got('on')</script>
    """,
    "what has no surrogate": """
      <script>need('image', 'frame', 'style', 'script');
      need('fetch', 'preflight', 'beacon', 'film', 'sound')</script>
      <img src="https://t.example/pixel" onload="got('image')" onerror="need('no error')">
      <iframe src="https://t.example/frame" onload="got('frame')"></iframe>
      <link rel="stylesheet" href="https://t.example/a.css" onload="got('style')">
      <script src="https://t.example/a.js" onload="got('script')"></script>
      <script>
      fetch('https://t.example/api').then((r) => r.json()).then(() => got('fetch'));
      fetch('https://t.example/api', {method: 'PUT', credentials: 'include', body: '{}',
        headers: {'X-Key': '1', 'Content-Type': 'application/json'}}).then((r) => r.json())
        .then(() => got('preflight'));
      is('beacon', navigator.sendBeacon('https://t.example/b', 'x'));
      const film = document.createElement('video'); film.muted = true;
      film.onloadeddata = () => got('film'); film.src = 'https://t.example/a.mp4';
      const sound = new Audio('https://t.example/a.mp3'); sound.onloadeddata = () => got('sound')
      </script>
    """,
}
