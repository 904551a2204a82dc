// FingerprintJS: every browser is the same one.
const components = {};
const result = {
  visitorId: '',
  visitorFound: false,
  confidence: { score: 0, comment: '' },
  components,
  requestId: '',
  version: '0'
};
const agent = { get: () => Promise.resolve(result), getVisitorId: () => Promise.resolve(result) };
window.FingerprintJS = window.FpJS || {
  load: () => Promise.resolve(agent),
  hashComponents: () => '',
  componentsToDebugString: () => '',
  getScreenFrame: noop,
  defaultEndpoint: [],
  defaultScriptUrlPattern: []
};
// The second version: Fingerprint2.get(options, callback), new Fingerprint2().get(callback).
const second = function () {
  return {
    get: (callback) => {
      later(callback, '', []);
    }
  };
};
Object.assign(second, {
  get: (...values) => {
    later(callbackIn(values), []);
  },
  getV18: (...values) => {
    later(callbackIn(values), '', []);
  },
  getPromise: () => Promise.resolve([]),
  x64hash128: () => '',
  VERSION: '0'
});
window.Fingerprint2 = second;
