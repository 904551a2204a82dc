// Chartbeat: virtual pages and callbacks; the page that its optimiser hid is shown.
window.pSUPERFLY = tolerant({
  virtualPage: noop,
  activity: noop,
  addEngagementListener: noop,
  getDisplayedSlots: () => []
});
window.pSUPERFLY_mab = tolerant({});
window.pSUPERFLY_pub = tolerant({});
window._cbq = taking(window._cbq, (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
});
window._cb_shared = window._cb_shared || {};
const hidden = document.getElementById('chartbeat-flicker-control-style');
if (hidden) {
  hidden.remove();
}
