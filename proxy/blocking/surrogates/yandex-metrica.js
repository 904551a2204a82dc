// Yandex Metrica: goals run their callbacks.
const counter = fluent({
  ...methods('reachGoal hit params userParams notBounce file extLink', (...values) => {
    later(callbackIn(values));
  }),
  getClientID: () => ''
});
const ym = (id, command, ...values) => {
  later(callbackIn([...values, ...values.map((value) => value && value.callback)]), '');
};
const waiting = window.ym && window.ym.a;
window.ym = Object.assign(ym, { a: [], l: Date.now() });
queued(waiting).forEach((values) => {
  const [id] = queued(values);
  window[`yaCounter${id}`] = counter;
  ym(...queued(values));
});
const Ya = (window.Ya = window.Ya || {});
Ya.Metrika = Ya.Metrika2 = Object.assign(
  function () {
    return counter;
  },
  { counters: () => [] }
);
['yandex_metrika_callbacks', 'yandex_metrika_callbacks2'].forEach((name) => {
  window[name] = taking(window[name], (callback) => {
    if (typeof callback === 'function') {
      attempt(callback);
    }
  });
});
