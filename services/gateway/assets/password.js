// Sets a password by the one-time link whose token stands behind the # of the address.
(function () {
  "use strict";
  const form = document.getElementById("password");
  const outcome = document.getElementById("outcome");
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  if (!token) outcome.textContent = form.dataset.absent;
  const problem = (body) =>
    body.errors && body.errors.length ? body.errors[0].detail : [body.title, body.detail].filter(Boolean).join(" · ");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = document.getElementById("new").value;
    if (chosen !== document.getElementById("again").value) {
      outcome.textContent = form.dataset.differs;
      return;
    }
    try {
      const answer = await fetch("/api/v1/auth/password/link", {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
        body: JSON.stringify({ token: token, new_password: chosen }),
      });
      const body = await answer.json();
      outcome.textContent = answer.ok
        ? form.dataset[body.state === "pending" ? "pending" : "done"]
        : problem(body);
      if (answer.ok) form.reset();
    } catch {
      outcome.textContent = form.dataset.failed;
    }
  });
})();
