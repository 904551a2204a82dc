// FingerprintJS as a module (import … from 'https://openfpcdn.io/fingerprintjs/v4'): every browser is the same one.
const result = {
  visitorId: '',
  visitorFound: false,
  confidence: { score: 0, comment: '' },
  components: {},
  requestId: '',
  version: '0'
};
export const load = () => Promise.resolve({ get: () => Promise.resolve(result) });
export const hashComponents = () => '';
export const componentsToDebugString = () => '';
export const defaultEndpoint = [];
export const defaultScriptUrlPattern = [];
export default {
  load,
  hashComponents,
  componentsToDebugString,
  defaultEndpoint,
  defaultScriptUrlPattern
};
