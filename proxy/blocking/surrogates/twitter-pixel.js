// The X (Twitter) pixel, uwt.js.
const twq = window.twq || (window.twq = (...values) => twq.exe(...values));
Object.assign(twq, { exe: noop, queue: [], version: '1.1' });
window.twttr = window.twttr || {};
window.twttr.conversion = window.twttr.conversion || { trackPid: noop };
