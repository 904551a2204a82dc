// New Relic browser agent: wrapped functions are the page's own.
const span = fluent({
  createTracer: (name, callback) => callback || noop,
  getContext: (callback) => {
    later(callback, {});
    return span;
  }
});
const agent = {
  interaction: () => span,
  createTracer: (name, callback) => callback || noop,
  setErrorHandler: noop,
  register: () => tolerant({}),
  recordReplay: noop,
  wrapLogger: noop,
  ...methods(
    `
      noticeError addPageAction setCustomAttribute setUserId setApplicationVersion
      setCurrentRouteName setPageViewName addRelease addToTrace finished inlineHit log
      measure recordCustomEvent pauseReplay start consent
    `
  )
};
window.newrelic = { ...agent, ...window.newrelic };
window.NREUM = window.NREUM || {};
// The older loader asks by a script which parts to start: none.
if (typeof window.NREUM.setToken === 'function') {
  attempt(window.NREUM.setToken, window.NREUM, {
    stn: 0,
    err: 0,
    ins: 0,
    cap: 0,
    spa: 0,
    sr: 0,
    sts: 0,
    srs: 0,
    st: 0,
    log: 0
  });
}
