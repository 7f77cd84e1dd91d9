// The keyboard of lists: j k move the bar, Enter does the verb of the row, o opens, / searches, n begins, ? lists all.
// Off in fields and while an input method composes: otherwise typing pinyin would fire commands.
const rows = [...document.querySelectorAll(".inbox tbody tr")];
let at = -1;

function go(to) {
  if (!rows.length) return;
  rows[at]?.classList.remove("is-current");
  rows[at]?.removeAttribute("aria-current");
  at = Math.min(Math.max(to, 0), rows.length - 1);
  rows[at].classList.add("is-current");
  rows[at].setAttribute("aria-current", "true");
}

function typing(event) {
  const field = event.target.closest("input, textarea, select, [contenteditable]");
  return field && field.type !== "checkbox";
}

const keys = {
  j: () => { go(at + 1); rows[at]?.scrollIntoView({ block: "nearest" }); },
  k: () => { go(at - 1); rows[at]?.scrollIntoView({ block: "nearest" }); },
  x: () => rows[at]?.querySelector(".c-pick input")?.click(),
  o: () => rows[at]?.querySelector("a.subject")?.click(),
  Enter: () => (rows[at]?.querySelector("a.do") ?? rows[at]?.querySelector("a.subject"))?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event)) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const marked = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!keys[event.key] && !marked) return;
  event.preventDefault();
  if (keys[event.key]) keys[event.key]();
  else if (marked.matches("input")) marked.focus();
  else marked.click();
});

go(0);

// Rows are picked one by one, a stretch with Shift; t takes what is picked, or the row one is on.
const picks = [...document.querySelectorAll(".c-pick input")];
const bulk = document.getElementById("bulk");
let last = null;
function count() {
  const picked = picks.filter((one) => one.checked).length;
  bulk.querySelector("[data-picked]").textContent = picked ? ` ${picked}` : "";
}
for (const pick of picks) pick.addEventListener("click", (event) => {
  if (event.shiftKey && last) {
    const [from, to] = [picks.indexOf(last), picks.indexOf(pick)].sort((a, b) => a - b);
    for (const one of picks.slice(from, to + 1)) one.checked = pick.checked;
  }
  last = pick;
  count();
});
bulk?.addEventListener("submit", () => {
  const here = rows[at]?.querySelector(".c-pick input");
  if (here && !picks.some((one) => one.checked)) here.checked = true;
});

// The cases of this list, in its order: on a case page [ and ] go to the one before and after.
const lists = document.querySelector("table[data-list]");
if (lists) {
  const cases = [...lists.querySelectorAll("a.subject")].map((link) => link.getAttribute("href"));
  sessionStorage.setItem("gongkai-list", JSON.stringify([...new Set(cases)]));
}

// The tab and the filter that were chosen come back when one returns to the inbox in this window.
const chosen = new URLSearchParams(location.search);
if (document.getElementById("filters")) {
  const kept = new URLSearchParams(["tab", "filter"].filter((one) => chosen.get(one)).map((one) => [one, chosen.get(one)]));
  sessionStorage.setItem("gongkai-inbox", kept.toString());
}

// New arrivals are told above the list; the list itself never moves under the pointer.
const arrivals = document.getElementById("arrivals");
if (arrivals) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(arrivals.dataset.url, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!answer?.ok) return;
    const { said } = await answer.json();
    arrivals.hidden = !said;
    arrivals.firstElementChild.textContent = said;
  }, 60_000);
}
