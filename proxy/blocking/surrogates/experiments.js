// Visual Website Optimizer, AB Tasty, Kameleoon: the page that they hide is shown as it is.
const vwo = window._vwo_code;
if (vwo && typeof vwo.finish === 'function') {
  attempt(vwo.finish, vwo);
}
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
};
window.VWO = Object.assign(taking(window.VWO, noop), { event: noop, visitor: noop });
window.ABTasty =
  window.ABTasty || tolerant({ getValue: () => undefined, isTrackingActive: () => false });
window.kameleoonQueue = taking(window.kameleoonQueue, run);
window.Kameleoon = window.Kameleoon || { API: anything() };
