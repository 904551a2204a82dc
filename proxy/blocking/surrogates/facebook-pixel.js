// The Meta pixel, fbevents.js: takes every call, also those that waited.
const fbq = window.fbq || (window.fbq = (...values) => fbq.callMethod(...values));
Object.assign(fbq, {
  callMethod: noop,
  loaded: true,
  version: '2.0',
  getState: () => ({ pixels: [], pixelInitializationCount: 0 }),
  push: fbq,
  queue: []
});
fbq.queue.push = noop;
window._fbq = window._fbq || fbq;
