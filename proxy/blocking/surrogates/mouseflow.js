// Mouseflow: films nothing.
window.mouseflow = tolerant({
  isRecording: () => false,
  getSessionId: () => '',
  getPageViewId: () => ''
});
window._mfq = taking(window._mfq, (entry) => {
  if (typeof entry === 'function') {
    later(entry, window.mouseflow);
  }
});
