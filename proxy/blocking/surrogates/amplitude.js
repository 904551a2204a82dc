// Amplitude, the browser SDK and the older one: callbacks run, promises end, ids are empty.
const builder = function () {
  return fluent({});
};
const result = { event: {}, code: 200, message: 'success' };
const instance = () => {
  const tell = (...values) => {
    later(callbackIn(values), 200, 'success');
    return { promise: Promise.resolve(result) };
  };
  const self = tolerant(
    {
      ...methods(
        `
          track logEvent logRevenue revenue identify groupIdentify setGroup flush
          sendEvents add remove reset logEventWithGroups logRevenueV2
        `,
        tell
      ),
      init: (...values) => {
        later(callbackIn(values), self);
        return { promise: Promise.resolve() };
      },
      onInit: (callback) => {
        later(callback, self);
      },
      isNewSession: () => false,
      ...methods('getUserId getDeviceId getSessionId getIdentity getOptOut', () => undefined)
    },
    { promise: Promise.resolve() }
  );
  return self;
};
const main = instance();
const others = {};
const api = tolerant(
  Object.assign(main, {
    Identify: builder,
    Revenue: builder,
    invoked: true,
    Types: anything(),
    createInstance: instance,
    getInstance: (name) => (name ? others[name] || (others[name] = instance()) : api)
  }),
  { promise: Promise.resolve() }
);
const run = (target, entry) => {
  // Old queue: [name, ...values]; new: { name, args, resolve }.
  if (Array.isArray(entry)) {
    perform(target, entry);
    return;
  }
  if (!entry || !entry.name) {
    return;
  }
  const given = perform(target, [entry.name, ...queued(entry.args)]);
  if (typeof entry.resolve === 'function') {
    Promise.resolve(given && given.promise).then(entry.resolve);
  }
};
const waiting = window.amplitude || {};
window.amplitude = api;
queued(waiting._q).forEach((entry) => run(api, entry));
Object.keys(waiting._iq || {}).forEach((name) => {
  queued(waiting._iq[name]._q).forEach((entry) =>
    run(api.getInstance(name === '$default_instance' ? '' : name), entry)
  );
});
window.sessionReplay =
  window.sessionReplay ||
  tolerant(
    { getSessionReplayProperties: () => ({}), plugin: () => tolerant({ name: 'preau' }) },
    { promise: Promise.resolve() }
  );
window.engagement = window.engagement || tolerant({ plugin: () => tolerant({ name: 'preau' }) });
const experiment = tolerant(
  {
    variant: (key, fallback) => fallback || {},
    all: () => ({}),
    fetch: () => Promise.resolve(experiment)
  },
  Promise.resolve()
);
const begin = () => experiment;
window.Experiment =
  window.Experiment || methods('initialize initializeWithAmplitudeAnalytics', begin);
