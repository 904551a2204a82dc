// Integral Ad Science, DoubleVerify, Moat: nothing is known of the slots, at once.
const nothing = '{"brandSafety":{},"fr":"false","slots":{}}';
const IAS = (window.__iasPET = window.__iasPET || {});
IAS.queue = taking(IAS.queue, (entry) => later(entry && entry.dataHandler, nothing));
IAS.VERSION = '0';
window.PQ = window.PQ || {};
window.PQ.cmd = taking(window.PQ.cmd, (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
});
window.PQ.getTargeting = (options, callback) => later(callback, undefined, {});
window.PQ.loadSignals = (signals, callback) => later(callback);
window.moatPrebidApi =
  window.moatPrebidApi ||
  tolerant({
    pageDataAvailable: () => false,
    slotDataAvailable: () => false,
    getMoatTargetingForPage: () => ({}),
    getMoatTargetingForSlot: () => ({}),
    setMoatTargetingForAllSlots: () => false,
    setMoatTargetingForSlot: () => false
  });
later(window.moatYieldReady);
