// What the surrogates have in common: put before each of them, inside one function.
const noop = () => {};
// Runs a callback that the page waits for, after its own script, as an answer from the network would.
const later = (callback, ...values) => {
  if (typeof callback === 'function') {
    setTimeout(callback, 0, ...values);
  }
};
// Runs something when the page's own scripts have run.
const afterPage = (run) => {
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', run);
  } else {
    setTimeout(run, 0);
  }
};
// Runs a function of the page now: its error is reported as the page's own and stops nothing of ours.
const attempt = (callback, self, ...values) => {
  try {
    return callback.apply(self, values);
  } catch (error) {
    setTimeout(() => {
      throw error;
    }, 0);
  }
};
// The words of a text that is written on several lines.
const words = (text) => text.trim().split(/\s+/);
// Several methods that do the same: methods('track page', noop).
const methods = (names, behaviour = noop) =>
  Object.fromEntries(words(names).map((name) => [name, behaviour]));
// What promises, tests of type and conversions look for: never made up.
const plain = (name) =>
  typeof name === 'symbol' ||
  ['then', 'toJSON', 'toString', 'valueOf', 'constructor', 'length', 'q', 'queue'].includes(name);
// An object with the members given; any other is a method that does nothing and returns `answer` (or the object itself).
const tolerant = (known, answer) => {
  const other = () => (answer === tolerant ? object : answer);
  const object = new Proxy(known, {
    get: (target, name) => (name in target || plain(name) ? target[name] : other)
  });
  return object;
};
const fluent = (known) => tolerant(known, tolerant);
// Anything the page asks of it is the same again, to call, to read or to make with `new`.
const anything = (known = {}, answer) => {
  const object = new Proxy(function () {}, {
    get: (target, name) => {
      if (name === 'toString' && !Object.hasOwn(known, name)) {
        return () => '';
      }
      return Object.hasOwn(known, name) || plain(name) ? known[name] : object;
    },
    set: (target, name, value) => {
      known[name] = value;
      return true;
    },
    apply: () => (answer === undefined ? object : answer),
    construct: () => object
  });
  return object;
};
// Entries that a snippet queued before its script came: a list, an arguments object, or nothing.
const queued = (queue) => (queue && typeof queue.length === 'number' ? Array.from(queue) : []);
// Runs an entry [name, ...values] as a method.
const perform = (api, entry) => {
  const [name, ...values] = queued(entry);
  return typeof name === 'string' && typeof api[name] === 'function'
    ? attempt(api[name], api, ...values)
    : undefined;
};
// Replaces a queue: what waits is run, then whatever is pushed.
const taking = (queue, run) => {
  const taken = {
    length: 0,
    push: (...entries) => {
      entries.forEach((entry) => run(entry));
      return (taken.length += entries.length);
    }
  };
  taken.push(...queued(queue));
  return taken;
};
// The function among the values that the page would like to be told by.
const callbackIn = (values) => values.filter((value) => typeof value === 'function').pop();
// Takes an empty place for an advertisement off the page.
const hide = (element) => {
  if (element && element.style) {
    element.style.setProperty('display', 'none', 'important');
  }
};
// Where this script came from: some vendors put settings there.
const address = new URL((document.currentScript && document.currentScript.src) || location.href);
