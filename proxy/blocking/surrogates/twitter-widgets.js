// X (Twitter) for Websites, widgets.js: promises end without a widget, so that the page's own text stays.
const waiting = window.twttr || {};
const empty = () => Promise.resolve(undefined);
const twttr = (window.twttr = Object.assign(waiting, {
  init: true,
  ready: (callback) => {
    later(callback, twttr);
    return Promise.resolve(twttr);
  },
  widgets: tolerant({
    loaded: true,
    ...methods(
      `
        load createTweet createTweetEmbed createVideo createTimeline createShareButton
        createFollowButton createMentionButton createHashtagButton createDMButton
        createMoment createGridFromCollection
      `,
      empty
    )
  }),
  events: methods('bind unbind trigger')
}));
queued(waiting._e).forEach((callback) => later(callback, twttr));
waiting._e = [];
