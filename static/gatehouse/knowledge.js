/* Keeps the pages of knowledge as they are: progress and documents renew themselves, files can be dropped. Without
   scripts everything can be read and sent all the same. */
(() => {
  "use strict";

  const SOON = 150, EVERY = 1000;
  const TYPES = ["embedding_batch", "file_import", "document", "collection", "reembedding"];
  const page = document.querySelector("[data-know]");
  if (!page) return;
  let timer = null, shownAt = 0, busy = false, again = false;

  const soon = () => { timer ??= setTimeout(refresh, Math.max(SOON, shownAt + EVERY - Date.now())); };

  function put(part, fresh) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const field of fresh.querySelectorAll("[name=csrfmiddlewaretoken]")) if (token) field.setAttribute("value", token);
    for (const element of fresh.querySelectorAll("details[id]")) {
      if (part.querySelector(`#${CSS.escape(element.id)}[open]`)) element.open = true;
    }
    if (part.isEqualNode(fresh)) return;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && [...part.querySelectorAll("a, button, summary")].indexOf(focused);
    part.replaceWith(fresh);
    if (focused) [...fresh.querySelectorAll("a, button, summary")][place]?.focus({ preventScroll: true });
  }

  async function refresh() {
    timer = null;
    if (document.hidden) return;
    if (busy) return void (again = true);
    busy = true;
    shownAt = Date.now();
    try {
      const address = new URL(location.href);
      address.hash = "";
      address.searchParams.delete("q");
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (answer.redirected || [403, 404].includes(answer.status)) return location.reload();
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const other = fresh.getElementById(part.id);
        if (other) put(part, document.importNode(other, true));
      }
    } catch { /* the next change asks again */ } finally {
      busy = false;
      if (again) { again = false; soon(); }
    }
  }

  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    if (missed || changes.some((change) => TYPES.includes(change.type))) soon();
  });

  const drop = document.getElementById("drop");
  if (!drop) return;
  const files = drop.querySelector("[type=file]");
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      drop.dataset.over = "1";
    });
  }
  drop.addEventListener("dragleave", (event) => { if (!drop.contains(event.relatedTarget)) delete drop.dataset.over; });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    if (!event.dataTransfer.files.length) return;
    files.files = event.dataTransfer.files;
    drop.requestSubmit();
  });
})();
