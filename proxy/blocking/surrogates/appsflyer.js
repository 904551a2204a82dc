// AppsFlyer's web SDK and Smart Script: the page's own link to the store stays.
const command = (...values) => {
  later(callbackIn(values), {});
};
const waiting = window.AF && window.AF.q;
window.AF = Object.assign(command, { q: [] });
queued(waiting).forEach((values) => command(...queued(values)));
window.AF_SDK = window.AF_SDK || tolerant({});
window.AF_SMART_SCRIPT =
  window.AF_SMART_SCRIPT ||
  tolerant({
    generateOneLinkURL: () => null,
    generateDirectClickURL: () => null,
    displayQrCode: noop,
    fireImpressionsLink: noop,
    Afsub: {}
  });
window.AF_SMART_SCRIPT_RESULT = window.AF_SMART_SCRIPT_RESULT || null;
