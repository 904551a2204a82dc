// Commanders Act (TagCommander): no tag is loaded; consent is asked for and not given.
const refusal = { consent: { status: 'all-off', categories: {}, vendors: {} } };
const cact = (command, ...values) => {
  if (command === 'consent.get' || command === 'consent.onReady') {
    later(callbackIn(values), refusal);
  }
};
const waiting = window.cact && window.cact.q;
window.tC = window.tC || anything({ array_launched_tags: [] });
window.cact = Object.assign(cact, { q: [] });
queued(waiting).forEach((values) => cact(...queued(values)));
