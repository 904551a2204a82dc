// comScore and Scorecard Research, beacon.js; Nielsen's and the older udm_ calls.
window.COMSCORE = anything({ beacon: noop, purge: noop });
window._comscore = taking(window._comscore, (entry) => {
  later(entry && entry.options && entry.options.onload);
});
window.udm_ = window.ns_pixelUrl = noop;
window.ns_ = anything();
