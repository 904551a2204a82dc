// The TikTok pixel, events.js: takes what the snippet queued; ready callbacks run.
const name = window.TiktokAnalyticsObject || 'ttq';
const waiting = window[name];
const tell = (...values) => {
  later(callbackIn(values));
};
const api = fluent({
  ready: tell,
  ...methods('track page identify load', (...values) => {
    tell(...values);
    return Promise.resolve();
  }),
  instances: () => [],
  instance: () => api,
  _i: {},
  _t: {},
  _o: {}
});
api.push = (entry) => {
  perform(api, entry);
  return 0;
};
window[name] = api;
queued(waiting).forEach((entry) => perform(api, entry));
