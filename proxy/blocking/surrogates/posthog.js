// PostHog: `loaded` and feature-flag callbacks run, no flag is on.
const make = (config) => {
  const self = tolerant({
    ...methods('capture identify alias reset register group', (...values) => {
      later(callbackIn(values));
    }),
    people: tolerant({}),
    config: config || {},
    __loaded: true,
    get_distinct_id: () => '',
    get_session_id: () => '',
    get_session_replay_url: () => '',
    get_property: () => undefined,
    ...methods('onFeatureFlags', (callback) => {
      later(callback, [], {}, { errorsLoading: true });
      return noop;
    }),
    ...methods('getSurveys getActiveMatchingSurveys getEarlyAccessFeatures', (callback) => {
      later(callback, []);
    }),
    onSurveysLoaded: (callback) => {
      later(callback, []);
      return noop;
    },
    ...methods(
      'getFeatureFlag getFeatureFlagPayload getFeatureFlagResult isFeatureEnabled',
      () => undefined
    ),
    featureFlags: tolerant({ getFlags: () => [], getFlagVariants: () => ({}) }),
    surveys: tolerant({}),
    sessionRecording: tolerant({ started: false }),
    onSessionId: () => noop,
    on: () => noop,
    getGroups: () => ({}),
    getAllFeatureFlags: () => [],
    onActiveMatchingSurveysChanged: () => noop,
    canRenderSurvey: () => null,
    canRenderSurveyAsync: () => Promise.resolve({ visible: false }),
    shutdown: () => Promise.resolve(),
    is_capturing: () => false,
    sessionRecordingStarted: () => false,
    toolbar: tolerant({}),
    has_opted_out_capturing: () => true,
    has_opted_in_capturing: () => false,
    get_explicit_consent_status: () => 'denied',
    init: (token, options, name) => {
      const made = name && name !== 'posthog' ? make(options) : api;
      if (made !== api) {
        api[name] = made;
      }
      later(options && options.loaded, made);
      return made;
    },
    push: (entry) => {
      perform(self, entry);
      return 0;
    }
  });
  return self;
};
const waiting = window.posthog || [];
const api = make();
window.posthog = api;
queued(waiting._i).forEach(([token, config, name]) => {
  const made = api.init(token, config, name);
  queued(made === api ? waiting : waiting[name]).forEach((entry) => perform(made, entry));
});
