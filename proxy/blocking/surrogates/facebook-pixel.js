/* Préau: stands in for the Facebook (Meta) pixel, fbevents.js. Accepts every call, sends nothing. */
(function () {
  'use strict';
  var fbq = function () {};
  fbq.callMethod = fbq;
  fbq.push = fbq;
  fbq.queue = [];
  fbq.loaded = true;
  fbq.version = '2.0';
  fbq.getState = function () { return { pixels: [] }; };
  window.fbq = fbq;
  window._fbq = fbq;
})();
