// The index of /docs: found by words and by role, opened in place, and an address for what was found.
(function () {
  "use strict";
  const index = document.getElementById("index");
  const find = document.getElementById("find");
  const role = document.getElementById("role");
  const found = document.getElementById("found");
  const entries = [...index.querySelectorAll("li")];
  const groups = [...index.querySelectorAll("details")];
  const mayDo = (entry) => {
    const roles = entry.dataset.roles.split(" ");
    return role.value === "" || roles.includes("*") || roles.includes(role.value);
  };
  const show = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = words.length > 0 || role.value !== "";
    for (const entry of entries) {
      entry.hidden = !mayDo(entry) || !words.every((word) => entry.dataset.text.includes(word));
    }
    for (const group of groups) {
      const left = group.querySelectorAll("li:not([hidden])").length;
      group.hidden = left === 0;
      group.open = words.length > 0 && left > 0;
      group.querySelector("i").textContent = left;
    }
    const left = new Set(entries.filter((entry) => !entry.hidden)
      .map((entry) => entry.querySelector("b").textContent + entry.querySelector("code").textContent));
    const text = { 0: found.dataset.none, 1: found.dataset.one }[left.size];
    found.textContent = asked ? text ?? found.dataset.many.replace("{n}", left.size) : "";
  };
  const remember = () => {
    const address = new URL(location.href);
    for (const field of [find, role]) {
      if (field.value) address.searchParams.set(field.name, field.value);
      else address.searchParams.delete(field.name);
    }
    history.replaceState(null, "", address);
  };
  const asked = new URLSearchParams(location.search);
  find.value = asked.get("q") ?? "";
  role.value = asked.get("role") ?? "";
  if (role.selectedIndex < 0) role.value = "";
  for (const field of [find, role]) {
    field.addEventListener("input", () => { show(); remember(); });
  }
  index.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    index.querySelector("li:not([hidden]) a")?.click();
  });
  show();
})();
