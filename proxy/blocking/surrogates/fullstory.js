// FullStory: films nothing; promises are settled with what a page gets that is not recorded.
const name = window._fs_namespace || 'FS';
const results = { getSession: '', observe: { disconnect: noop } };
const FS =
  typeof window[name] === 'function'
    ? window[name]
    : (window[name] = function fs(operation, options) {
        const wanted = String(operation);
        return wanted.endsWith('Async')
          ? Promise.resolve(results[wanted.slice(0, -5)])
          : FS._api(wanted, options);
      });
const run = (operation, options, source, resolve) => {
  if (operation === 'observe' && options && options.type === 'start') {
    later(options.callback, { sessionUrl: '' });
  }
  const result = results[operation];
  if (typeof resolve === 'function') {
    resolve(result);
  }
  return result;
};
// The first version of the interface; the second calls FS(operation, options).
Object.assign(
  FS,
  methods(
    `
      identify setUserVars setVars event anonymize shutdown restart log consent
      identifyAccount clearUserCookie disableConsole setProperties
    `
  ),
  {
    ...methods('getCurrentSessionURL getCurrentSession getSession', () => ''),
    _api: run,
    _v: '2',
    isInitialized: () => true
  }
);
queued(FS.q).forEach((entry) => run(...queued(entry)));
FS.q = [];
later(window._fs_ready);
