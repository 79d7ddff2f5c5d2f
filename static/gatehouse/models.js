/* Shows what comes of a test of a provider: when it is told of, and by asking while one is under way. */
(() => {
  "use strict";

  const EVERY = 1500, AT_LEAST = 300;
  const said = document.getElementById("models-said");
  if (!said) return;
  let busy = false, timer = null;

  const running = () => document.querySelector(".gh-provider-what[data-running]") !== null;
  const soon = () => { timer ??= setTimeout(refresh, AT_LEAST); };

  function put(fresh) {
    const now = document.getElementById(fresh.id);
    if (!now || now.isEqualNode(fresh)) return;
    const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
    const ended = now.hasAttribute("data-running") && !fresh.hasAttribute("data-running");
    now.replaceWith(fresh);
    fresh.closest("[data-light].gh-provider").dataset.light = fresh.dataset.light;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (ended) said.textContent = fresh.querySelector(".gh-provider-tested")?.textContent.trim() ?? "";
  }

  async function refresh() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    try {
      const answer = await fetch(said.dataset.part, { headers: { Accept: "text/html" } });
      // Signed out, the answer is the page to sign in on: it does not belong in here.
      if (answer.redirected) return location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const fresh of page.querySelectorAll(".gh-provider-what")) put(document.importNode(fresh, true));
    } catch { /* the next change asks again */ } finally { busy = false; }
  }

  document.addEventListener("gatehouse:changed", (event) => {
    const { changes, missed } = event.detail;
    if (missed || changes.some((change) => change.type === "provider")) soon();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  setInterval(() => { if (running()) soon(); }, EVERY);
})();
