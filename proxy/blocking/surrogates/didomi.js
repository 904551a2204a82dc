// Didomi: no notice, nothing agreed to; functions that wait for it run.
const nobody = { enabled: [], disabled: [] };
const status = {
  purposes: { consent: nobody, legitimate_interest: nobody, global: nobody, essential: [] },
  vendors: {
    consent: nobody,
    legitimate_interest: nobody,
    global: nobody,
    global_consent: nobody,
    global_li: nobody
  },
  user_id: '',
  created: '',
  updated: '',
  consent_string: '',
  addtl_consent: ''
};
const observable = () => {
  const self = {
    subscribe: (callback) => {
      later(callback, undefined);
      return { unsubscribe: noop };
    }
  };
  return Object.assign(
    self,
    methods('filter first distinctUntilChanged', () => self)
  );
};
const listeners = [];
const tell = (event) => {
  listeners
    .filter((entry) => entry && entry.event === event)
    .forEach((entry) => later(entry.listener, { action: 'change' }));
};
const changed = () => {
  tell('consent.changed');
};
const Didomi = tolerant({
  on: (event, listener) => {
    if (event === 'ready') {
      later(listener);
    } else {
      listeners.push({ event, listener });
    }
  },
  ...methods(
    `
      getUserConsentStatus getUserConsentStatusForPurpose getUserConsentStatusForVendor
      getUserStatusForVendor getUserStatusForPurpose getUserConsentStatusForAll
    `,
    () => false
  ),
  isUserConsentStatusPartial: () => false,
  isConsentRequired: () => true,
  shouldConsentBeCollected: () => false,
  shouldUserStatusBeCollected: () => false,
  isRegulationApplied: () => true,
  isReady: () => true,
  getUserStatus: () => status,
  getCurrentUserStatus: () => ({ purposes: {}, vendors: {}, regulation: 'gdpr' }),
  getUserConsentToken: () => ({}),
  getUserConsentStatusForAll: () => status,
  getConfig: () => ({}),
  getLanguage: () => 'fr',
  getTranslationAsHTML: () => '',
  getTranslations: () => ({}),
  ...methods(
    `
      getRequiredPurposes getRequiredVendors getPurposes getVendors getRequiredPurposeIds
      getRequiredVendorIds
    `,
    () => []
  ),
  getPurposeById: () => undefined,
  getVendorById: () => undefined,
  getExperiment: () => ({ id: null, group: null }),
  ...methods(
    `
      setUserAgreeToAll setUserDisagreeToAll setUserStatus setUserStatusForAll
      setUserConsentStatus setUserConsentStatusForAll setCurrentUserStatus
    `,
    changed
  ),
  openTransaction: () => tolerant({ commit: changed }),
  openCurrentUserStatusTransaction: () => tolerant({ commit: changed }),
  ...methods(
    'getObservableOnUserConsentStatusForVendor getObservableOnUserConsentStatusForPurpose',
    observable
  ),
  notice: tolerant({ isVisible: () => false, configure: noop }),
  preferences: tolerant({ isVisible: () => false })
});
window.Didomi = Didomi;
window.didomiOnReady = taking(window.didomiOnReady, (callback) => {
  later(callback, Didomi);
});
window.didomiEventListeners = taking(window.didomiEventListeners, (entry) => {
  Didomi.on(entry && entry.event, entry && entry.listener);
});
window.didomiState = {
  didomiVendorsConsent: ',',
  didomiPurposesConsent: ',',
  ...window.didomiState
};
