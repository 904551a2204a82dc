// Google Publisher Tag, gpt.js: every slot is empty, its place is taken off the page, listeners are told.
const waiting = window.googletag || {};
const listeners = {};
const slots = [];
const tell = (event, slot, more) => {
  (listeners[event] || []).forEach((listener) =>
    later(listener, { slot, serviceName: 'publisher_ads', ...more })
  );
};
const store = () => {
  const values = new Map();
  return {
    setTargeting: (key, value) => {
      values.set(key, [].concat(value));
    },
    getTargeting: (key) => values.get(key) || [],
    getTargetingKeys: () => Array.from(values.keys()),
    clearTargeting: (key) => {
      if (key === undefined) {
        values.clear();
      } else {
        values.delete(key);
      }
    }
  };
};
// An object whose methods return it, but for those given.
const chained = (known, settings = store()) => {
  const self = fluent({
    ...settings,
    ...known,
    setTargeting: (...values) => {
      settings.setTargeting(...values);
      return self;
    },
    clearTargeting: (...values) => {
      settings.clearTargeting(...values);
      return self;
    }
  });
  return self;
};
const defineSlot = (path, size, id = `gpt_preau_${slots.length}`) => {
  const slot = chained({
    getAdUnitPath: () => path,
    getSlotElementId: () => id,
    getSlotId: () => ({ getId: () => `${path}_${id}`, getDomId: () => id, getName: () => path }),
    getSizes: () => [],
    getConfig: () => ({}),
    getServices: () => [pubads],
    getAttributeKeys: () => [],
    getHtml: () => '',
    getOutOfPage: () => false,
    getContentUrl: () => '',
    getCategoryExclusions: () => [],
    ...methods('getResponseInformation get getEscapedQemQueryId', () => null)
  });
  slots.push(slot);
  return slot;
};
const empty = (slot) => {
  hide(document.getElementById(slot.getSlotElementId()));
  tell('slotRequested', slot);
  tell('slotResponseReceived', slot);
  tell('slotRenderEnded', slot, {
    isEmpty: true,
    size: null,
    advertiserId: null,
    campaignId: null,
    creativeId: null,
    lineItemId: null,
    sourceAgnosticCreativeId: null,
    sourceAgnosticLineItemId: null,
    isBackfill: false,
    slotContentChanged: true
  });
};
const pubads = chained({
  addEventListener: (event, listener) => {
    (listeners[event] = listeners[event] || []).push(listener);
    return pubads;
  },
  removeEventListener: (event, listener) => {
    const known = listeners[event] || [];
    listeners[event] = known.filter((other) => other !== listener);
    return known.length !== listeners[event].length;
  },
  refresh: (some) => {
    (some || slots).forEach(empty);
  },
  getSlots: () => slots.slice(),
  getSlotIdMap: () => Object.fromEntries(slots.map((slot) => [slot.getSlotId().getId(), slot])),
  getName: () => 'publisher_ads',
  getVersion: () => '0',
  getAttributeKeys: () => [],
  get: () => null,
  isInitialLoadDisabled: () => false,
  ...methods('enableSingleRequest enableAsyncRendering enableLazyLoad clear', () => true),
  ...methods('getVideoContent getImaContent', () => null),
  display: noop
});
const builder = () => {
  const self = fluent({ build: () => [], addSize: () => self });
  return self;
};
const googletag = Object.assign(waiting, {
  apiReady: true,
  pubadsReady: true,
  defineSlot,
  defineOutOfPageSlot: (path, id) => defineSlot(path, [], typeof id === 'string' ? id : undefined),
  destroySlots: (some) => {
    (some || slots.slice()).forEach((slot) => {
      const at = slots.indexOf(slot);
      if (at >= 0) {
        slots.splice(at, 1);
      }
    });
    return true;
  },
  display: (which) => {
    const id =
      which && which.getSlotElementId ? which.getSlotElementId() : (which && which.id) || which;
    slots.filter((slot) => slot.getSlotElementId() === id).forEach(empty);
    hide(typeof id === 'string' ? document.getElementById(id) : null);
  },
  pubads: () => pubads,
  companionAds: () => pubads,
  content: () => pubads,
  sizeMapping: builder,
  ...methods('enableServices disablePublisherConsole openConsole setConfig setAdIframeTitle'),
  getConfig: () => ({}),
  getVersion: () => '0',
  secureSignalProviders: { push: noop, clearAllCache: noop },
  enums: {
    OutOfPageFormat: {
      TOP_ANCHOR: 2,
      BOTTOM_ANCHOR: 3,
      REWARDED: 4,
      INTERSTITIAL: 5,
      LEFT_SIDE_RAIL: 8,
      RIGHT_SIDE_RAIL: 9,
      GAME_MANUAL_INTERSTITIAL: 7,
      AD_INTENTS: 10
    },
    TagForAgeTreatment: { UNSPECIFIED: 0, CHILD: 1, TEEN: 2 },
    TrafficSource: { PURCHASED: 1, ORGANIC: 2 }
  }
});
window.googletag = tolerant(googletag);
googletag.cmd = taking(waiting.cmd, (run) => {
  if (typeof run === 'function') {
    attempt(run);
  }
});
