// AT Internet SmartTag: `return tag.click.send(…)` lets the browser follow the link.
const go = (options) => {
  later(options && options.callback);
  return true;
};
const part = () =>
  anything({ send: go, set: noop, add: go, onDispatch: noop, play: noop, get: () => undefined });
const Tag = function () {
  const known = {
    dispatch: (callback) => {
      later(callback);
      return true;
    },
    getContext: () => undefined,
    setConfig: noop,
    configure: noop
  };
  words(`
    page click publisher selfPromotion order cart rating aisles customVars customTree
    dynamicLabel internalSearch identifiedVisitor mvTesting campaigns onSiteAds products
    product richMedia ecommerce nuggad clickListener events event
  `).forEach((name) => {
    known[name] = part();
  });
  known.privacy = anything({
    setVisitorMode: () => true,
    setVisitorOptout: () => true,
    getVisitorMode: () => ({ name: 'optout' }),
    getModeMetadata: () => ({})
  });
  known.utils = anything();
  return tolerant(known, true);
};
window.ATInternet = {
  Tracker: { Tag, Plugins: anything(), instances: [], pluginProtos: {} },
  Utils: anything(),
  ...window.ATInternet
};
later(window.ATInternet.onTrackerLoad);
