/* Préau: stands in for Google Tag Manager and gtag.js. Runs the callbacks that pages wait for, loads nothing. */
(function () {
  'use strict';
  var layer = window.dataLayer = window.dataLayer || [];
  var call = function (callback, argument) {
    if (typeof callback !== 'function') { return; }
    setTimeout(function () {
      try { callback(argument); } catch (error) { setTimeout(function () { throw error; }); }
    }, 0);
  };
  var handle = function (entry) {
    if (entry === null || typeof entry !== 'object') { return; }
    call(entry.eventCallback, 'preau');
    // gtag(...) pushes its arguments object: command, name, parameters
    if (typeof entry.length !== 'number') { return; }
    var parameters = entry[2];
    if (entry[0] === 'get') { call(entry[3], undefined); return; }
    if (parameters !== null && typeof parameters === 'object') { call(parameters.event_callback, 'preau'); }
  };
  var push = Array.prototype.push;
  layer.push = function () {
    Array.prototype.forEach.call(arguments, handle);
    return push.apply(layer, arguments);
  };
  Array.prototype.slice.call(layer).forEach(handle);
  if (layer.hide && typeof layer.hide.end === 'function') { layer.hide.end(); }
  window.google_tag_manager = window.google_tag_manager || {};
})();
