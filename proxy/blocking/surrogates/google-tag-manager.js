// Google Tag Manager and gtag.js (Google Analytics 4): callbacks run, the data layer answers, no tag is loaded.
const name = address.searchParams.get('l') || 'dataLayer';
const id = address.searchParams.get('id') || 'preau';
const layer = (window[name] = window[name] || []);
const model = {};
const access = {
  get: (key) =>
    String(key)
      .split('.')
      .reduce((at, part) => (at === undefined || at === null ? undefined : at[part]), model),
  set: (key, value) => {
    model[key] = value;
  },
  reset: () => {
    Object.keys(model).forEach((key) => {
      delete model[key];
    });
  }
};
// gtag('event', name, parameters) and its like push an arguments object.
const command = ([verb, subject, third, fourth]) => {
  if (verb === 'get') {
    later(fourth, '');
    return;
  }
  if (verb === 'set' && typeof subject === 'object') {
    Object.assign(model, subject);
  }
  const parameters = third && typeof third === 'object' ? third : subject;
  if (!parameters || typeof parameters !== 'object') {
    return;
  }
  later(parameters.event_callback, id);
  if (subject === 'optimize.callback') {
    later(parameters.callback, '0', parameters.name);
  }
};
const handle = (entry) => {
  if (typeof entry === 'function') {
    attempt(entry, access);
    return;
  }
  if (entry === null || typeof entry !== 'object') {
    return;
  }
  if (Object.prototype.toString.call(entry) === '[object Arguments]') {
    command(Array.from(entry));
    return;
  }
  if (Array.isArray(entry)) {
    perform(access, entry);
    return;
  }
  const { eventCallback, ...values } = entry;
  Object.assign(model, values);
  (layer.push.containers || [id]).forEach((container) => later(eventCallback, container));
};
// Several containers may share a data layer: it is taken over once, each learns of its events.
const containers = layer.push.containers;
if (containers) {
  containers.push(id);
  Array.from(layer).forEach((entry) => later(entry && entry.eventCallback, id));
} else {
  const add = layer.push;
  const push = (...entries) => {
    const length = add.apply(layer, entries);
    entries.forEach(handle);
    return length;
  };
  layer.push = Object.assign(push, { containers: [id] });
  Array.from(layer).forEach(handle);
}
if (layer.hide) {
  later(layer.hide.end);
}
const manager = (window.google_tag_manager = window.google_tag_manager || {});
manager[id] = manager[id] || { dataLayer: { ...access, name }, callback: noop };
manager.dataLayer = manager.dataLayer || { name, set: noop };
