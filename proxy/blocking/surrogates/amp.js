// AMP's runtime, where a list blocks it: the page that waits for it is shown.
const show = () => {
  document.querySelectorAll('style[amp-boilerplate]').forEach((style) => {
    style.remove();
  });
};
show();
document.addEventListener('DOMContentLoaded', show);
window.AMP = taking(window.AMP, noop);
