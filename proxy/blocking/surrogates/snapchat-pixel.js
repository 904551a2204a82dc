// The Snap pixel, scevent.min.js.
const snaptr = window.snaptr || (window.snaptr = (...values) => snaptr.handleRequest(...values));
Object.assign(snaptr, { handleRequest: noop, queue: [] });
