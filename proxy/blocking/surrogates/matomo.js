// Matomo (Piwik), matomo.js: queued calls run, callbacks too; visitor ids are empty.
const told = (...values) => {
  later(callbackIn(values));
};
const tracker = tolerant({
  ...methods(
    `
      trackPageView trackEvent trackLink trackGoal trackSiteSearch trackEcommerceOrder
      trackEcommerceCartUpdate trackContentImpression trackContentInteraction trackRequest
      queueRequest ping disableQueueRequest
    `,
    told
  ),
  ...methods(
    `
      getVisitorId getUserId getAttributionReferrerUrl getAttributionCampaignName
      getAttributionCampaignKeyword getAttributionReferrerTimestamp
      getCrossDomainLinkingUrlParameter getCustomData getPageViewId getTrackerUrl
      getMatomoUrl getPiwikUrl getSiteId getCurrentUrl
    `,
    () => ''
  ),
  ...methods(
    'getVisitorInfo getAttributionInfo getEcommerceItems getConsentRequestsQueue',
    () => []
  ),
  getCustomDimension: () => null,
  getCustomVariable: () => false,
  getNumTrackedPageViews: () => 0,
  ...methods('hasRememberedConsent hasConsent hasCookies', () => false),
  isUserOptedOut: () => true,
  isConsentRequired: () => true,
  getRememberedConsent: () => null,
  getRememberedCookieConsent: () => null,
  isUsingAlwaysUseSendBeacon: () => false
});
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry, tracker);
    return;
  }
  const [call, ...values] = queued(entry);
  if (typeof call === 'function') {
    attempt(call, tracker, ...values);
  } else if (typeof call === 'string') {
    attempt(tracker[call.split(/[.:]/).pop()] || noop, tracker, ...values);
  }
};
const waiting = window._paq;
const Matomo = tolerant({
  initialized: true,
  JSON,
  ...methods('getTracker getAsyncTracker addTracker', () => tracker),
  getAsyncTrackers: () => [tracker],
  on: (event, callback) => {
    if (event === 'MatomoInitialized') {
      later(callback);
    }
  }
});
window.Matomo = window.Piwik = window.AnalyticsTracker = Matomo;
['matomoAsyncInit', 'piwikAsyncInit', ...queued(window.matomoPluginAsyncInit)].forEach((hook) => {
  const callback = typeof hook === 'function' ? hook : window[hook];
  if (typeof callback === 'function') {
    attempt(callback, window);
  }
});
window._paq = taking(waiting, run);
