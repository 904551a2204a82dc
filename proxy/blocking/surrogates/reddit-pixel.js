// The Reddit pixel, pixel.js.
const rdt = window.rdt || (window.rdt = (...values) => rdt.sendEvent(...values));
Object.assign(rdt, { sendEvent: noop, callQueue: [] });
