// IAB Europe's consent interface, __tcfapi: loaded, and nothing is agreed to.
const refusal = (id) => ({
  tcfPolicyVersion: 4,
  gdprApplies: true,
  cmpId: 0,
  cmpVersion: 0,
  cmpStatus: 'loaded',
  eventStatus: 'tcloaded',
  tcString: '',
  listenerId: id,
  isServiceSpecific: true,
  useNonStandardTexts: false,
  publisherCC: 'FR',
  purposeOneTreatment: false,
  outOfBand: { allowedVendors: {}, disclosedVendors: {} },
  purpose: { consents: {}, legitimateInterests: {} },
  vendor: { consents: {}, legitimateInterests: {} },
  specialFeatureOptins: {},
  publisher: {
    consents: {},
    legitimateInterests: {},
    customPurpose: { consents: {}, legitimateInterests: {} },
    restrictions: {}
  }
});
const tcfapi = (command, version, callback, parameter) => {
  if (command === 'ping') {
    later(
      callback,
      {
        gdprApplies: true,
        cmpLoaded: true,
        cmpStatus: 'loaded',
        displayStatus: 'hidden',
        apiVersion: '2.2',
        cmpVersion: 0,
        cmpId: 0,
        gvlVersion: 0,
        tcfPolicyVersion: 4
      },
      true
    );
  } else if (
    command === 'getTCData' ||
    command === 'getInAppTCData' ||
    command === 'addEventListener'
  ) {
    later(callback, refusal(1), true);
  } else if (command === 'removeEventListener') {
    later(callback, true);
  } else {
    later(callback, null, false, parameter);
  }
};
const before = window.__tcfapi;
window.__tcfapi = tcfapi;
// The stub gives its queue when it is called without arguments.
const calls = typeof before === 'function' ? attempt(before) : [];
queued(calls).forEach((values) => tcfapi(...queued(values)));
