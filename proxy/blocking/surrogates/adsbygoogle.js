/* Préau: stands in for adsbygoogle.js. Takes the slots that a page pushes, fills none, hides none. */
(function () {
  'use strict';
  var call = function (slot) {
    var callback = slot && slot.callback;
    if (typeof callback === 'function') { setTimeout(callback, 0); }
  };
  var waiting = window.adsbygoogle;
  window.adsbygoogle = {
    loaded: true,
    length: 0,
    push: function (slot) { this.length += 1; call(slot); return this.length; },
    pauseAdRequests: 1
  };
  if (waiting && typeof waiting.length === 'number') {
    Array.prototype.forEach.call(waiting, function (slot) { window.adsbygoogle.push(slot); });
  }
  Array.prototype.forEach.call(document.querySelectorAll('ins.adsbygoogle'), function (place) {
    place.setAttribute('data-ad-status', 'unfilled');
    place.setAttribute('data-adsbygoogle-status', 'done');
  });
})();
