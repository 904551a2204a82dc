// doubleclick.net/instream/ad_status.js: the state of YouTube's advertisements.
window.google_ad_status = 1;
