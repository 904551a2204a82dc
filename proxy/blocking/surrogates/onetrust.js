// OneTrust (and CookiePro): no banner; only the strictly necessary group is on, the page's wrapper runs.
const groups = ',C0001,';
window.OnetrustActiveGroups = window.OptanonActiveGroups = groups;
const wrapper = () => {
  if (typeof window.OptanonWrapper === 'function') {
    window.OptanonWrapper();
  }
};
const api = tolerant(
  {
    OnConsentChanged: noop,
    IsAlertBoxClosed: () => true,
    IsAlertBoxClosedAndValid: () => true,
    Close: noop,
    ToggleInfoDisplay: noop,
    LoadBanner: noop,
    ...methods('AllowAll RejectAll', () => {
      later(wrapper);
    }),
    UpdateConsent: noop,
    changeLanguage: noop,
    getDataSubjectId: () => '',
    setDataSubjectId: noop,
    GetDomainData: () => ({
      Groups: [],
      ConsentModel: { Name: 'opt-in' },
      Domain: '',
      Language: { Culture: 'fr' }
    }),
    getGeolocationData: () => ({ country: 'FR', state: '' }),
    testLog: noop,
    getVendorConsentsRequestV2: noop,
    syncConsentProfile: noop,
    InsertScript: (url, where, callback) => {
      later(callback);
    },
    InsertHtml: (html, where, callback) => {
      later(callback);
    },
    BlockGoogleAnalytics: noop
  },
  undefined
);
window.OneTrust = window.Optanon = api;
if (Array.isArray(window.dataLayer)) {
  window.dataLayer.push({ event: 'OneTrustLoaded', OnetrustActiveGroups: groups });
}
afterPage(wrapper);
window.dispatchEvent(new CustomEvent('OneTrustGroupsUpdated', { detail: ['C0001'] }));
