// Cookiebot, Axeptio, Usercentrics: no banner, nothing but the necessary is agreed to.
const consent = {
  necessary: true,
  preferences: false,
  statistics: false,
  marketing: false,
  method: null,
  stamp: '0'
};
const Cookiebot = tolerant({
  consent,
  consented: false,
  declined: true,
  hasResponse: true,
  doNotTrack: false,
  regulations: {}
});
window.Cookiebot = window.CookieConsent = Cookiebot;
const call = (name) => {
  if (typeof window[name] === 'function') {
    window[name]();
  }
  window.dispatchEvent(new CustomEvent(name));
};
afterPage(() => {
  'CookiebotOnLoad CookiebotOnConsentReady CookiebotOnDecline'.split(' ').forEach(call);
});
const axeptio = tolerant({
  on: (event, listener) => {
    if (event === 'cookies:complete' || event === 'ready') {
      later(listener, {});
    }
  },
  hasAcceptedConsent: () => false,
  getConsent: () => false,
  getUserPreferencesManager: () => tolerant({ choices: {} })
});
window._axcb = taking(window._axcb, (run) => {
  if (typeof run === 'function') {
    attempt(run, undefined, axeptio);
  }
});
window.axeptioSDK = axeptio;
window.UC_UI =
  window.UC_UI ||
  tolerant({
    isInitialized: () => true,
    getServicesBaseInfo: () => [],
    getServicesFullInfo: () => Promise.resolve([]),
    isConsentRequired: () => false,
    areAllConsentsAccepted: () => false,
    ...methods('acceptAllConsents denyAllConsents acceptService rejectService', () =>
      Promise.resolve()
    )
  });
afterPage(() => {
  window.dispatchEvent(new CustomEvent('UC_UI_INITIALIZED'));
});
