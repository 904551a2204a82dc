"""Pages that stay: the first half of them, as in ``clients_pages``."""

# ruff: noqa: E501  snippets stand here as pages hold them
from __future__ import annotations

from tests.clients.clients_pages import listed, stub

FIRST: dict[str, str] = {
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
}
