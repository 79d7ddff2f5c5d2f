/* Keeps the page of the pilot fresh: after drafts were made or decided, while a backfill runs, and as time goes by.
   Without it the page is as it was opened. */
(() => {
  "use strict";

  const EVERY = 3000, WHILE_RUNNING = 2000, AS_TIME_GOES = 60000, ABOUT = ["draft", "backfill", "feature", "maintenance"];
  const figures = document.getElementById("pilot-figures");
  if (!figures) return;
  // What takes the server long is asked for less often: at most a tenth of the time is spent on it.
  const SHARE = 10;
  let timer = null, shownAt = Date.now(), busy = false, took = 0;

  const running = () => figures.querySelector("[data-running]") !== null;
  const soon = (after = EVERY) => { timer ??= setTimeout(refresh, Math.max(0, shownAt + Math.max(after, SHARE * took) - Date.now())); };

  function put(fresh) {
    const open = [...figures.querySelectorAll("details[open][id]")].map((element) => element.id);
    for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    const now = figures.firstElementChild;
    if (now && now.isEqualNode(fresh)) return;
    const focused = figures.contains(document.activeElement) ? document.activeElement.id : "";
    const ran = running();
    figures.replaceChildren(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    // The buttons of a backfill stand outside: what it needs now is another form.
    if (ran && !running()) location.reload();
  }

  async function refresh() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    shownAt = Date.now();
    try {
      const answer = await fetch(figures.dataset.part, { headers: { Accept: "text/html" } });
      // Signed out, the answer is the page to sign in on: it does not belong in here.
      if (answer.redirected) return location.reload();
      if (!answer.ok) return;
      took = Math.min(Date.now() - shownAt, AS_TIME_GOES / SHARE);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("pilot-now");
      if (fresh) put(document.importNode(fresh, true));
    } catch { /* the next change asks again */ } finally { busy = false; }
  }

  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    if (missed || changes.some((change) => ABOUT.includes(change.type))) soon();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  setInterval(() => {
    if (running()) soon(WHILE_RUNNING);
    else if (Date.now() - shownAt > AS_TIME_GOES) soon();
  }, WHILE_RUNNING / 2);
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.gh-pilot-filter");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
})();
