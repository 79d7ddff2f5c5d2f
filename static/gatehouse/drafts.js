/* Mail: sources beside facts, marks that follow what is typed, banners, and pages that keep themselves as they are.
   All of it is a convenience: without scripts the same forms and links do the same. */
(() => {
  "use strict";

  const CHECK_AFTER = 600, KEPT = "gatehouse.typed.", SOON = 150, EVERY = 1500;
  const $ = (id) => document.getElementById(id);
  const pane = () => $("draft");
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || "";
  const html = (text) => { const box = document.createElement("template"); box.innerHTML = text.trim(); return box.content; };
  const post = (url, data) => fetch(url, { method: "POST", headers: { "X-Part": "1", "X-CSRFToken": token() }, body: new URLSearchParams(data) });

  /* --- Facts and where they come from --------------------------------------------------------------------------- */

  let shown = null;
  function showSource(mark) {
    const line = $("draft-source"), entry = mark && $(`fact-${mark.dataset.fact}`);
    if (!line || mark === shown) return;
    for (const old of document.querySelectorAll("#draft [data-on]")) delete old.dataset.on;
    shown = mark;
    if (!mark || !entry) return;
    mark.dataset.on = entry.dataset.on = "";
    line.dataset.supported = entry.dataset.supported;
    line.replaceChildren(...[...entry.childNodes].map((node) => node.cloneNode(true)));
    const evidence = entry.dataset.anchor && $(entry.dataset.anchor);
    if (evidence) evidence.dataset.on = "";
  }

  const markOf = (event) => event.target.closest?.(".gh-reply-text .gh-fact");
  document.addEventListener("mouseover", (event) => { const mark = markOf(event); if (mark) showSource(mark); });
  document.addEventListener("focusin", (event) => { const mark = markOf(event); if (mark) showSource(mark); });

  function goTo(id) {
    const place = $(id);
    if (!place) return;
    for (let up = place; up; up = up.parentElement) if (up.localName === "details") up.open = true;
    place.dataset.on = "";
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "center" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".gh-facts a[href^='#']");
    if (link) { event.preventDefault(); return goTo(link.getAttribute("href").slice(1)); }
    const mark = markOf(event);
    if (mark) return showSource(mark);
    if (event.target.closest?.(".gh-reply-text") && String(getSelection()) === "") openEditor();
  });
  document.addEventListener("keydown", (event) => {
    const mark = event.key === "Enter" && markOf(event), entry = mark && $(`fact-${mark.dataset.fact}`);
    if (entry && entry.dataset.anchor) { event.preventDefault(); goTo(entry.dataset.anchor); }
  });

  /* --- The editor ----------------------------------------------------------------------------------------------- */

  let facts = [], timer = null, asked = 0;

  function openEditor() {
    const panel = $("edit-panel");
    if (!panel || $("do-edit")?.hasAttribute("disabled")) return;
    panel.open = true;
    $("draft-body").focus();
  }

  /* The text again behind the field, with the facts marked: one is looked for after the one before it. */
  function mirror() {
    const back = document.querySelector(".gh-mirror-back"), field = $("draft-body");
    if (!back || !field) return;
    const text = field.value, parts = [];
    let at = 0;
    for (const fact of facts) {
      const found = text.indexOf(fact.text, at);
      if (found < 0) continue;
      const mark = document.createElement("mark");
      mark.className = "gh-fact";
      mark.dataset.supported = fact.supported ? "1" : "0";
      mark.textContent = fact.text;
      parts.push(text.slice(at, found), mark);
      at = found + fact.text.length;
    }
    back.replaceChildren(...parts, text.slice(at) + "\n");
  }

  async function check() {
    const draft = pane(), field = $("draft-body"), line = $("draft-checked");
    if (!draft || !field) return;
    const number = ++asked;
    line.textContent = "Checking…";
    try {
      const answer = await post(draft.dataset.check, { subject: $("draft-subject").value, body: field.value });
      const found = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
      if (number !== asked || pane() !== draft) return;
      if (!answer.ok) return void (line.textContent = found.words || "It could not be checked now; it is checked before it is sent.");
      facts = found.facts;
      mirror();
      put("draft-verdicts", found.verdicts);
      put("draft-facts", found.list);
      shown = null;
      override(found.unsupported, found.blocked);
      line.textContent = found.unsupported
        ? `${found.unsupported} ${found.unsupported === 1 ? "fact has" : "facts have"} no source.`
        : facts.length ? "Every fact has a source." : "It states no facts.";
    } catch {
      if (number === asked) line.textContent = "It could not be checked now; it is checked before it is sent.";
    }
  }

  function put(id, text) {
    const fresh = html(text).firstElementChild, old = $(id);
    if (old && fresh?.id === id) old.replaceWith(fresh);
  }

  function override(count, blocked) {
    const box = $("draft-override");
    if (!box) return;
    box.hidden = count === 0 && !blocked && $("draft-reason").value === $("draft-reason").defaultValue;
    $("draft-override-words").textContent = count === 1 ? "One fact has no source." : count ? `${count} facts have no source.` : blocked ? "A check failed." : "Every fact has a source now.";
  }

  document.addEventListener("input", (event) => {
    if (!["draft-body", "draft-subject"].includes(event.target.id)) return;
    mirror();
    keep();
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_AFTER);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.id === "draft-instruction") {
      event.preventDefault();
      $("do-redraft").click();
    }
  }, { capture: true });

  /* --- What was typed outlives another version, another mail, a reload ------------------------------------------- */

  const place = () => KEPT + pane()?.dataset.thread;
  function keep() {
    const body = $("draft-body"), subject = $("draft-subject");
    if (!body) return;
    try {
      if (body.value === body.defaultValue && subject.value === subject.defaultValue) sessionStorage.removeItem(place());
      else sessionStorage.setItem(place(), JSON.stringify({ body: body.value, subject: subject.value }));
    } catch { /* no room, or not allowed: then it is not kept */ }
  }

  function offerTyped() {
    const body = $("draft-body"), subject = $("draft-subject");
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(place())); } catch { /* nothing to offer */ }
    if (!body || !kept || (kept.body === body.value && kept.subject === subject.value)) return;
    const line = document.createElement("p"), button = document.createElement("button"), drop = document.createElement("button");
    line.className = "gh-note gh-put-back";
    for (const one of [button, drop]) { one.type = "button"; one.className = "gh-button gh-small"; }
    button.id = "put-back";
    button.textContent = "Put it back";
    drop.textContent = "Drop it";
    line.append("You had typed a reply here. ", button, drop);
    button.addEventListener("click", () => {
      [body.value, subject.value] = [kept.body, kept.subject];
      line.remove();
      openEditor();
      body.dispatchEvent(new Event("input", { bubbles: true }));
    });
    drop.addEventListener("click", () => { sessionStorage.removeItem(place()); line.remove(); });
    $("reply-title").after(line);
  }

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.requestConfig.path.includes("/decide/") && pane()) deciding = place();
  });
  let deciding = null;
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!deciding || !detail.requestConfig.path.includes("/decide/")) return;
    if (detail.successful && detail.xhr.status === 200) sessionStorage.removeItem(deciding);
    deciding = null;
  });

  /* --- Banners and what is shown once ---------------------------------------------------------------------------- */

  async function banner() {
    const draft = pane();
    if (!draft) return;
    try {
      const answer = await fetch(draft.dataset.banner, { headers: { "X-Part": "1" } });
      if (!answer.ok || answer.redirected || pane() !== draft) return;
      const box = $("draft-banner"), fresh = await answer.text();
      if (box && box.innerHTML.trim() !== fresh.trim() && !box.contains(document.activeElement)) box.innerHTML = fresh;
    } catch { /* the next change asks again */ }
  }

  let bannerTimer = null;
  document.addEventListener("gatehouse:changed", ({ detail }) => {
    const draft = pane();
    if (!draft) return;
    const ours = [draft.dataset.draft, draft.dataset.thread];
    const about = detail.changes.some((change) => ["draft", "thread", "approval", "sending"].includes(change.type) && (ours.includes(change.id) || change.type === "approval"));
    if (detail.missed || about) bannerTimer ??= setTimeout(() => { bannerTimer = null; banner(); }, SOON);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-show-new]");
    if (!link) return;
    /* What was typed is kept in this tab, so leaving loses nothing and asks nothing. */
    keep();
    for (const field of [$("draft-body"), $("draft-subject")]) if (field) field.value = field.defaultValue;
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest?.("form[data-reveal]");
    if (!form) return;
    event.preventDefault();
    try {
      const answer = await post(form.action, {});
      const place = document.querySelector(form.dataset.reveal);
      if (!answer.ok || answer.redirected || !place) throw new Error();
      const fresh = html(await answer.text());
      if (place.matches(".gh-mail")) place.replaceWith(fresh);
      else { place.querySelector("code").replaceWith(fresh); form.remove(); }
    } catch { form.querySelector("button").textContent = "Not shown"; }
  });

  /* --- Pages that keep themselves as they are -------------------------------------------------------------------- */

  const live = document.querySelector("[data-live-page]");
  let liveTimer = null, renewedAt = 0;
  async function renew() {
    liveTimer = null;
    renewedAt = Date.now();
    const part = $("live-part");
    if (document.hidden || !part || part.contains(document.activeElement) && document.activeElement.matches("button, input")) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Part": "1" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live-part");
      if (!fresh) return;
      for (const field of fresh.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = document.querySelector("[name=csrfmiddlewaretoken]")?.value || field.value;
      const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      if (!part.querySelector("details[open]")) part.replaceWith(document.importNode(fresh, true));
      if (focused) document.querySelector(`#live-part a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    } catch { /* the next change asks again */ }
  }
  if (live) document.addEventListener("gatehouse:changed", ({ detail }) => {
    const about = detail.changes.some((change) => ["draft", "thread", "mailbox", "sending"].includes(change.type));
    if (detail.missed || about) liveTimer ??= setTimeout(renew, Math.max(SOON, renewedAt + EVERY - Date.now()));
  });

  /* The parameters of the chosen tool only. */
  function parameters() {
    const choice = $("map-tool-choice");
    if (!choice) return;
    for (const set of document.querySelectorAll(".gh-parameters")) {
      set.hidden = set.dataset.tool !== choice.value;
      set.disabled = set.hidden;
    }
  }
  $("map-tool-choice")?.addEventListener("change", parameters);
  parameters();

  function opened() {
    shown = null;
    facts = [...document.querySelectorAll(".gh-reply-text .gh-fact")].map((mark) => ({ text: mark.textContent, supported: mark.dataset.supported === "1" }));
    mirror();
    offerTyped();
    if ($("edit-panel")?.open) check();
  }
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target.id === "item") opened(); });
  if (pane()) opened();
})();
