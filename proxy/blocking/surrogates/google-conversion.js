// Google Ads conversions (conversion.js, conversion_async.js, call tracking): pages go on at once.
window.google_trackConversion = (options) => {
  later(options && options.onload_callback);
  return true;
};
window.goog_report_conversion =
  window.goog_report_conversion ||
  ((url) => {
    if (url) {
      location.assign(url);
    }
    return false;
  });
window._googWcmGet = noop;
window.google_conversion_id = undefined;
