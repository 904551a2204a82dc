// Google Analytics, ga.js (_gaq, _gat): links and forms that go through the tracker still lead where they should.
const hit = { callback: undefined };
const sent = () => {
  later(hit.callback);
  return true;
};
const go = (url) => {
  if (url) {
    location.assign(url);
  }
};
const tracker = tolerant({
  ...methods('_trackEvent _trackPageview _trackSocial _trackTiming _trackTrans', sent),
  _set: (field, value) => {
    if (field === 'hitCallback') {
      hit.callback = value;
    }
  },
  _link: go,
  _getLinkerUrl: (url) => url || '',
  _linkByPost: noop,
  ...methods(
    '_getName _getAccount _getClientInfo _visitCode _getVisitorCustomVar _getVersion',
    () => ''
  )
});
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
    return;
  }
  const [command, ...values] = queued(entry);
  if (typeof command === 'string') {
    attempt(tracker[command.slice(command.lastIndexOf('.') + 1)], tracker, ...values);
  }
};
const getter = () => tracker;
window._gat = tolerant({
  ...methods('_getTracker _createTracker _getTrackerByName', getter),
  _getTrackers: () => [tracker],
  _getPlugin: () => tracker
});
window._gaq = Object.assign(taking(window._gaq, run), {
  ...methods('_createAsyncTracker _getAsyncTracker', getter)
});
