// Braze, OneSignal: nobody is known, nobody is called back to the site.
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry, window, window.OneSignal);
  }
};
const user = fluent({
  getUserId: (callback) => {
    later(callback, null);
    return null;
  }
});
const waiting = window.braze || window.appboy;
const braze = tolerant({
  initialize: () => true,
  getUser: () => user,
  User: anything(),
  isPushSupported: () => false,
  isPushPermissionGranted: () => false,
  isPushBlocked: () => true,
  getDeviceId: (callback) => {
    later(callback, '');
    return '';
  },
  ...methods('getCachedContentCards getCachedFeed', () => ({ cards: [], lastUpdated: null })),
  getFeatureFlag: () => null,
  getAllFeatureFlags: () => [],
  subscribeToInAppMessage: () => ''
});
window.braze = window.appboy = braze;
const calls = window.brazeQueue || window.appboyQueue;
queued(calls).forEach((entry) => {
  const [path, values] = [queued(entry)[0] || entry.m, queued(entry)[1] || entry.a];
  perform(braze, [String(path).split('.').pop(), ...queued(values)]);
});
const later_signal = window.OneSignal;
const nothing = () => Promise.resolve(undefined);
window.OneSignal = tolerant(
  {
    initialized: true,
    Notifications: tolerant({
      permission: false,
      permissionNative: 'denied',
      isPushSupported: () => false,
      requestPermission: () => Promise.resolve(false)
    }),
    User: tolerant({
      PushSubscription: tolerant({ id: null, token: null, optedIn: false }),
      onesignalId: null,
      externalId: null,
      getTags: () => ({})
    }),
    Slidedown: tolerant({}),
    Session: tolerant({}),
    Debug: tolerant({}),
    ...methods('isPushNotificationsEnabled', (callback) => {
      later(callback, false);
      return Promise.resolve(false);
    }),
    isPushNotificationsSupported: () => false,
    getUserId: (callback) => {
      later(callback, null);
      return Promise.resolve(null);
    },
    ...methods('init login logout setConsentGiven', nothing)
  },
  undefined
);
window.OneSignal.push = (...entries) => {
  entries.forEach((entry) => {
    if (Array.isArray(entry)) {
      perform(window.OneSignal, entry);
    } else {
      run(entry);
    }
  });
  return 0;
};
queued(later_signal).forEach((entry) => window.OneSignal.push(entry));
window.OneSignalDeferred = taking(window.OneSignalDeferred, (entry) => {
  if (typeof entry === 'function') {
    attempt(entry, window, window.OneSignal);
  }
});
