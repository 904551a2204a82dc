// AddThis and ShareThis: no buttons, no error; ready callbacks run.
const ready = (...values) => {
  later(callbackIn(values), { type: 'addthis.ready' });
};
window.addthis = anything({
  addEventListener: (type, callback) => {
    if (type === 'addthis.ready') {
      ready(callback);
    }
  },
  ready,
  user: anything({ ready, isReturning: () => false, interests: () => [], services: () => [] })
});
window.__sharethis__ = anything();
window.stLight = window.stButtons = window.stWidget = anything();
