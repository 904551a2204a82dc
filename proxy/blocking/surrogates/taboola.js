// Taboola: recommendations and pixel (_taboola, _tfa): widgets stay empty.
window._taboola = taking(window._taboola, (entry) => {
  if (!entry || typeof entry !== 'object') {
    return;
  }
  if (entry.container) {
    hide(document.getElementById(entry.container));
  }
});
window._tfa = taking(window._tfa, noop);
window.TRC = anything();
