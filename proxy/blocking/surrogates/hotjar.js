// Hotjar: films nothing.
window.hj = Object.assign(
  (...values) => {
    later(callbackIn(values));
  },
  { q: [], globals: { get: () => undefined }, eventStream: [] }
);
window.hjSiteSettings = window.hjSiteSettings || {};
