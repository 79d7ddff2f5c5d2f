/* The queue page: live list, claims, keys. Everything here is a convenience over links and forms that work without it. */
(() => {
  "use strict";

  const DWELL = 500, RENEW_EVERY = 40000, IDLE_AFTER = 5 * 60000, JUST_OPENED = 350, REFRESH_AFTER = 120, REFRESH_EVERY = 1000, TOAST_FOR = 4000;
  const MOST_ROWS = 400;
  const NOT_DONE = "That could not be done. Nothing was decided; please try again.";
  const $ = (id) => document.getElementById(id);
  const queue = $("queue"), pane = $("item"), list = $("list");
  const wide = window.matchMedia("(min-width: 1024px)");

  const item = () => $("open-item");
  const openId = () => item()?.dataset.id;
  const rows = () => [...document.querySelectorAll("#rows > .gh-row:not([data-gone])")];
  const rowOf = (id) => (id ? $(`row-${id}`) : null);
  const paneShown = () => wide.matches || queue.dataset.view === "item";

  /* --- Talking to the server ------------------------------------------------------------------------------------ */

  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || "";
  const signedOut = (url) => new URL(url, location.href).pathname === queue.dataset.login;

  async function ask(url, method = "GET") {
    const headers = { "X-Part": "1" };
    if (method === "POST") headers["X-CSRFToken"] = token();
    const answer = await fetch(url, { method, headers });
    if (answer.redirected && signedOut(answer.url)) {
      showSignedOut();
      throw new Error("signed out");
    }
    if (!answer.ok) throw new Error(String(answer.status));
    $("gh-signed-out")?.remove();
    return answer.text();
  }

  function showSignedOut() {
    if ($("gh-signed-out")) return;
    const bar = document.createElement("div");
    bar.id = "gh-signed-out";
    bar.className = "gh-signed-out";
    bar.setAttribute("role", "alert");
    const link = document.createElement("a");
    link.className = "gh-link";
    link.target = "_blank";
    link.href = `${queue.dataset.login}?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "Sign in again in a new tab";
    bar.append("You have been signed out. What you typed is still here. ", link, ", then go on.");
    document.body.append(bar);
  }

  let toastTimer;
  function say(text) {
    const toast = $("gh-toast");
    toast.textContent = text;
    toast.dataset.on = "";
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => delete toast.dataset.on, TOAST_FOR);
  }

  /* --- Claims --------------------------------------------------------------------------------------------------- */

  /* What is opened is claimed after a moment; what the page shows by itself on arrival only once it is touched. */
  let held = null, dwell, active = Date.now(), untouched = queue.dataset.view === "list";
  for (const kind of ["pointerdown", "wheel", "keydown"]) {
    document.addEventListener(kind, (event) => {
      active = Date.now();
      if (!untouched || (kind !== "keydown" && !pane.contains(event.target))) return;
      untouched = false;
      settle();
    }, { capture: true, passive: true });
  }

  function settle() {
    clearTimeout(dwell);
    const open = item();
    if (!open || untouched || !paneShown() || document.hidden) return;
    if (open.dataset.held === "1") held = open.dataset.letGo;
    else dwell = setTimeout(claim, DWELL);
  }

  async function claim() {
    const open = item(), status = $("item-status");
    if (!open || status?.dataset.may !== "1" || status.dataset.state !== "awaiting_approval") return;
    try {
      const html = await ask(open.dataset.claim, "POST");
      if (item() !== open) return leave(open.dataset.letGo);
      showStatus(html);
      held = $("item-status").dataset.tone === "mine" ? open.dataset.letGo : null;
    } catch { /* the next renewal asks again */ }
  }

  function leave(url) {
    if (!url) return;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", token());
    navigator.sendBeacon(url, body);
  }

  function leaveHeld() {
    clearTimeout(dwell);
    leave(held);
    held = null;
  }

  setInterval(() => {
    if (item() && !untouched && !document.hidden && Date.now() - active < IDLE_AFTER && paneShown()) claim();
  }, RENEW_EVERY);
  window.addEventListener("pagehide", leaveHeld);
  window.addEventListener("beforeunload", (event) => { if (isDirty()) event.preventDefault(); });

  /* --- The open item -------------------------------------------------------------------------------------------- */

  let before = "", openedAt = 0, busy = false;

  const sent = (form) => {
    const data = new FormData(form);
    // What a person asks a new version for is no change to this one.
    data.delete("instruction");
    return new URLSearchParams(data).toString();
  };
  const written = () => [...document.querySelectorAll("#approve, #answer, #reject")].map(sent).join("|");
  const isDirty = () => Boolean(item()) && written() !== before;

  function opened() {
    before = item()?.querySelector("[data-wrong], #item-notice") ? "" : written();
    markOpen();
    applyStatus();
    wordApprove();
    settle();
    tick();
    localise();
    const told = pane.querySelector("[data-toast]");
    if (told) say(told.dataset.toast);
  }

  function markOpen() {
    for (const link of document.querySelectorAll("#rows [aria-current]")) link.removeAttribute("aria-current");
    const row = rowOf(openId());
    if (!row) return;
    delete row.dataset.fresh;
    row.querySelector(".gh-row-link").setAttribute("aria-current", "true");
    row.scrollIntoView({ block: "nearest" });
  }

  function showStatus(html) {
    const status = $("item-status");
    if (!status) return;
    const box = document.createElement("template");
    box.innerHTML = html.trim();
    const fresh = box.content.firstElementChild;
    if (fresh?.id !== "item-status" || fresh.isEqualNode(status)) return;
    const wasOpen = status.dataset.state === "awaiting_approval";
    status.replaceWith(fresh);
    htmx.process(fresh);
    applyStatus();
    if (wasOpen && fresh.dataset.state !== "awaiting_approval") say($("item-status-words").textContent.trim());
  }

  function applyStatus() {
    const status = $("item-status"), bar = item()?.querySelector(".gh-bar");
    if (!status || !bar) return;
    const changed = status.dataset.hash !== item().dataset.hash;
    const off = status.dataset.may !== "1" || status.dataset.state !== "awaiting_approval" || changed;
    bar.toggleAttribute("data-off", off);
    for (const button of bar.querySelectorAll("button, summary")) {
      if (button.closest(".gh-skip, .gh-help-button")) continue;
      button.toggleAttribute("disabled", off);
      button.setAttribute("aria-disabled", String(off));
    }
    if (changed && !$("show-new")) {
      const link = document.createElement("a");
      link.id = "show-new";
      link.className = "gh-link";
      link.href = item().dataset.url;
      link.textContent = "Show the new version";
      $("item-status-words").append(" This was changed while you had it open. ", link);
    }
  }

  function wordApprove() {
    const word = $("do-approve-word"), form = $("approve");
    if (!word || !form) return;
    const edited = !before.startsWith(sent(form));
    word.textContent = edited ? word.dataset.changed || "Approve with changes" : word.dataset.word || "Approve";
  }

  async function refreshStatus() {
    const open = item();
    if (!open) return;
    try {
      const html = await ask(open.dataset.status);
      if (item() === open) showStatus(html);
    } catch { /* the next change asks again */ }
  }

  /* --- The list, live ------------------------------------------------------------------------------------------- */

  let refreshTimer = null, refreshedAt = 0, refreshing = false, againAfter = false, pointed = false;
  list.addEventListener("pointerenter", (event) => (pointed = event.pointerType === "mouse"));
  list.addEventListener("pointerleave", () => { pointed = false; sweep(); });

  /* The first change shows at once; in a busy queue the list is fetched once a second, not for every change. */
  function refreshSoon() {
    refreshTimer ??= setTimeout(refresh, Math.max(REFRESH_AFTER, refreshedAt + REFRESH_EVERY - Date.now()));
  }

  async function refresh() {
    refreshTimer = null;
    refreshedAt = Date.now();
    if (refreshing) return void (againAfter = true);
    refreshing = true;
    try {
      const query = new URLSearchParams($("rows").dataset.query);
      query.set("n", Math.min(Math.max(rows().length + 20, 40), MOST_ROWS));
      const ol = $("rows"), html = await ask(`${queue.dataset.rows}?${query}`);
      if (ol === $("rows")) redraw(html);
    } catch { /* the next change asks again */ }
    refreshing = false;
    if (againAfter) { againAfter = false; refreshSoon(); }
  }

  function still(change) {
    /* Whatever comes and goes above, the row under the reader's eye stays where it is. */
    const scroll = $("rows-scroll"), top = scroll.getBoundingClientRect().top;
    const anchor = rows().find((row) => row.getBoundingClientRect().bottom > top);
    const was = anchor?.getBoundingClientRect().top;
    change();
    if (anchor?.isConnected) scroll.scrollTop += anchor.getBoundingClientRect().top - was;
  }

  function redraw(html) {
    const box = document.createElement("template");
    box.innerHTML = html;
    const fresh = [...box.content.querySelectorAll(".gh-row")], ids = new Set(fresh.map((row) => row.id));
    const ol = $("rows");
    still(() => {
      for (const row of ol.querySelectorAll(".gh-row")) {
        if (!ids.has(row.id)) { row.dataset.gone = ""; row.querySelector(".gh-pick")?.setAttribute("disabled", ""); }
      }
      let place = null;
      for (const row of fresh) place = put(ol, row, place);
      for (const id of ["rows-more", "rows-empty"]) {
        $(id)?.remove();
        const part = box.content.querySelector(`#${id}`);
        if (part) { ol.append(part); htmx.process(part); }
      }
      if (!pointed) for (const row of ol.querySelectorAll("[data-gone]")) row.remove();
    });
    markCurrent();
    countPicked();
    offerNew();
  }

  function put(ol, row, place) {
    const old = $(row.id);
    if (old && old.dataset.v === row.dataset.v && !("gone" in old.dataset)) row = old;
    else if (old) {
      const pick = row.querySelector(".gh-pick"), oldPick = old.querySelector(".gh-pick");
      const focused = old.contains(document.activeElement);
      if (pick && oldPick) pick.checked = oldPick.checked && oldPick.value === pick.value;
      old.replaceWith(row);
      htmx.process(row);
      if (focused) row.querySelector(".gh-row-link").focus({ preventScroll: true });
    } else row.dataset.fresh = "";
    const next = place ? place.nextElementSibling : ol.firstElementChild;
    if (next !== row) ol.insertBefore(row, skipGone(next, row));
    if (!old) htmx.process(row);
    return row;
  }

  function skipGone(next, row) {
    while (next && "gone" in next.dataset && next !== row) next = next.nextElementSibling;
    return next;
  }

  function sweep() {
    still(() => { for (const row of document.querySelectorAll("#rows > [data-gone]")) row.remove(); });
  }

  function markCurrent() {
    const row = rowOf(openId());
    row?.querySelector(".gh-row-link").setAttribute("aria-current", "true");
  }

  function offerNew() {
    const top = $("rows-scroll").getBoundingClientRect().top;
    const above = rows().filter((row) => "fresh" in row.dataset && row.getBoundingClientRect().bottom <= top).length;
    $("gh-new").hidden = above === 0;
    $("gh-new").textContent = `${above} new above`;
  }

  document.addEventListener("click", (event) => {
    if (event.target.id !== "gh-new") return;
    $("rows-scroll").scrollTop = 0;
    event.target.hidden = true;
  });

  document.addEventListener("gatehouse:changed", ({ detail }) => {
    if (document.hidden) return;
    const about = detail.changes.filter((change) => change.type === "approval");
    if (!detail.missed && !about.length) return;
    if (about.some((change) => !["approval.reminded"].includes(change.kind)) || detail.missed) refreshSoon();
    if (detail.missed || about.some((change) => change.id === openId())) refreshStatus();
  });

  /* --- Selecting several ---------------------------------------------------------------------------------------- */

  function countPicked() {
    const count = document.querySelectorAll(".gh-pick:checked").length;
    if ($("bulk-count")) $("bulk-count").textContent = `${count} selected`;
  }
  document.addEventListener("change", (event) => { if (event.target.matches(".gh-pick")) countPicked(); });

  /* --- Countdown ------------------------------------------------------------------------------------------------ */

  function span(seconds) {
    const days = Math.floor(seconds / 86400), hours = Math.floor((seconds % 86400) / 3600);
    const minutes = Math.floor((seconds % 3600) / 60), rest = Math.floor(seconds % 60), two = (n) => String(n).padStart(2, "0");
    if (days) return `${days} d ${hours} h`;
    if (hours) return `${hours} h ${two(minutes)} min`;
    if (minutes >= 10) return `${minutes} min`;
    return minutes ? `${minutes} min ${two(rest)} s` : `${rest} s`;
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-deadline]")) {
      const left = (Date.parse(time.dataset.deadline) - Date.now()) / 1000;
      const text = left <= 0 ? "overdue" : span(left), urgency = left <= 0 ? "late" : left < 3600 ? "soon" : "calm";
      if (time.textContent !== text) time.textContent = text;
      if (time.dataset.urgency !== urgency) time.dataset.urgency = urgency;
    }
  }
  setInterval(tick, 1000);

  function localise() {
    const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    for (const time of pane.querySelectorAll("time[data-local]")) {
      const moment = new Date(time.dateTime);
      time.textContent = moment.toLocaleString(document.documentElement.lang, form).replace(",", "");
      time.title = moment.toLocaleString(document.documentElement.lang, { dateStyle: "full", timeStyle: "long" });
    }
  }

  /* --- Keys ----------------------------------------------------------------------------------------------------- */

  const press = (id) => { const button = $(id); if (button && !button.hasAttribute("disabled")) button.click(); };

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = wide.matches
      ? all.findIndex((row) => row.querySelector("[aria-current]"))
      : all.findIndex((row) => row.contains(document.activeElement));
    const row = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    const link = row.querySelector(".gh-row-link");
    link.focus();
    if (wide.matches && row.dataset.id !== openId()) link.click();
  }

  function approve() {
    /* The same key may still be going down when the next item comes up: look first. */
    if (busy || Date.now() - openedAt < JUST_OPENED) return;
    if ($("answer")) return $("answer").querySelector("input:not([type=hidden]), textarea, select")?.focus();
    press("do-approve");
  }

  function reject() {
    const panel = $("reject-panel");
    if (!panel || $("do-reject").hasAttribute("disabled")) return;
    panel.open = true;
    (panel.querySelector("input:checked") || panel.querySelector("input[type=radio]") || $("reject-comment")).focus();
  }

  function edit() {
    const panel = $("edit-panel");
    if (panel && $("do-edit")?.hasAttribute("disabled")) return;
    if (panel) panel.open = true;
    const form = panel || $("answer");
    const field = form?.querySelector("[aria-invalid=true]") || form?.querySelector("[data-first]") || form?.querySelector("input:not([type=hidden]), textarea, select");
    field?.focus();
    field?.scrollIntoView({ block: "nearest" });
  }

  function pick() {
    const row = document.activeElement?.closest?.(".gh-row") || rowOf(openId()) || rows()[0];
    const box = row?.querySelector(".gh-pick:not([disabled])");
    if (box) { box.checked = !box.checked; countPicked(); }
  }

  const ACTS = {
    j: () => move(1), k: () => move(-1), a: approve, r: reject, e: edit, x: pick,
    s: () => press(item() && $("do-skip") ? "do-skip" : "open-next"),
    "?": () => $("keys").showModal(), "/": () => $("gh-q").focus(),
  };

  const typing = (target) => target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

  function escape(event) {
    if ($("keys").open) return;
    if (typing(event.target)) return event.target.blur();
    const panel = $("reject-panel");
    if (panel?.open) { panel.open = false; item().focus(); }
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Escape") return escape(event);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return submitBy(event);
    if (queue.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(event.key)) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const preset = $("reject-panel")?.open && /^[1-9]$/.test(event.key)
      ? document.querySelectorAll("#reject input[type=radio]")[Number(event.key) - 1] : null;
    const act = preset ? () => { preset.checked = true; preset.focus(); } : ACTS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  function submitBy(event) {
    const form = event.target.closest?.("#reject, #answer, #approve");
    if (!form) return;
    event.preventDefault();
    press({ reject: "do-reject-now", answer: "do-answer", approve: "do-approve" }[form.id]);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#do-edit")) edit();
    if (event.target.closest("#do-help")) $("keys").showModal();
    const summary = event.target.closest("#do-reject");
    if (summary?.hasAttribute("disabled")) event.preventDefault();
  });
  document.addEventListener("input", wordApprove);
  $("keys-on").addEventListener("change", (event) => (queue.dataset.keys = event.target.checked ? "on" : "off"));

  /* --- Around htmx ---------------------------------------------------------------------------------------------- */

  /* Once a link leads away, a search that was still waiting for the typing to end must not write its own address over it. */
  let leaving = false;
  window.addEventListener("beforeunload", () => {
    leaving = true;
    htmx.trigger("#filters", "htmx:abort");
  });
  window.addEventListener("pageshow", () => (leaving = false));

  document.addEventListener("htmx:configRequest", (event) => {
    const { detail } = event;
    if (leaving && detail.verb === "get") return event.preventDefault();
    if (detail.verb !== "get") detail.parameters.csrfmiddlewaretoken = token();
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target, requestConfig, elt } = event.detail;
    if (target !== pane) return;
    untouched = false;
    const decides = requestConfig.path.includes("/decide/");
    if (!decides && isDirty() && !window.confirm("Leave this request? What you have written here is not kept.")) {
      return event.preventDefault();
    }
    if (decides && busy) return event.preventDefault();
    busy = decides;
    if (!decides && !requestConfig.path.includes("/skip/")) leaveHeld();
    else held = null;
    if (!elt.closest("form") || requestConfig.path.includes("/bulk/")) queue.dataset.view = "item";
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail, ours = xhr.status < 400 || xhr.responseText.includes('id="open-item"');
    if (signedOut(xhr.responseURL) || (xhr.status === 403 && !ours)) {
      event.detail.shouldSwap = false;
      showSignedOut();
    } else if (!ours) {
      event.detail.shouldSwap = false;
      say(NOT_DONE);
    } else $("gh-signed-out")?.remove();
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target !== pane) return;
    busy = false;
    if (event.detail.requestConfig.verb === "post") refreshSoon();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== pane) { if (list.contains(event.detail.target)) markCurrent(); return; }
    openedAt = Date.now();
    opened();
    const start = pane.querySelector("[data-wrong] :is(input, textarea, select), #results") || item();
    if (event.detail.requestConfig?.verb === "post" || !wide.matches) start?.focus({ preventScroll: start === item() });
    if (start !== item() && start) start.scrollIntoView({ block: "nearest" });
  });

  for (const kind of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(kind, () => say(NOT_DONE));
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) settle(); });
  opened();
})();
