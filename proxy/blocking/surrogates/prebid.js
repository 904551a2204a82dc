// Prebid.js: an auction without bids ends at once, so that the page goes on to its ad server.
const waiting = window.pbjs || {};
const auction = 'preau';
const listeners = [];
const tell = (event, value) => {
  listeners
    .filter(([wanted]) => wanted === event)
    .forEach(([, listener]) => later(listener, value));
};
const requestBids = (options) => {
  const ended = { auctionId: auction, auctionStatus: 'completed', bidsReceived: [], noBids: [] };
  tell('auctionInit', ended);
  tell('auctionEnd', ended);
  later(options && options.bidsBackHandler, {}, false, auction);
  return Promise.resolve({ bids: {}, timedOut: false, auctionId: auction });
};
const pbjs = tolerant(
  Object.assign(waiting, {
    requestBids,
    onEvent: (event, listener) => {
      listeners.push([event, listener]);
    },
    libLoaded: true,
    version: 'v0',
    adUnits: [],
    installedModules: [],
    bidderSettings: {},
    ...methods(
      'getAdserverTargeting getBidResponses getConsentMetadata getUserIds readConfig',
      () => ({})
    ),
    ...methods('getBidResponsesForAdUnitCode getNoBidsForAdUnitCode', () => ({ bids: [] })),
    getNoBids: () => ({}),
    ...methods(
      'getHighestCpmBids getAllWinningBids getAllPrebidWinningBids getEvents getUserIdsAsEids',
      () => []
    ),
    getAdserverTargetingForAdUnitCodeStr: () => '',
    getAdserverTargetingForAdUnitCode: () => ({}),
    getConfig: (name, callback) => {
      later(callbackIn([name, callback]), {});
      return typeof name === 'string' ? undefined : {};
    },
    ...methods('getUserIdsAsync refreshUserIds', () => Promise.resolve({}))
  })
);
window.pbjs = pbjs;
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
};
pbjs.que = taking(waiting.que, run);
pbjs.cmd = taking(waiting.cmd, run);
pbjs.processQueue = noop;
