// Datadog, browser RUM and logs: ready callbacks run, nothing is sent.
const logger = tolerant({ getHandler: () => [], getLevel: () => 'debug', getContext: () => ({}) });
const make = (known) => {
  const self = tolerant({
    onReady: (callback) => {
      later(callback);
    },
    getInternalContext: () => undefined,
    getInitConfiguration: () => undefined,
    getSessionReplayLink: () => undefined,
    version: '0',
    ...methods(
      `
        getUser getAccount getGlobalContext getViewContext getRumGlobalContext
        getLoggerGlobalContext
      `,
      () => ({})
    ),
    ...known
  });
  return self;
};
const takeOver = (name, known) => {
  const waiting = window[name];
  window[name] = make(known);
  queued(waiting && waiting.q).forEach((callback) => later(callback));
};
takeOver('DD_RUM', { startDurationVital: () => ({}) });
takeOver('DD_LOGS', { logger, createLogger: () => logger, getLogger: () => logger });
