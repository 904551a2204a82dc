// Adjust's web SDK: promises end, attribution is unknown.
window.Adjust = tolerant({
  ...methods('getAttribution getWebUUID getReferrer', () => undefined),
  waitForAttribution: () => Promise.resolve({}),
  waitForWebUUID: () => Promise.resolve(''),
  initSdk: (options) => {
    later(options && options.attributionCallback && noop);
  },
  trackEvent: () => Promise.resolve(),
  isEnabled: () => false
});
window.AdjustSmartBanner = window.AdjustSmartBanner || tolerant({ getDeviceCountry: () => '' });
