// Facebook SDK for JavaScript, sdk.js: nobody is logged in, every callback runs; plug-ins stay what the page wrote.
const unknown = { authResponse: null, status: 'unknown' };
const refused = { error: { message: 'blocked', type: 'OAuthException', code: 190 } };
const answer =
  (value) =>
  (...values) => {
    later(callbackIn(values), value);
  };
window.FB = tolerant({
  ...methods('getLoginStatus login logout', answer(unknown)),
  api: answer(refused),
  ui: answer(undefined),
  share: noop,
  getAuthResponse: () => null,
  getAccessToken: () => null,
  getUserID: () => '',
  XFBML: { parse: answer(undefined) },
  Event: methods('subscribe unsubscribe'),
  AppEvents: tolerant({ EventNames: anything(), ParameterNames: anything() }),
  Canvas: anything(),
  CustomerChat: methods('show hide showDialog hideDialog update'),
  Insights: methods('impression')
});
afterPage(() => {
  if (typeof window.fbAsyncInit === 'function') {
    window.fbAsyncInit();
  }
});
