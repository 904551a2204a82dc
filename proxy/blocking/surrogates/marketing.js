// Kissmetrics, HubSpot's tracking, Klaviyo, Customer.io, Marketo, Pardot, Optimizely, Eulerian, Statcounter: queues are taken.
const run = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry);
  } else if (Array.isArray(entry) && ['record', 'identify', 'track'].includes(entry[0])) {
    later(callbackIn(entry));
  }
};
[
  '_kmq',
  '_hsq',
  '_learnq',
  '_cio',
  '_etmc',
  '_mkto',
  '_qevq',
  '_adftrack',
  '_ewq',
  '_fbds'
].forEach((name) => {
  window[name] = taking(window[name], run);
});
window.KM = window.KM || tolerant({ i: () => null });
window.klaviyo =
  window.klaviyo ||
  Object.assign(
    taking([], run),
    methods('identify track trackViewedItem account cookieDomain isIdentified', (...values) => {
      later(callbackIn(values));
      return Promise.resolve(false);
    })
  );
window.Munchkin = window.Munchkin || tolerant({ init: noop, munchkinFunction: noop });
window.mktoMunchkin = window.mktoMunchkinFunction = window.piTracker = noop;
window.optimizely = Object.assign(taking(window.optimizely, noop), {
  get: () => anything(),
  initialized: true
});
window.EA_push = window.EA_push || run;
window._statcounter = window._statcounter || tolerant({});
