// Small things of every page: print buttons, focus on a message, a menu that closes, one submit at a time.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());

document.querySelector("[data-focus]")?.focus();

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
});

// A double click sends once; the server would find out anyway, by the form's key.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) return event.preventDefault();
    if (event.submitter?.dataset.confirm && !window.confirm(event.submitter.dataset.confirm)) return event.preventDefault();
    form.dataset.sending = "1";
    setTimeout(() => delete form.dataset.sending, 5000);
  });
}
