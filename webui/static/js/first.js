// Runs before the page is drawn: says that scripts work, and puts the case number on printed sheets.
const root = document.documentElement;
root.classList.add("js");
if (root.dataset.paper) root.style.setProperty("--paper-head", JSON.stringify(root.dataset.paper));
