// Segment, analytics.js (also RudderStack's): queued calls run, their callbacks and promises end.
const key =
  (document.currentScript &&
    document.currentScript.getAttribute('data-global-segment-analytics-key')) ||
  'analytics';
const user = fluent({ id: () => null, anonymousId: () => '', traits: () => ({}) });
const sent = (...values) => {
  later(callbackIn(values));
  return Promise.resolve({ event: {}, attempts: 0 });
};
const make = (name, waiting) => {
  const api = fluent({
    ...methods('track page identify group alias screen reset flush', sent),
    load: (...values) => {
      const options = values.pop();
      later(options && options.onLoaded, api);
      return Promise.resolve(api);
    },
    ready: (callback) => {
      later(callback);
      return Promise.resolve();
    },
    user: () => user,
    group: (...values) => {
      sent(...values);
      return user;
    },
    ...methods('getAnonymousId getUserId getSessionId getGroupId getTrackingPlan', () => ''),
    ...methods('getUserTraits getGroupTraits', () => ({})),
    ...methods(
      'register deregister addSourceMiddleware addDestinationMiddleware addIntegrationMiddleware',
      () => Promise.resolve()
    ),
    initialized: true,
    initialize: true,
    invoked: true,
    VERSION: '0',
    SNIPPET_VERSION: '0',
    push: (entry) => {
      perform(api, entry);
      return 0;
    }
  });
  window[name] = api;
  queued(waiting).forEach((entry) => perform(api, entry));
};
if (window[key] || !window.rudderanalytics) {
  make(key, window[key]);
}
if (window.rudderanalytics) {
  make('rudderanalytics', window.rudderanalytics);
}
