// Google content experiments (cx/api.js) and Google Optimize: always the page as it is.
window.cxApi = tolerant(
  {
    chooseVariation: () => 0,
    getChosenVariation: () => 0,
    ORIGINAL_VARIATION: 0,
    NOT_PARTICIPATING: -2,
    NO_CHOSEN_VARIATION: -1
  },
  0
);
const layer = window.dataLayer;
if (layer && layer.hide) {
  later(layer.hide.end);
}
