// LogRocket: films nothing; middleware passes actions on.
const middleware = () => (store) => (next) => (action) => next(action);
const LogRocket = tolerant({
  reduxMiddleware: middleware,
  reduxEnhancer: () => (create) => create,
  sessionURL: '',
  recordingURL: '',
  threadID: '',
  tabID: '',
  getSessionURL: (callback) => {
    later(callback, '');
  },
  ...methods('init start', (...values) => {
    later(callbackIn(values));
  })
});
window.LogRocket = LogRocket;
window._LRLogger = function () {
  return LogRocket;
};
