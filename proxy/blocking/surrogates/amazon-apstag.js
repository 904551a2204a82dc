// Amazon Publisher Services, apstag.js: no bids, at once.
const bids = (options, callback) => {
  later(callback, []);
  return Promise.resolve([]);
};
const api = tolerant({
  init: (options, callback) => {
    later(callback);
  },
  fetchBids: bids,
  targetingKeys: () => [],
  punt: true,
  ...methods('dpa rpa upa', (tokens, callback) => {
    later(callback);
  })
});
const queue = queued(window.apstag && window.apstag._Q);
const short = { i: 'init', f: 'fetchBids', di: 'dpa', ri: 'rpa', ui: 'upa' };
window.apstag = api;
queue.forEach(([letter, values]) => perform(api, [short[letter], ...queued(values)]));
