// Quantcast Measure, quant.js.
window._qevents = taking(window._qevents, (entry) => {
  later(entry && entry.callback);
});
window._qacct = window._qacct || '';
window.quantserve = noop;
window.__qc = tolerant({ qopts: {} });
