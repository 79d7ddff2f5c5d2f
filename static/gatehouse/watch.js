/* Keeps the Watch page fresh: after goals have come in, and as time goes by. Without it the page is as it was opened. */
(() => {
  "use strict";

  const EVERY = 5000, AS_TIME_GOES = 60000, ABOUT = ["goal", "alert"];
  const figures = document.getElementById("watch-figures");
  if (!figures || !window.htmx) return;
  let timer = null, shownAt = Date.now(), opened = [];

  // What somebody is typing must not be taken away from under them.
  const typing = () => figures.contains(document.activeElement) && document.activeElement.matches("input, textarea");

  function soon() {
    timer ??= setTimeout(refresh, Math.max(0, shownAt + EVERY - Date.now()));
  }

  function refresh() {
    timer = null;
    if (document.hidden) return;
    if (typing()) {
      timer = setTimeout(refresh, EVERY);
      return;
    }
    shownAt = Date.now();
    htmx.trigger(figures, "refresh");
  }


  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    if (missed || changes.some((change) => ABOUT.includes(change.type))) soon();
  });
  setInterval(() => { if (Date.now() - shownAt > AS_TIME_GOES) soon(); }, EVERY);

  figures.addEventListener("htmx:beforeSwap", (event) => {
    // Signed out, the answer is the page to sign in on: it does not belong in here.
    const came = new URL(event.detail.xhr.responseURL || location.href, location.href).pathname;
    if (!came.endsWith("/watch/figures/")) {
      event.detail.shouldSwap = false;
      return location.reload();
    }
    opened = [...figures.querySelectorAll("details[open]")].map((element) => element.id);
  });
  figures.addEventListener("htmx:afterSwap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });
})();
