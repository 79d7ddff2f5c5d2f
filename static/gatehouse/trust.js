/* Keeps the pages of trust fresh: parts that say which changes they are about are renewed, in place, when such come.
   While a learning cycle runs its widget is asked for once a second. Without scripts the pages are as they were opened. */
(() => {
  "use strict";

  const SOON = 200, EVERY = 1000, TICK = 1000;
  let timer = null, shownAt = 0, busy = false;

  const parts = () => [...document.querySelectorAll("[data-live-part]")];
  const typing = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const soon = () => { timer ??= setTimeout(renew, Math.max(SOON, shownAt + EVERY - Date.now())); };

  function put(part, fresh) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const field of fresh.querySelectorAll("[name=csrfmiddlewaretoken]")) if (token) field.setAttribute("value", token);
    const open = [...part.querySelectorAll("details[open][id]")].map((element) => element.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    if (part.isEqualNode(fresh) || typing(part)) return;
    part.replaceWith(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  async function fetched(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    // Signed out: the page to sign in on does not belong in here.
    if (answer.redirected) return location.reload();
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  }

  async function renew() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    shownAt = Date.now();
    try {
      const address = new URL(location.href);
      address.hash = "";
      const fresh = await fetched(address);
      for (const part of parts()) {
        const other = fresh?.getElementById(part.id);
        if (other) put(part, document.importNode(other, true));
      }
    } catch { /* the next change asks again */ } finally { busy = false; }
  }

  // --- The widget of a cycle under way ------------------------------------------------------------------------------

  async function tick() {
    const widget = document.querySelector("[data-ticks][data-running]");
    if (!widget || document.hidden || busy) return;
    try {
      const fresh = (await fetched(widget.dataset.ticks))?.getElementById(widget.id);
      if (!fresh) return;
      const ended = !fresh.hasAttribute("data-running");
      put(widget, document.importNode(fresh, true));
      // What the cycle has changed stands in the other parts.
      if (ended) soon();
    } catch { /* the next second asks again */ }
  }
  if (document.querySelector("[data-ticks]")) setInterval(tick, TICK);

  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    const about = new Set(parts().flatMap((part) => part.dataset.livePart.split(" ")));
    if (missed ? shownAt : changes.some((change) => about.has(change.type))) soon();
    if (missed) shownAt ||= 1;
  });

  // --- Filters and sliders --------------------------------------------------------------------------------------------

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.gh-wanted");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-twins]");
    if (!form) return;
    const name = event.target.dataset.twin || event.target.name;
    for (const twin of form.querySelectorAll(`[name="${name}"], [data-twin="${name}"]`)) {
      if (twin !== event.target) twin.value = event.target.value;
    }
  });
  // At most as many agents as can be told apart.
  document.addEventListener("change", (event) => {
    const choose = event.target.closest("[data-most]");
    if (!choose) return;
    const full = choose.querySelectorAll("input:checked").length >= Number(choose.dataset.most);
    for (const box of choose.querySelectorAll("input:not(:checked)")) box.disabled = full;
  });
})();
