// Small comforts of every page. Each page works without them.

// After a refused form, readers of screens and keyboards start at what needs their attention.
document.querySelector("[data-focus]")?.focus();

// On a phone a row of tabs is wider than the page: the one that is open is brought into sight.
for (const row of document.querySelectorAll(".tabs, .sidebar")) {
  const open = row.querySelector("[aria-current]");
  if (!open || row.scrollWidth <= row.clientWidth) continue;
  const seen = row.getBoundingClientRect(), tab = open.getBoundingClientRect();
  row.scrollLeft += tab.left + tab.width / 2 - seen.left - seen.width / 2;
}

for (const field of document.querySelectorAll("[data-time-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// A second click on the same button sends nothing: the first one is on its way.
const IMPATIENCE = 3000; // milliseconds; a form whose answer is a file can be sent again after that
const sent = new WeakMap();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  const before = sent.get(form);
  if (before && before.button === event.submitter && Date.now() - before.at < IMPATIENCE) {
    event.preventDefault();
    return;
  }
  const question = form.dataset?.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
  else sent.set(form, { button: event.submitter, at: Date.now() });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  say(button.dataset.textCopied ?? "");
});

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => {
    const status = document.getElementById("page-status");
    status.classList.remove("visually-hidden");
    status.classList.add("alert", "alert-danger");
    status.textContent = status.dataset.textFailed;
  });
}

function say(text) {
  document.getElementById("page-status").textContent = text;
}
