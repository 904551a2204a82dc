// Microsoft Clarity: films nothing; clarity('metadata', callback) learns of no session.
const clarity = (command, callback) => {
  if (command === 'metadata') {
    later(callback, { userId: '', sessionId: '', pageNum: '' }, false, {
      source: 0,
      ad_Storage: 'denied',
      analytics_Storage: 'denied'
    });
  }
};
const waiting = window.clarity && window.clarity.q;
window.clarity = Object.assign(clarity, { q: [], v: '0' });
queued(waiting).forEach((values) => clarity(...queued(values)));
