// Contentsquare: films nothing.
window._uxa = taking(window._uxa, (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
});
window.UXAnalytics = window.CS_CONF = window.CS_CONF || anything();
