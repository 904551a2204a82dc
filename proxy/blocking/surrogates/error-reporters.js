// Bugsnag, Rollbar, TrackJS: functions given to them run, errors are not sent.
const run = (...values) => {
  const callback = callbackIn(values);
  return callback ? callback() : undefined;
};
const notify = (error, ...values) => {
  later(callbackIn(values), null, {});
};
const client = tolerant({
  notify,
  leaveBreadcrumb: noop,
  startSession: noop,
  resumeSession: () => true,
  getUser: () => ({}),
  getMetadata: () => undefined,
  getContext: () => undefined,
  isStarted: () => true,
  getPlugin: () => undefined
});
window.Bugsnag =
  window.Bugsnag ||
  tolerant({
    ...methods('start createClient', () => client),
    notify,
    isStarted: () => true,
    getUser: () => ({}),
    getMetadata: () => undefined,
    getPlugin: () => undefined,
    Client: function () {
      return client;
    }
  });
window.bugsnag = window.bugsnag || (() => client);
window.Rollbar =
  window.Rollbar ||
  tolerant({
    wrap: (callback) => callback,
    ...methods('log debug info warning warn error critical', (...values) => {
      later(callbackIn(values), null);
      return { uuid: '' };
    }),
    init: () => window.Rollbar
  });
window.TrackJS =
  window.TrackJS ||
  tolerant({
    attempt: run,
    watch: (callback) => callback,
    install: () => true,
    isInstalled: () => true
  });
