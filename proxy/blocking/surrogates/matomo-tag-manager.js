// Matomo Tag Manager, container_….js: no tag is loaded.
window._mtm = taking(window._mtm, (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
});
window.MatomoTagManager = window.MatomoTagManager || anything();
