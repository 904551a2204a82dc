"""Pages that stay: the second half of them, as in ``clients_pages``."""

# ruff: noqa: E501  snippets stand here as pages hold them
from __future__ import annotations

from tests.clients.clients_pages import listed, stub

SECOND: dict[str, str] = {
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
