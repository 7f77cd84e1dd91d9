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
    if (form.hasAttribute("data-keep")) return; // it answers with a file, the page stays
    form.dataset.sending = "1";
    setTimeout(() => delete form.dataset.sending, 5000);
  });
}

// A date in words beside its field: the field itself speaks the browser's language, not the page's.
const words = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full", timeZone: "UTC" });
for (const field of document.querySelectorAll('form:not(.filters) input[type="date"]')) {
  const said = document.createElement("span");
  said.className = "said-date";
  const say = () => { said.textContent = field.value ? words.format(new Date(`${field.value}T00:00:00Z`)) : ""; };
  field.after(said);
  field.addEventListener("input", say);
  say();
}

// What is wrong with the files that were chosen, in a sentence; "" where nothing is.
function unfit(field) {
  const kinds = field.accept.split(",").map((kind) => kind.trim().toLowerCase()).filter(Boolean);
  const most = Number(field.dataset.mb);
  for (const { name, size } of field.files) {
    if (most && size > most * 1024 * 1024) return document.body.dataset.large.replace("{name}", name).replace("{size}", most);
    if (kinds.length && !kinds.some((kind) => name.toLowerCase().endsWith(kind)))
      return document.body.dataset.kind.replace("{name}", name).replace("{kinds}", kinds.join(" ").replaceAll(".", ""));
  }
  return "";
}

// A file field with our own words: the button, and the names of what was chosen.
for (const field of document.querySelectorAll('input[type="file"]')) {
  const room = document.createElement("span");
  const button = document.createElement("span");
  const names = document.createElement("span");
  room.className = "file-room";
  button.className = "btn btn-sm";
  button.textContent = document.body.dataset.choose;
  button.setAttribute("aria-hidden", "true");
  names.className = "file-names";
  const say = () => {
    const wrong = unfit(field);
    if (wrong) field.value = ""; // the server would refuse it as well, after a long upload
    names.classList.toggle("late", Boolean(wrong));
    names.textContent = wrong || [...field.files].map((file) => file.name).join("、") || document.body.dataset.none;
  };
  field.before(room);
  room.append(field, button, names);
  field.addEventListener("change", say);
  say();
}

// Back to the inbox as one left it in this window; on the inbox itself the entry shows all again.
const inbox = document.querySelector('.rail a[data-rail="inbox"]:not([aria-current])');
const view = sessionStorage.getItem("gongkai-inbox");
if (inbox && view) inbox.search = view;
