// Plausible, Fathom, Umami, GoatCounter, Simple Analytics: callbacks run.
const tell = (name, options) => {
  later(options && options.callback, { status: 202 });
};
const take = (name) => {
  const waiting = window[name] && window[name].q;
  window[name] = Object.assign(
    (...values) => {
      tell(...values);
      later(callbackIn(values));
    },
    { q: [], l: true, init: noop }
  );
  queued(waiting).forEach((values) => window[name](...queued(values)));
};
take('plausible');
take('sa_event');
window.fathom = window.fathom || tolerant({ isTrackingEnabled: () => false });
window.umami =
  window.umami ||
  Object.assign(
    () => Promise.resolve(''),
    methods('track identify', () => Promise.resolve('')),
    { trackEvent: noop, trackView: noop }
  );
window.goatcounter = {
  ...window.goatcounter,
  ...methods('count bind_events visit_count'),
  url: () => '',
  filter: () => 'blocked',
  get_query: () => undefined
};
