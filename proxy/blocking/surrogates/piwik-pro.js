// Piwik PRO: the tracker (ppms.js), the tag manager and its consent calls, which learn of no consent.
const name = ['dataLayer', window._dataLayerName].find((known) => window[known]) || 'dataLayer';
window[name] = window[name] || [];
const results = {
  getComplianceTypes: [],
  getNewComplianceTypes: [],
  getComplianceSettings: { consents: {}, updated: null }
};
const waiting = window.ppms || {};
const cm = waiting.cm || {};
const api = (command, ...values) => {
  later(
    values.find((value) => typeof value === 'function'),
    results[command]
  );
};
window.ppms = Object.assign(waiting, {
  cm: Object.assign(cm, { api: Object.assign(api, { q: [] }) })
});
queued(cm.q)
  .concat(queued(cm.api && cm.api.q))
  .forEach((values) => api(...queued(values)));
window.sevenTag = window.sevenTag || anything();
