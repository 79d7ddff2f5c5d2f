/* The page of calibration: sliders and numbers that go together, and figures that renew themselves. */
(() => {
  "use strict";

  const RENEWS = /^(curve|curves|thresholds|audit_share)\./;

  document.addEventListener("input", (event) => {
    const form = event.target.closest("#try");
    if (!form) return;
    const name = event.target.dataset.twin || event.target.name;
    for (const twin of document.querySelectorAll(`#try [name="${name}"], #try [data-twin="${name}"], #propose [data-copy="${name}"]`)) {
      if (twin !== event.target) twin.value = event.target.value;
    }
  }, true);

  // Only the figures are renewed: what somebody is typing below them stays.
  async function renew() {
    const part = document.getElementById("measures");
    if (!part || part.contains(document.activeElement)) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("measures");
    if (fresh) part.replaceWith(fresh);
  }

  document.addEventListener("gatehouse:changed", (event) => {
    if (event.detail.changes.some((change) => RENEWS.test(change.kind))) renew();
  });
})();
