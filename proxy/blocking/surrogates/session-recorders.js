// Crazy Egg, Lucky Orange, Inspectlet, Quantum Metric: film nothing.
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
};
window.CE2 = window.CE2 || anything();
window.CE_API = taking(window.CE_API, run);
window.LOQ = taking(window.LOQ, run);
window._loq = taking(window._loq, run);
window.LO = window.LO || anything({ visitor: anything() });
window.__insp = taking(window.__insp, run);
window.QuantumMetricAPI =
  window.QuantumMetricAPI ||
  tolerant({ getSessionID: () => '', getUserID: () => '', addEventListener: noop });
