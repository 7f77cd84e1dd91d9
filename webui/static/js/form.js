// A form that helps: questions come and go with the answers (the server says which), what was typed is kept as a draft.
// Without this file everything still works: all questions stand there, and the server drops those that do not apply.
const form = document.querySelector("form[data-visible]");

function post(url) {
  const body = new FormData(form);
  for (const [name, value] of [...body.entries()]) if (value instanceof File) body.delete(name);
  return fetch(url, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
}

function show(keys, required) {
  for (const field of form.querySelectorAll("[data-field]")) {
    field.toggleAttribute("data-off", !keys.has(field.dataset.field));
    field.querySelector(":scope > .label .req")?.toggleAttribute("hidden", !required.has(field.dataset.field));
  }
  for (const part of form.querySelectorAll(".form-section")) {
    const fields = [...part.querySelectorAll("[data-field]")];
    part.toggleAttribute("data-off", fields.length > 0 && fields.every((field) => field.hasAttribute("data-off")));
  }
}

function follow(button) {
  for (const one of document.querySelectorAll("[data-button]")) one.textContent = button.label;
  for (const one of document.querySelectorAll("[data-then]")) one.textContent = button.then;
  for (const one of form.querySelectorAll("[data-pressed]")) one.value = button.word;
}

// What a named case says stands in the questions left open; what somebody typed stays.
function fill(values) {
  for (const [key, value] of Object.entries(values)) {
    const field = form.elements.namedItem(key);
    const known = field?.value;
    if (known === undefined || (known !== "" && known !== filled.get(key))) continue;
    field.value = value;
    filled.set(key, String(value));
  }
}

const filled = new Map();
let asked = 0;
form?.addEventListener("change", async () => {
  const mine = ++asked;
  const answer = await post(form.dataset.visible).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const { shown, required, button, filled: said } = await answer.json();
  show(new Set(shown), new Set(required));
  fill(said ?? {});
  if (button) follow(button);
});

// A field that names another case offers those that fit what was typed; without this the number is typed whole.
const wanted = new Map();
document.addEventListener("input", (event) => {
  const field = event.target.closest?.("input[data-cases]");
  if (!field) return;
  clearTimeout(wanted.get(field));
  wanted.set(field, setTimeout(async () => {
    const typed = field.value.trim();
    if (!typed) return;
    const url = new URL(field.dataset.cases, location.href);
    url.searchParams.set("q", typed);
    const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok || field.value.trim() !== typed) return;
    const { cases } = await answer.json();
    field.list.replaceChildren(...cases.map(({ number, words }) => Object.assign(document.createElement("option"), { value: number, label: `${number} ${words}` })));
  }, 250));
});

const state = document.getElementById("draft-state");
let waiting = 0;
if (form?.dataset.draft) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      if (form.dataset.sending) return;
      const answer = await post(form.dataset.draft).catch(() => null);
      const said = answer ? await answer.json().catch(() => ({})) : {};
      if (state) state.textContent = said.said ?? said.sentence ?? state.dataset.failed ?? "";
    }, 1500);
  });
}

// Before a form leaves the page we ask whether the server is there: the browser's own page of a broken line would
// take what was typed with it. A session that ended is the server's to tell: it keeps the text.
form?.addEventListener("submit", async (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const pressed = event.submitter;
  if (await post(form.dataset.visible).catch(() => null)) {
    const chosen = document.createElement("input");
    Object.assign(chosen, { type: "hidden", name: pressed?.name || "do", value: pressed?.value ?? "complete" });
    form.append(chosen);
    return form.submit();
  }
  delete form.dataset.sending;
  let told = document.getElementById("unsent");
  if (!told) {
    told = Object.assign(document.createElement("div"), { id: "unsent", className: "errors", tabIndex: -1 });
    told.setAttribute("role", "alert");
    form.before(told);
  }
  told.textContent = form.dataset.unsent;
  told.focus();
});
