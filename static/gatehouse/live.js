/* Keeps one websocket open on every page, says whether it is, and tells the page what changed.
   Pages listen for "gatehouse:changed" on document: detail = {changes: [{kind, type, id}], missed: bool}. */
(() => {
  "use strict";

  const FIRST_WAIT = 500, LONGEST_WAIT = 15000, POLL_EVERY = 15000, SILENCE = 60000, COUNTS_AFTER = 200, COUNTS_EVERY = 1000;
  const AWAY_FOR_GOOD = [4401, 4403];

  if (window.htmx) {
    Object.assign(htmx.config, {
      allowEval: false,
      historyCacheSize: 0,
      refreshOnHistoryMiss: true,
      // A refusal comes with a page part that says why: show it as any other.
      responseHandling: [
        { code: "204", swap: false },
        { code: "[23]..", swap: true },
        { code: "(403|404|409|422)", swap: true },
        { code: "...", swap: false, error: true },
      ],
    });
  }

  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
  let socket, wait = FIRST_WAIT, heard = 0, countsTimer = null, countedAt = 0;

  function address() {
    const base = meta("gatehouse-live");
    const url = new URL(base || location.origin, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.pathname = "/ws/changes/";
    return url.href;
  }

  function show(state, word) {
    const mark = document.getElementById("gh-live");
    if (!mark || mark.dataset.state === state) return;
    mark.dataset.state = state;
    document.getElementById("gh-live-word").textContent = word;
  }

  function tell(changes, missed) {
    document.dispatchEvent(new CustomEvent("gatehouse:changed", { detail: { changes, missed } }));
    countsTimer ??= setTimeout(count, Math.max(COUNTS_AFTER, countedAt + COUNTS_EVERY - Date.now()));
  }

  async function count() {
    countsTimer = null;
    countedAt = Date.now();
    const url = meta("gatehouse-counts");
    if (!url || document.hidden) return;
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      for (const [link, text] of Object.entries(await answer.json())) {
        for (const badge of document.querySelectorAll(`[data-count="${CSS.escape(link)}"]`)) {
          if (badge.textContent !== text) badge.textContent = text;
        }
      }
    } catch { /* the next change asks again */ }
  }

  function connect() {
    try {
      socket = new WebSocket(address());
    } catch {
      return again();
    }
    socket.onopen = () => {
      wait = FIRST_WAIT;
      heard = Date.now();
    };
    socket.onmessage = (message) => {
      heard = Date.now();
      const { changes = [], hello } = JSON.parse(message.data);
      if (hello) show("live", "Live");
      if (hello || changes.length) tell(changes, Boolean(hello));
    };
    socket.onclose = (event) => {
      if (AWAY_FOR_GOOD.includes(event.code)) return show("off", "Not live");
      again();
    };
  }

  function again() {
    show("away", "Reconnecting");
    setTimeout(connect, wait * (0.7 + Math.random() * 0.6));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.documentElement.classList.add("gh-js");
    if (meta("gatehouse-live") === undefined) return;
    connect();
    setInterval(() => {
      const open = socket && socket.readyState === WebSocket.OPEN;
      if (open && Date.now() - heard > SILENCE) return socket.close();
      if (!open && !document.hidden) tell([], true);
    }, POLL_EVERY);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) tell([], true); });
  });
})();
