// Outbrain: recommendations (outbrain.js) and the advertisers' pixel (obApi): widgets stay empty.
const clear = () => {
  document.querySelectorAll('.OUTBRAIN, .ob-widget').forEach(hide);
};
window.OBR = anything({ ready: true }, undefined);
window.obApi = Object.assign(noop.bind(null), {
  queue: [],
  dispatch: noop,
  version: '1.0',
  loaded: true
});
clear();
afterPage(clear);
