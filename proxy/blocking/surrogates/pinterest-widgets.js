// Pinterest's add-ons, pinit.js: buttons stay links.
window.PinUtils = tolerant({});
window.parsePins = window.parsePinBtns = noop;
