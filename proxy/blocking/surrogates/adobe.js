// Adobe: tags (_satellite), the Web SDK (alloy), Target and the visitor id: promises end, callbacks run.
const nothing = { propositions: [], decisions: [], inferences: [], destinations: [] };
window._satellite =
  window._satellite ||
  tolerant({
    track: noop,
    pageBottom: noop,
    getVar: () => undefined,
    setVar: noop,
    setDebug: noop,
    logger: tolerant({}),
    cookie: tolerant({}),
    getVisitorId: () => null,
    buildInfo: {},
    environment: {},
    property: {}
  });
queued(window.__alloyNS || ['alloy']).forEach((name) => {
  const waiting = window[name] && window[name].q;
  window[name] = Object.assign(() => Promise.resolve(nothing), { q: [] });
  queued(waiting).forEach(([resolve]) => later(resolve, nothing));
});
const told = (value) => (options) => {
  later(options && options.success, value);
  later(options && options.complete);
};
window.adobe = window.adobe || {};
window.adobe.target =
  window.adobe.target ||
  tolerant({
    getOffer: told([]),
    trackEvent: told(undefined),
    ...methods('getOffers applyOffers sendNotifications', () => Promise.resolve({})),
    VERSION: '0',
    event: anything()
  });
window.mboxCreate = window.mboxDefine = window.mboxUpdate = window.mboxTrack = noop;
const visitor = tolerant(
  {
    getMarketingCloudVisitorID: (callback) => {
      later(callback, '');
      return '';
    },
    appendVisitorIDsTo: (url) => url,
    appendSupplementalDataIDTo: (url) => url,
    getVisitorValues: (callback) => {
      later(callback, {});
    },
    isAllowed: () => false
  },
  ''
);
window.Visitor = window.Visitor || {
  getInstance: () => visitor,
  AuthState: { UNKNOWN: 0, AUTHENTICATED: 1, LOGGED_OUT: 2 }
};
// The styles by which Target hides the page until it has chosen.
document.querySelectorAll('#alloy-prehiding, #at-body-style').forEach((style) => style.remove());
