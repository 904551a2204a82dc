// Smartlook: films nothing; callbacks run.
const smartlook = (...values) => {
  later(callbackIn(values), {});
  return Promise.resolve(undefined);
};
const waiting = window.smartlook && window.smartlook.api;
window.smartlook = Object.assign(smartlook, { api: [], initialized: () => false });
queued(waiting).forEach((values) => smartlook(...queued(values)));
