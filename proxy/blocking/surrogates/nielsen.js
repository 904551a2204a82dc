// Nielsen's browser SDK (NOLBUNDLE, NOLCMB).
const instance = tolerant({ ggPM: noop, ggInitialize: noop, optOutState: () => 'OPT_OUT' });
window.NOLCMB = anything({ getInstance: () => instance });
window.NOLBUNDLE = anything({ nlsQ: () => instance, getInstance: () => instance });
window.nol_t = () =>
  tolerant({ record: () => tolerant({ post: noop, log: noop }), do_sample: noop, post: noop });
