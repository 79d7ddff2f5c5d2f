/* Keeps the pages of workflows as they are: what changed appears by itself, time that goes on is counted, and what
   somebody has opened, focused or typed stays. Without scripts everything can be read and sent all the same. */
(() => {
  "use strict";

  const SOON = 150, EVERY = 1000, WHILE_OPEN = 4000, LIST_EVERY = 5000;
  const page = document.querySelector("[data-run], [data-runs]");
  if (!page) return;
  const run = page.dataset.run;
  let timer = null, shownAt = Date.now(), busy = false;

  const soon = () => { timer ??= setTimeout(refresh, Math.max(SOON, shownAt + (run ? EVERY : LIST_EVERY) - Date.now())); };
  const typing = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  const filled = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);

  function put(part, fresh) {
    // A token is written anew each time; that is no change.
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const field of fresh.querySelectorAll("[name=csrfmiddlewaretoken]")) if (token) field.setAttribute("value", token);
    const open = [...part.querySelectorAll("details[open][id]")].map((element) => element.id);
    for (const element of fresh.querySelectorAll("details[id]")) if (open.includes(element.id)) element.open = true;
    count(fresh);
    if (part.isEqualNode(fresh) || typing(part) || filled(part)) return;
    const focused = part.contains(document.activeElement) ? pathTo(document.activeElement, part) : null;
    const scrolled = part.querySelector(".gh-flow-scroll")?.scrollLeft;
    part.replaceWith(fresh);
    if (scrolled) fresh.querySelector(".gh-flow-scroll").scrollLeft = scrolled;
    if (focused) at(focused, fresh)?.focus({ preventScroll: true });
  }

  // Where an element stands in its part: by its id or address, else by its place.
  function pathTo(element, part) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    if (href) return `a[href="${CSS.escape(href)}"]`;
    const owner = element.closest("[id]");
    return owner && part.contains(owner) ? `#${CSS.escape(owner.id)} ${element.localName}` : element.localName;
  }
  const at = (path, part) => (part.matches(path) ? part : part.querySelector(path));

  async function refresh() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    shownAt = Date.now();
    try {
      const address = new URL(location.href);
      address.hash = "";
      const answer = await fetch(address, { headers: { Accept: "text/html", "x-part": "1" } });
      // Signed out, or not for this person any more: the whole page says which.
      if (answer.redirected || [403, 404].includes(answer.status)) return location.reload();
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const other = part.isConnected && fresh.getElementById(part.id);
        // A list of the same rows is renewed row by row.
        if (!other || (part.dataset.live === "rows" && part.dataset.rows === other.dataset.rows)) continue;
        put(part, document.importNode(other, true));
      }
      followStage();
    } catch { /* the next change asks again */ } finally { busy = false; }
  }

  // The stage at which the run stands comes into sight once, so that who scrolls elsewhere stays there.
  let stood = -1;
  function followStage() {
    const stages = [...document.querySelectorAll(".gh-flow-stage")];
    const place = stages.findLastIndex((stage) => stage.dataset.mark !== "coming");
    if (place === stood || place < 0) return;
    stood = place;
    const scroll = stages[place].closest(".gh-flow-scroll"), stage = stages[place];
    const over = stage.offsetLeft + stage.offsetWidth - scroll.offsetLeft - scroll.clientWidth;
    if (over > scroll.scrollLeft) scroll.scrollLeft = over + 24;
  }

  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    if (missed || changes.some((change) => change.type === "run" && (!run || change.id === run))) soon();
  });
  // Not every step of a run is pushed: while it goes on it is looked at.
  const ended = () => document.getElementById("part-figures")?.dataset.ended === "yes";
  if (run) setInterval(() => { if (!ended() && Date.now() - shownAt >= WHILE_OPEN) soon(); }, WHILE_OPEN);

  // --- Time that goes on ---------------------------------------------------------------------------------------------

  function words(seconds) {
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    const whole = Math.floor(seconds), minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600) % 24;
    if (whole >= 86400) return `${Math.floor(whole / 86400)} d ${hours} h`;
    if (whole >= 3600) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
    return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  }
  function count(part) {
    for (const place of part.querySelectorAll("[data-since]")) {
      place.textContent = words(Math.max(0, (Date.now() - Date.parse(place.dataset.since)) / 1000));
    }
  }
  setInterval(() => { if (!document.hidden) count(document); }, 1000);

  // --- Opening --------------------------------------------------------------------------------------------------------

  function reveal() {
    const step = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
    const details = step && step.querySelector("details");
    if (details) { details.open = true; details.querySelector("summary").focus({ preventScroll: true }); }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  if (run) followStage();

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".gh-menu[open]")) if (!menu.contains(event.target) && !filled(menu)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.activeElement?.closest?.(".gh-menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
})();
