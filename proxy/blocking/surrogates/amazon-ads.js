// Amazon's older header bidding (amzn_ads.js): no bids, at once.
const params = window.amznads && window.amznads.asyncParams;
const none = (...values) => {
  later(callbackIn(values));
  return [];
};
window.amznads = tolerant({
  ...methods('getAds getAdsAsync getAdsCallback doAsyncCall', none),
  getTargeting: () => ({}),
  getTokens: () => [],
  hasAds: () => false,
  ads: {}
});
window.amzn_ads = window.aax_write = noop;
later(params && params.callbackFunction);
