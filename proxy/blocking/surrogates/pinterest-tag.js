// The Pinterest tag, core.js and main.js: callbacks learn that nothing was sent.
const pintrk = (...values) => {
  later(callbackIn(values), false, 'blocked');
};
const waiting = window.pintrk && window.pintrk.queue;
window.pintrk = Object.assign(pintrk, { queue: [], version: '3.0', loaded: true });
queued(waiting).forEach((values) => pintrk(...queued(values)));
