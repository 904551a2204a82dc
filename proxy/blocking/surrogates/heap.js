// Heap: takes every call; ready callbacks run.
const waiting = window.heap;
window.heap = tolerant({
  ...(window.heap && { appid: waiting.appid, envId: waiting.envId, config: waiting.config }),
  loaded: true,
  onReady: (callback) => {
    later(callback);
  },
  getUserId: () => '',
  getSessionId: () => '',
  getIdentity: () => null,
  push: (entry) => {
    perform(window.heap, entry);
    return 0;
  }
});
queued(waiting).forEach((entry) => perform(window.heap, entry));
window.heapReadyCb = taking(window.heapReadyCb, (entry) => {
  later((entry && entry.fn) || entry);
});
