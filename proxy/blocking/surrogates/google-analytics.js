/* Préau: stands in for Google Analytics (analytics.js). Keeps the page's calls working, sends nothing. */
(function () {
  'use strict';
  var noop = function () {};
  var name = window.GoogleAnalyticsObject || 'ga';
  var waiting = window[name];
  var fields = function () { return undefined; };
  var tracker = {
    get: fields, set: noop, send: noop, require: noop, provide: noop,
    getName: function () { return 't0'; }
  };
  var call = function (callback, argument) {
    if (typeof callback !== 'function') { return; }
    setTimeout(function () {
      try { callback(argument); } catch (error) { setTimeout(function () { throw error; }); }
    }, 0);
  };
  var ga = function () {
    var last = arguments[arguments.length - 1];
    if (arguments.length === 1) { call(last, tracker); return; }
    // ga('send', …, { hitCallback: … }): pages wait for it before they follow a link
    if (last !== null && typeof last === 'object') { call(last.hitCallback); }
  };
  ga.create = function () { return tracker; };
  ga.getByName = function () { return tracker; };
  ga.getAll = function () { return [tracker]; };
  ga.remove = noop;
  ga.loaded = true;
  ga.answer = 42;
  window[name] = ga;
  if (waiting && waiting.q) {
    Array.prototype.forEach.call(waiting.q, function (queued) { ga.apply(null, queued); });
  }
  // Set by the optimisation snippet that hides the page until the script has loaded
  var layer = window.dataLayer;
  if (layer && layer.hide && typeof layer.hide.end === 'function') { layer.hide.end(); }
})();
