// Equativ (Smart AdServer), smart.js: every place is empty and taken off the page.
const waiting = window.sas || {};
const listeners = [];
const empty = (id) => {
  const place = typeof id === 'object' && id ? id.tagId || id.id : id;
  hide(document.getElementById(place) || document.getElementById(`sas_${place}`));
  listeners
    .filter(([event]) => event === 'noad' || event === 'clean')
    .forEach(([, listener]) => later(listener, { tagId: place, formatId: place }));
};
window.sas = tolerant(
  Object.assign(waiting, {
    __smartLoaded: true,
    render: empty,
    call: (kind, options) => {
      const told = (kind && typeof kind === 'object' ? kind : options) || {};
      later(told.onNoad || (told.events && told.events.onNoad), {});
      String(told.formatId || '')
        .split(',')
        .forEach((id) => later(empty, id));
    },
    events: {
      on: (event, listener) => {
        listeners.push([event, listener]);
      },
      off: noop,
      history: () => []
    }
  })
);
window.sas.cmd = taking(waiting.cmd, (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  }
});
