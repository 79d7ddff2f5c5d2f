/* Keeps the pages of features as they are: own switches turn at once and are put right by the answer; what somebody
   else changes appears by itself. Without scripts every switch is a form. */
(() => {
  "use strict";

  const SOON = 150, EVERY = 1000, LOOK_EVERY = 4000, AS_TIME_GOES = 60000;
  const page = document.querySelector("[data-feature]");
  const live = () => document.querySelectorAll("[data-live]");
  let timer = null, shownAt = Date.now(), version = page?.dataset.version, busy = false;

  // --- Live changes ---------------------------------------------------------------------------------------------

  const soon = () => { timer ??= setTimeout(refresh, Math.max(SOON, shownAt + EVERY - Date.now())); };
  const typing = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const changedBySomebody = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue)
    || [...part.querySelectorAll("select")].some((field) => field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected)));

  function put(part, fresh) {
    // A token is written anew each time; that is no change.
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const field of fresh.querySelectorAll("[name=csrfmiddlewaretoken]")) if (token) field.setAttribute("value", token);
    if (part.isEqualNode(fresh) || typing(part) || changedBySomebody(part)) return;
    const open = [...part.querySelectorAll("details[open][id]")].map((element) => element.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceWith(fresh);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (window.htmx) htmx.process(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  async function fetched(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html", "x-part": "1" } });
    // Signed out, or not for this person any more: the whole page says which.
    if (answer.redirected || [403, 404].includes(answer.status)) return location.reload();
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  }

  async function refresh() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    shownAt = Date.now();
    try {
      const address = new URL(location.href);
      address.hash = "";
      const fresh = await fetched(address);
      if (!fresh) return;
      version = fresh.querySelector("[data-feature]")?.dataset.version ?? version;
      for (const part of live()) {
        const other = fresh.getElementById(part.id);
        if (other) put(part, document.importNode(other, true));
      }
      await refreshRoster();
    } catch { /* the next change asks again */ } finally { busy = false; }
  }

  async function refreshRoster() {
    const roster = document.getElementById("roster");
    if (!roster || roster.querySelector(".htmx-request")) return;
    const kept = [...roster.querySelectorAll("tr[data-id]")].map((row) => row.dataset.id).join(",");
    const fresh = (await fetched(`${roster.dataset.url}?${roster.dataset.query}&keep=${kept}`))?.getElementById("roster");
    const now = document.getElementById("roster");
    // Meanwhile somebody may have searched or turned the page.
    if (!fresh || !now || now.dataset.query !== fresh.dataset.query) return;
    putRows(now, document.importNode(fresh, true));
  }

  // Row by row, so that an open menu or what is typed in one is not taken away.
  function putRows(now, fresh) {
    const rows = [...now.querySelectorAll("tr[data-id]")], others = [...fresh.querySelectorAll("tr[data-id]")];
    if (!rows.length || !others.length) return put(now, fresh);
    const tabs = now.querySelector(".gh-tabs");
    put(tabs, fresh.querySelector(".gh-tabs"));
    const by = new Map(others.map((row) => [row.dataset.id, row]));
    for (const row of rows) {
      const other = by.get(row.dataset.id);
      by.delete(row.dataset.id);
      if (!other) row.remove();
      else if (!row.querySelector(".gh-error")) put(row, other);
    }
    for (const row of by.values()) {
      now.querySelector("tbody").append(row);
      if (window.htmx) htmx.process(row);
    }
  }

  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    const ours = (change) => change.type === "feature" && (!page || change.id === page.dataset.feature);
    if (missed || changes.some(ours)) soon();
  });

  // Where no push reaches (a feature of another business, or of none), the version is asked for, which costs little.
  async function look() {
    if (!page || document.hidden) return;
    try {
      const answer = await fetch(page.dataset.standing, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const now = (await answer.json()).version;
      if (now !== version) soon();
    } catch { /* asked again anyway */ }
  }
  if (live().length) {
    setInterval(look, LOOK_EVERY);
    setInterval(() => { if (Date.now() - shownAt > AS_TIME_GOES) soon(); }, LOOK_EVERY);
  }

  // --- Switches --------------------------------------------------------------------------------------------------

  const toggleOf = (element) => element?.closest?.("form.gh-turn")?.querySelector(".gh-toggle");

  document.addEventListener("htmx:beforeRequest", (event) => {
    const toggle = toggleOf(event.detail.elt);
    if (!toggle) return;
    const to = event.detail.requestConfig.parameters.get?.("to") ?? event.detail.requestConfig.parameters.to;
    toggle.dataset.before = toggle.getAttribute("aria-pressed");
    if (to === "on" || to === "off") toggle.setAttribute("aria-pressed", String(to === "on"));
  });
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      const toggle = toggleOf(event.detail.elt);
      if (toggle?.dataset.before) {
        toggle.setAttribute("aria-pressed", toggle.dataset.before);
        say(toggle, "It could not be sent. Try again.");
      }
    });
  }
  function say(toggle, words) {
    const row = toggle.closest("tr, li"), place = row.querySelector(".gh-why-cell, .gh-switch-words");
    const told = place.querySelector(".gh-error") ?? place.appendChild(Object.assign(document.createElement("span"), { className: "gh-error" }));
    told.setAttribute("role", "alert");
    told.textContent = words;
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Signed out, or not allowed any more, the answer is a page: it does not belong in a row.
    const asked = event.detail.requestConfig.path, came = event.detail.xhr.responseURL;
    const gone = [403, 404].includes(event.detail.xhr.status);
    if (gone || came && new URL(came).pathname !== new URL(asked, location.href).pathname) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  // Every shown count follows an own change at once, not only with the push.
  document.addEventListener("htmx:afterRequest", (event) => { if (toggleOf(event.detail.elt) || event.detail.requestConfig.path.endsWith("/own/")) soon(); });

  // --- Menus and forms -------------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".gh-more-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.activeElement?.closest?.(".gh-more-menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-kind-of]")) event.target.closest(".gh-stage").dataset.kind = event.target.value;
  });
})();
