// Piano Analytics: callbacks run, nothing is sent.
const told = (...values) => {
  const options = values.filter((value) => value && typeof value === 'object').pop() || {};
  later(callbackIn(values) || options.onEventSent, '');
};
const waiting = window.pa;
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
// The snippet's stand-in keeps its calls in the queue that the settings name.
queued(waiting && waiting.q)
  .concat(window._pac && window._pac.q ? queued(window._pac.q) : [])
  .forEach((entry) => perform(window.pa, entry));
