// Google AdSense, adsbygoogle.js: slots stay unfilled, as Google marks them, and are taken off the page.
const unfilled = () => {
  document.querySelectorAll('ins.adsbygoogle').forEach((place) => {
    place.setAttribute('data-ad-status', 'unfilled');
    place.setAttribute('data-adsbygoogle-status', 'done');
    hide(place);
  });
};
const taken = taking(window.adsbygoogle, (slot) => {
  const told = slot && typeof slot === 'object' ? slot : {};
  later(told.callback);
  // Ad Placement API: adConfig({ onReady }), adBreak({ adBreakDone }): the game goes on.
  later(told.onReady);
  later(told.adBreakDone, {
    breakType: told.type,
    breakName: told.name,
    breakFormat: 'interstitial',
    breakStatus: 'notReady'
  });
  unfilled();
});
window.adsbygoogle = Object.assign(taken, { loaded: true, pauseAdRequests: 1 });
unfilled();
afterPage(unfilled);
