// Criteo: the advertisers' tag (ld.js, criteo_q) and the publishers' (publishertag.js): no bids.
const waiting = window.Criteo || {};
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
};
window.criteo_q = taking(window.criteo_q, run);
window.Criteo = tolerant({
  ...methods('RequestBids RequestBidsOnGoogleTagSlots', (...values) => {
    later(callbackIn(values), []);
  }),
  ...methods('DisplayAd DisplayAcceptableAdIfAdblocked CallRTA', (options) => {
    hide(document.getElementById(options && (options.containerid || options.containerId)));
  }),
  SetLineItemRanges: noop,
  SetDFPKeyValueTargeting: noop,
  ComputeStandaloneDFPTargeting: () => ({}),
  ComputeDFPTargetingForAdUnit: () => undefined,
  usePrebidEvents: false
});
window.Criteo.events = taking(waiting.events, run);
window.criteo_pubtag = { prebid_113: {} };
