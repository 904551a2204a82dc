// Sentry's browser SDK and loader: functions given to it run, errors are not sent.
const span = fluent({
  spanContext: () => ({ traceId: '', spanId: '', traceFlags: 0 }),
  isRecording: () => false,
  finish: noop,
  end: noop,
  toTraceparent: () => ''
});
const scope = fluent({
  getUser: () => undefined,
  getSpan: () => undefined,
  getClient: () => undefined,
  getTransaction: () => span
});
const within = (...values) => {
  const run = callbackIn(values);
  return run ? run(scope) : undefined;
};
const traced = (options, run) => (typeof run === 'function' ? run(span) : undefined);
const wrap = (run) => (typeof run === 'function' ? run() : undefined);
const Integration = function () {
  return tolerant({ name: 'preau' });
};
const known = {
  onLoad: (callback) => {
    later(callback);
  },
  forceLoad: noop,
  init: () => undefined,
  isInitialized: () => true,
  isEnabled: () => false,
  SDK_VERSION: '0',
  lastEventId: () => undefined,
  ...methods(
    `
      captureException captureMessage captureEvent captureFeedback captureUserFeedback
      captureCheckIn captureSession
    `,
    () => ''
  ),
  ...methods(
    `
      withScope withIsolationScope withMonitor configureScope withActiveSpan continueTrace
      suppressTracing startNewTrace
    `,
    within
  ),
  wrap,
  ...methods('startSpan startSpanManual', traced),
  ...methods('startInactiveSpan startTransaction', () => span),
  ...methods('getCurrentScope getIsolationScope getGlobalScope', () => scope),
  getCurrentHub: () =>
    tolerant({
      getClient: () => undefined,
      getScope: () => scope,
      withScope: within,
      captureException: () => ''
    }),
  ...methods('getClient getActiveSpan getRootSpan getReplay getFeedback', () => undefined),
  lazyLoadIntegration: () => Promise.resolve(() => tolerant({ name: 'preau' })),
  getTraceData: () => ({}),
  ...methods('flush close', () => Promise.resolve(true)),
  ...methods(
    `
      browserTracingIntegration replayIntegration replayCanvasIntegration
      feedbackIntegration feedbackAsyncIntegration captureConsoleIntegration
      extraErrorDataIntegration httpClientIntegration contextLinesIntegration
      browserProfilingIntegration
    `,
    () => tolerant({ name: 'preau' })
  ),
  BrowserTracing: Integration,
  Replay: Integration,
  Feedback: Integration,
  Integrations: new Proxy({}, { get: () => Integration }),
  Scope: function () {
    return scope;
  },
  Hub: function () {
    return tolerant({});
  },
  logger: tolerant({ fmt: (parts) => String(parts) }),
  metrics: tolerant({})
};
window.Sentry = tolerant({
  ...known,
  ...(window.Sentry && window.Sentry.SDK_VERSION ? window.Sentry : {})
});
later(window.sentryOnLoad);
// The loader's page may have queued calls; the oldest SDK is Raven.
window.Raven =
  window.Raven ||
  fluent({
    wrap: (options, run) => run || options,
    context: (...values) => wrap(callbackIn(values)),
    isSetup: () => true,
    lastEventId: () => null
  });
