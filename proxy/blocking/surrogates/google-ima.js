// Google Interactive Media Ads, ima3.js: no advertisement before the film, which then plays.
const Target = class {
  constructor() {
    this.listeners = [];
  }
  addEventListener(types, listener, options, scope) {
    [].concat(types).forEach((type) => this.listeners.push([type, listener, scope]));
  }
  removeEventListener(types, listener) {
    this.listeners = this.listeners.filter(
      ([type, other]) => ![].concat(types).includes(type) || other !== listener
    );
  }
  tell(event) {
    this.listeners
      .filter(([type]) => type === event.type)
      .forEach(([, listener, scope]) => {
        later((listener.handleEvent || listener).bind(scope || listener), event);
      });
  }
};
const kinds = (names) =>
  Object.fromEntries(
    words(names).map((name) => [
      name,
      name.toLowerCase().replace(/_(.)/g, (all, letter) => letter.toUpperCase())
    ])
  );
// A class with the methods given; any other does nothing.
const made = (known, constants = {}) =>
  Object.assign(function () {
    return fluent({ ...known() });
  }, constants);
const none = () => null;
const ad = tolerant(
  {
    isLinear: () => false,
    getDuration: () => -1,
    getAdPodInfo: () =>
      tolerant(
        {
          getTotalAds: () => 1,
          getAdPosition: () => 1,
          getPodIndex: () => 0,
          getTimeOffset: () => 0,
          isBumper: () => false,
          getIsBumper: () => false,
          getMaxDuration: () => -1
        },
        0
      ),
    isSkippable: () => false,
    isUiDisabled: () => false,
    getCompanionAds: () => [],
    getUniversalAdIds: () => [],
    getWrapperAdIds: () => [],
    getUiElements: () => []
  },
  ''
);
const AdEvent = function (type) {
  return tolerant({ type, getAd: () => ad, getAdData: () => ({}) });
};
AdEvent.Type = kinds(
  `
    AD_BREAK_FETCH_ERROR AD_BREAK_READY AD_BUFFERING AD_CAN_PLAY AD_METADATA AD_PROGRESS ALL_ADS_COMPLETED CLICK
    COMPLETE CONTENT_PAUSE_REQUESTED CONTENT_RESUME_REQUESTED DURATION_CHANGE
    EXPANDED_CHANGED FIRST_QUARTILE IMPRESSION INTERACTION LINEAR_CHANGED LOADED LOG
    MIDPOINT PAUSED RESUMED SKIPPABLE_STATE_CHANGED SKIPPED STARTED THIRD_QUARTILE
    USER_CLOSE VIDEO_CLICKED VIDEO_ICON_CLICKED VIEWABLE_IMPRESSION VOLUME_CHANGED
    VOLUME_MUTED
  `
);
const Manager = class extends Target {
  constructor() {
    super();
    this.volume = 1;
    return tolerant(this);
  }
  getVolume() {
    return this.volume;
  }
  setVolume(volume) {
    this.volume = volume;
  }
  getCuePoints() {
    return [];
  }
  getRemainingTime() {
    return -1;
  }
  isCustomPlaybackUsed() {
    return false;
  }
  isCustomClickTrackingUsed() {
    return false;
  }
  getAdSkippableState() {
    return false;
  }
  getCurrentAd() {
    return ad;
  }
  start() {
    ['LOADED', 'CONTENT_RESUME_REQUESTED', 'ALL_ADS_COMPLETED'].forEach((name) =>
      this.tell(AdEvent(AdEvent.Type[name]))
    );
  }
};
const AdsManagerLoadedEvent = function (type, manager, context) {
  return tolerant({ type, getAdsManager: () => manager, getUserRequestContext: () => context });
};
AdsManagerLoadedEvent.Type = { ADS_MANAGER_LOADED: 'adsManagerLoaded' };
const settings = tolerant({
  ...methods('getLocale getPlayerType getPlayerVersion getPpid getSessionId', () => ''),
  getDisableCustomPlaybackForIOS10Plus: () => false,
  getFeatureFlags: () => ({})
});
const AdsLoader = class extends Target {
  constructor() {
    super();
    return tolerant(this);
  }
  getSettings() {
    return settings;
  }
  getVersion() {
    return '0';
  }
  requestAds(request, context) {
    this.tell(
      AdsManagerLoadedEvent(AdsManagerLoadedEvent.Type.ADS_MANAGER_LOADED, new Manager(), context)
    );
  }
};
const object = () => made(() => ({}));
const ima = {
  AdsLoader,
  AdsManager: Manager,
  AdsManagerLoadedEvent,
  AdEvent,
  settings,
  VERSION: '0',
  AdCuePoints: { PREROLL: 0, POSTROLL: -1 },
  AdDisplayContainer: object(),
  AdsRenderingSettings: Object.assign(function () {}, { AUTO_SCALE: -1 }),
  AdsRequest: class {
    setAdWillAutoPlay() {}
    setAdWillPlayMuted() {}
    setContinuousPlayback() {}
  },
  AdError: made(
    () => ({
      ...methods('getErrorCode getVastErrorCode', () => 1009),
      ...methods('getMessage toString', () => ''),
      getType: () => 'adLoadError',
      getInnerError: none
    }),
    {
      Type: kinds('AD_LOAD AD_PLAY'),
      ErrorCode: {
        VAST_MALFORMED_RESPONSE: 100,
        VAST_SCHEMA_VALIDATION_ERROR: 101,
        VAST_UNSUPPORTED_VERSION: 102,
        VAST_TRAFFICKING_ERROR: 200,
        VAST_UNEXPECTED_LINEARITY: 201,
        VAST_UNEXPECTED_DURATION_ERROR: 202,
        VAST_WRAPPER_ERROR: 300,
        VAST_LOAD_TIMEOUT: 301,
        VAST_TOO_MANY_REDIRECTS: 302,
        VAST_NO_ADS_AFTER_WRAPPER: 303,
        VIDEO_PLAY_ERROR: 400,
        VAST_MEDIA_LOAD_TIMEOUT: 402,
        VAST_LINEAR_ASSET_MISMATCH: 403,
        VAST_PROBLEM_DISPLAYING_MEDIA_FILE: 405,
        UNKNOWN_ERROR: 900,
        VPAID_ERROR: 901,
        FAILED_TO_REQUEST_ADS: 1005,
        VAST_ASSET_NOT_FOUND: 1007,
        VAST_EMPTY_RESPONSE: 1009,
        UNKNOWN_AD_RESPONSE: 1010,
        ADS_REQUEST_NETWORK_ERROR: 1012,
        INVALID_AD_TAG: 1013,
        STREAM_INITIALIZATION_FAILED: 1020,
        INVALID_ARGUMENTS: 1101,
        AUTOPLAY_DISALLOWED: 1205
      }
    }
  ),
  AdErrorEvent: made(() => ({ getError: none, getUserRequestContext: none }), {
    Type: { AD_ERROR: 'adError' }
  }),
  CompanionAdSelectionSettings: Object.assign(function () {}, {
    CreativeType: kinds('ALL FLASH IMAGE'),
    ResourceType: kinds('ALL HTML IFRAME STATIC'),
    SizeCriteria: kinds('IGNORE SELECT_EXACT_MATCH SELECT_NEAR_MATCH SELECT_FLUID')
  }),
  ImaSdkSettings: Object.assign(object(), {
    CompanionBackfillMode: { ALWAYS: 'always', ON_MASTER_AD: 'on_master_ad' },
    VpaidMode: { DISABLED: 0, ENABLED: 1, INSECURE: 2 }
  }),
  OmidAccessMode: { DOMAIN: 'domain', FULL: 'full', LIMITED: 'limited' },
  OmidVerificationVendor: { OTHER: 1, GOOGLE: 9 },
  UiElements: { AD_ATTRIBUTION: 'adAttribution', COUNTDOWN: 'countdown' },
  ViewMode: { FULLSCREEN: 'fullscreen', NORMAL: 'normal' },
  secureSignals: { SecureSignalsAdapterError: object() }
};
// Dynamic Ad Insertion: no stream with advertisements, so that the page plays its own.
const StreamEvent = function (type) {
  return tolerant({
    type,
    getStreamData: () => ({ errorMessage: 'blocked', url: '', streamId: '', manifestFormat: '' }),
    getAd: () => ad
  });
};
StreamEvent.Type = kinds(`
  AD_BREAK_ENDED AD_BREAK_STARTED AD_PERIOD_ENDED AD_PERIOD_STARTED AD_PROGRESS CLICK COMPLETE
  CUEPOINTS_CHANGED ERROR FIRST_QUARTILE LOADED MIDPOINT PAUSED RESUMED SKIPPABLE_STATE_CHANGED
  SKIPPED STARTED STREAM_INITIALIZED THIRD_QUARTILE VIDEO_CLICKED
`);
const StreamManager = class extends Target {
  constructor() {
    super();
    return tolerant(this);
  }
  requestStream() {
    this.tell(StreamEvent(StreamEvent.Type.ERROR));
  }
  streamTimeForContentTime(time) {
    return time;
  }
  contentTimeForStreamTime(time) {
    return time;
  }
  previousCuePointForStreamTime() {
    return null;
  }
};
const request = () =>
  function (values) {
    return Object.assign(this, values);
  };
ima.dai = {
  api: {
    StreamManager,
    StreamEvent,
    StreamRequest: Object.assign(request(), { StreamFormat: { DASH: 'dash', HLS: 'hls' } }),
    LiveStreamRequest: request(),
    VODStreamRequest: request(),
    PodStreamRequest: request(),
    PodVodStreamRequest: request(),
    DaiSdkSettings: object(),
    UiSettings: object()
  }
};
ima.ImaSdkSettings.VpaidMode = { DISABLED: 0, ENABLED: 1, INSECURE: 2 };
window.google = window.google || {};
window.google.ima = { ...window.google.ima, ...ima };
