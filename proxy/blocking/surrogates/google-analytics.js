// Google Analytics, analytics.js: hitCallback runs (pages follow a link then), ready functions get a tracker.
const name = window.GoogleAnalyticsObject || 'ga';
const waiting = window[name];
const trackers = {};
const tracked = (options) => {
  later(options && options.hitCallback);
};
const tracker = (called) => {
  const fields = { name: called };
  const self = tolerant({
    get: (field) => (field in fields ? fields[field] : ''),
    set: (field, value) => {
      Object.assign(fields, typeof field === 'object' ? field : { [field]: value });
    },
    send: (...values) => {
      const last = values[values.length - 1];
      tracked(last && typeof last === 'object' && last.hitCallback ? last : fields);
    },
    getName: () => called
  });
  return self;
};
const named = (called) => trackers[called] || (trackers[called] = tracker(called));
const create = (...values) => {
  const options = values.find((value) => value && typeof value === 'object');
  return named(
    (options && options.name) || (values[2] && typeof values[2] === 'string' ? values[2] : 't0')
  );
};
const ga = (...values) => {
  const [command, ...rest] = values;
  if (typeof command === 'function') {
    attempt(command, undefined, trackers.t0 || named('t0'));
    return;
  }
  const [whose, verb] = String(command).includes('.')
    ? String(command).split('.')
    : ['t0', String(command)];
  if (verb === 'create') {
    create(...rest);
  } else if (verb === 'send' || verb === 'set') {
    named(whose)[verb](...rest);
  } else {
    tracked(rest[rest.length - 1]);
  }
};
window[name] = Object.assign(ga, {
  create,
  getByName: (called) => trackers[called],
  getAll: () => Object.values(trackers),
  remove: (called) => {
    delete trackers[called];
  },
  loaded: true,
  q: [],
  l: Date.now()
});
queued(waiting && waiting.q).forEach((values) => attempt(ga, undefined, ...queued(values)));
// The snippet of Google Optimize hides the page until this script has come.
const layer = window.dataLayer;
if (layer && layer.hide) {
  later(layer.hide.end);
}
