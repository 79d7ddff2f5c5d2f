/* Keeps the switches of the Gate page as they are: after somebody has turned one, and as time goes by. */
(() => {
  "use strict";

  const EVERY = 1000, AS_TIME_GOES = 60000, ABOUT = ["feature", "gate"];
  const section = () => document.getElementById("gate-switches");
  if (!section() || !window.htmx) return;
  let timer = null, shownAt = Date.now();

  function soon() {
    timer ??= setTimeout(refresh, Math.max(0, shownAt + EVERY - Date.now()));
  }

  function refresh() {
    timer = null;
    if (document.hidden) return;
    // A button that somebody stands on must not be taken away from under them.
    if (section().contains(document.activeElement)) {
      timer = setTimeout(refresh, EVERY);
      return;
    }
    shownAt = Date.now();
    htmx.trigger(section(), "refresh");
  }

  document.addEventListener("gatehouse:changed", ({ detail }) => {
    if (detail.missed || detail.changes.some((change) => ABOUT.includes(change.type))) soon();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  // What holds for the whole installation is in no business's trail, so nobody is told of it.
  setInterval(() => { if (Date.now() - shownAt > AS_TIME_GOES) soon(); }, 5000);
})();
