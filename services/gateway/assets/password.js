// Sets a password by the one-time link whose token stands behind the # of the address.
(function () {
  "use strict";
  const form = document.getElementById("password");
  const outcome = document.getElementById("outcome");
  const KEPT = "password-link";
  // Out of the address, where it would be seen and remembered; kept by this tab alone, until the
  // password is set, so that the other language or a page loaded anew has it still.
  const kept = (() => {
    try { return window.sessionStorage; } catch { return null; }
  })();
  const token = location.hash.slice(1) || (kept && kept.getItem(KEPT)) || "";
  if (kept && token) kept.setItem(KEPT, token);
  if (kept) history.replaceState(null, "", location.pathname + location.search);
  if (!token) outcome.textContent = form.dataset.absent;
  const problem = (body) =>
    body.errors && body.errors.length ? body.errors[0].detail : [body.title, body.advice || body.detail].filter(Boolean).join(" · ");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!token) return;
    const chosen = document.getElementById("new").value;
    if (chosen !== document.getElementById("again").value) {
      outcome.textContent = form.dataset.differs;
      return;
    }
    outcome.textContent = "";
    try {
      const answer = await fetch("/api/v1/auth/password/link", {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
        body: JSON.stringify({ token: token, new_password: chosen }),
      });
      const body = await answer.json();
      if ((answer.ok || answer.status === 410) && kept) kept.removeItem(KEPT);
      outcome.textContent = answer.ok
        ? form.dataset[body.state === "pending" ? "pending" : "done"]
        : problem(body);
      if (answer.ok) form.reset();
    } catch {
      outcome.textContent = form.dataset.failed;
    }
  });
})();
