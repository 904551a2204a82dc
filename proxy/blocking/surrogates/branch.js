// Branch: callbacks learn of no link and no session.
const nothing = {
  data: '',
  data_parsed: {},
  has_app: false,
  identity: null,
  referring_identity: null,
  referring_link: null
};
const told =
  (value) =>
  (...values) => {
    later(callbackIn(values), null, value);
  };
const branch = tolerant({
  ...methods('init data first setIdentity logout', told(nothing)),
  ...methods('link deepview qrCode', told('')),
  ...methods(
    `
      logEvent track sendSMS trackCommerceEvent lastAttributedTouchData
      getBrowserFingerprintId crossPlatformIds
    `,
    told(null)
  ),
  addListener: noop,
  removeListener: noop,
  closeBanner: noop,
  banner: noop,
  setAPIResponseCallback: noop,
  initialized: true
});
const waiting = window.branch && window.branch._q;
window.branch = branch;
queued(waiting).forEach(([name, values]) => perform(branch, [name, ...queued(values)]));
