// Mixpanel: `loaded` and the other callbacks run; links and forms are left to the browser.
const told = (...values) => {
  later(callbackIn(values), 1);
  return true;
};
const make = (config) => {
  const people = tolerant(
    methods(
      'set set_once increment append union track_charge clear_charges delete_user unset remove',
      told
    )
  );
  const self = tolerant({
    ...methods(
      `
        track identify register register_once track_with_groups set_group add_group
        remove_group send_event_request
      `,
      told
    ),
    people,
    get_group: () => people,
    get_distinct_id: () => '',
    get_property: () => undefined,
    get_session_recording_properties: () => ({}),
    get_session_replay_url: () => null,
    has_opted_out_tracking: () => true,
    has_opted_in_tracking: () => false,
    get_config: (name) => (name ? (config || {})[name] : config || {}),
    flags: tolerant({
      ...methods('get_variant get_variant_value is_enabled', (key, fallback) =>
        Promise.resolve(fallback)
      ),
      ...methods(
        'get_variant_sync get_variant_value_sync is_enabled_sync',
        (key, fallback) => fallback
      ),
      get_all_variants: () => Promise.resolve(new Map()),
      load_flags: () => Promise.resolve(),
      are_flags_ready: () => true,
      when_ready: () => Promise.resolve()
    }),
    init: (token, options, name) => {
      const made = make(options);
      if (name) {
        api[name] = made;
      }
      later(options && options.loaded, name ? made : api);
      return made;
    },
    push: (entry) => {
      perform(self, entry);
      return 0;
    },
    __loaded: true
  });
  return self;
};
const waiting = window.mixpanel || [];
const api = make();
window.mixpanel = api;
queued(waiting._i).forEach(([token, config, name]) => {
  const named = name && name !== 'mixpanel' ? name : undefined;
  const calls = named ? waiting[named] : waiting;
  const made = api.init(token, config, named);
  queued(calls).forEach((entry) => perform(named ? made : api, entry));
  queued(calls && calls.people).forEach((entry) => perform(api.people, entry));
});
