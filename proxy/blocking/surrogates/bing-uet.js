// Microsoft Advertising, bat.js: the snippet makes a UET when this script has come.
const Uet = function (options) {
  const waiting = options && options.q;
  queued(waiting).forEach((entry) => later(entry && entry.callback));
  return {
    push: (...values) => {
      later(callbackIn(values));
      return 0;
    },
    evq: [],
    beaconParams: {}
  };
};
window.UET = Uet;
