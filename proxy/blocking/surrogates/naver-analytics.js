// Naver Analytics, wcslog.js.
window.wcs = tolerant({ inflow: noop });
window.wcs_do = noop;
window.wcs_add = window.wcs_add || {};
