// [ and ] go to the case before and after in the list one came from. Only addresses are kept, nothing of a case.
const list = JSON.parse(sessionStorage.getItem("gongkai-list") ?? "[]");
const here = list.indexOf(location.pathname);
const links = document.getElementById("neighbours");

if (links && here >= 0 && list.length > 1) {
  for (const [step, link] of [[-1, links.querySelector("[rel=prev]")], [1, links.querySelector("[rel=next]")]]) {
    const target = list[here + step];
    if (target) link.href = target;
    else link.hidden = true;
  }
  links.hidden = false;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const link = links?.querySelector({ "[": "[rel=prev][href]", "]": "[rel=next][href]" }[event.key] ?? "none");
  if (!link || link.hidden) return;
  event.preventDefault();
  link.click();
});
