// Gemius: hits and players are taken.
window.pp_gemius_hit =
  window.gemius_hit =
  window.gemius_event =
  window.pp_gemius_event =
  window.gemius_pending =
    noop;
window.GemiusPlayer = function () {
  return tolerant({});
};
