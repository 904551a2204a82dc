// LinkedIn Insight Tag, insight.min.js: lintrk('track', …) runs its callback.
const track = (...values) => {
  const options = values.find((value) => value && typeof value === 'object') || {};
  later(callbackIn([options.commandCallback, ...values]));
};
const waiting = window.lintrk && window.lintrk.q;
window.lintrk = Object.assign(track, { q: [] });
window._already_called_lintrk = true;
window.ORIBI = tolerant({ api: tolerant({}) });
queued(waiting).forEach((values) => track(...queued(values)));
