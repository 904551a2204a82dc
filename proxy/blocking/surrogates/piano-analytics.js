// Piano Analytics: callbacks run, nothing is sent.
const told = (...values) => {
  const options = values.filter((value) => value && typeof value === 'object').pop() || {};
  later(callbackIn(values) || options.onEventSent, '');
};
window.pa = tolerant({
  ...methods(
    `
      sendEvent sendEvents getVisitorId getUser getUserId getConfiguration getProperties
      getCommonProperties refresh loadPrivacy
    `,
    told
  ),
  privacy: tolerant({ getMode: () => 'optout', modes: anything() }),
  consent: tolerant({ getMode: () => 'opt-out', modes: anything() }),
  avInsights: {
    Media: function () {
      return tolerant({});
    }
  },
  cfg: anything(),
  user: anything()
});
// Calls before the script came wait in a list that the settings may name.
const queue = (window._pac && window._pac.queueVarName) || '_paq';
if (!window.Matomo) {
  window[queue] = taking(window[queue], (entry) => perform(window.pa, entry));
}
