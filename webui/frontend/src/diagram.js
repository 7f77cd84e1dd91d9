// Draws the process as the administrator drew it, and on it where the case has been and is.
//
// The page holds <div class="diagram" data-xml="address">, and beside it the progress as JSON:
// {element or flow id: {order, count, state: "taken" | "now" | "skipped", mark}}.
// Where this fails the numbered sentence under the drawing stays; nothing else depends on it.

import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { is } from "bpmn-js/lib/util/ModelUtil";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

const SMALLEST = 0.72; // below this the labels cannot be read: rather move the drawing than shrink it
const LARGEST = 1.15;
const TALLEST = 236; // the drawing must not push the work out of the first screenful
const TALLEST_ALONE = 440; // on the page of a procedure the drawing is the work
const ROOM = 14;
const FOOT = 30; // pixels under the drawing, for the button and the logo: they must not lie on it
const LETTER = 12.5; // pixels on the screen, whatever the scale
const LABEL = 12; // the letters of labels outside of shapes

/** A small label on an element: the order of its first visit, or what changed. */
function label(text, className) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

/** Colour what was taken, fill where the case is, and number the steps. */
function mark(viewer, progress) {
  const canvas = viewer.get("canvas");
  const overlays = viewer.get("overlays");
  const elements = viewer.get("elementRegistry");
  for (const element of elements.filter((one) => is(one, "bpmn:Task"))) canvas.addMarker(element, "gk-task");
  for (const [id, seen] of Object.entries(progress)) {
    const element = elements.get(id);
    if (!element) continue;
    if (seen.state) canvas.addMarker(id, `gk-${seen.state}`);
    if (element.waypoints) continue;
    if (seen.order) {
      const text = seen.count > 1 ? `${seen.order}×${seen.count}` : `${seen.order}`;
      overlays.add(id, "order", { position: { top: -15, left: -9 }, html: label(text, "gk-order"), scale: false });
    }
    if (seen.mark) overlays.add(id, "mark", { position: { top: -9, right: 14 }, html: label(seen.mark, "gk-mark") });
  }
}

/** The scale at which a drawing of this width fits, or the smallest that can be read. */
function scaleFor(width, container) {
  return Math.min(Math.max(container.clientWidth / (width + 2 * ROOM), SMALLEST), LARGEST);
}

/** Letters of a size that is readable after scaling; the boxes of common modelers take up to 18. */
function letterSize(xml, container) {
  const bounds = [...new DOMParser().parseFromString(xml, "text/xml").getElementsByTagNameNS("*", "Bounds")];
  const latin = (xml.match(/\sname="[A-Za-z]/g) ?? []).length > (xml.match(/\sname="[^A-Za-z]/g) ?? []).length;
  const left = Math.min(...bounds.map((one) => Number(one.getAttribute("x"))));
  const right = Math.max(...bounds.map((one) => Number(one.getAttribute("x")) + Number(one.getAttribute("width"))));
  const scale = Number.isFinite(right - left) ? scaleFor(right - left, container) : 1;
  return Math.round(Math.min(Math.max(LETTER / scale, 12), latin ? 13 : 18)); // words are longer than characters
}

/** Labels wide enough for their longest word: a drawing has room for Chinese, and no word may be broken in two. */
function withRoomForWords(xml, family) {
  const drawing = new DOMParser().parseFromString(xml, "text/xml");
  const names = new Map([...drawing.querySelectorAll("[id][name]")].map((one) => [one.id, one.getAttribute("name")]));
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${LABEL}px ${family}`;
  for (const label of drawing.getElementsByTagNameNS("*", "BPMNLabel")) {
    const bounds = label.getElementsByTagNameNS("*", "Bounds")[0];
    const words = names.get(label.parentNode.getAttribute("bpmnElement"))?.match(/[A-Za-z][\w’'-]*\S?/g) ?? [];
    const room = Math.ceil(Math.max(0, ...words.map((word) => pen.measureText(word).width))) + 4;
    const width = Number(bounds?.getAttribute("width"));
    if (!bounds || room <= width) continue;
    const isFlow = label.parentNode.localName === "BPMNEdge"; // it stands beside a line: grow away from it
    bounds.setAttribute("width", room);
    if (!isFlow) bounds.setAttribute("x", Number(bounds.getAttribute("x")) - (room - width) / 2);
  }
  return new XMLSerializer().serializeToString(drawing);
}

/** Show the part around the present place, at a readable size, or (whole) all of it. */
function fit(viewer, container, progress, whole) {
  if (!container.clientWidth) return; // narrow screens and paper show the sentence instead
  const canvas = viewer.get("canvas");
  container.style.height = "100px";
  canvas.resized();
  const { inner } = canvas.viewbox();
  const width = container.clientWidth;
  const fitting = Math.min(width / (inner.width + 2 * ROOM), LARGEST);
  const scale = whole ? fitting : scaleFor(inner.width, container);
  const tallest = "alone" in container.dataset ? TALLEST_ALONE : TALLEST;
  const full = (inner.height + 2 * ROOM) * scale + FOOT;
  const height = whole ? full : Math.min(full, tallest);
  container.style.height = `${Math.ceil(height)}px`;
  canvas.resized();
  const left = inner.x - ROOM;
  const top = inner.y - ROOM;
  const view = { x: left, y: top, width: width / scale, height: height / scale };
  const now = Object.keys(progress).find((id) => progress[id].state === "now");
  const place = now && viewer.get("elementRegistry").get(now);
  if (place && !place.waypoints) {
    view.x = within(place.x + place.width / 2 - view.width / 2, left, inner.x + inner.width + ROOM - view.width);
    view.y = within(place.y + place.height / 2 - view.height / 2, top, inner.y + inner.height + ROOM + FOOT / scale - view.height);
  }
  canvas.viewbox(view);
  return full > tallest || fitting < SMALLEST;
}

/** A button that shows the whole drawing, where only a part fits. */
function offerWhole(viewer, container, progress) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "gk-whole";
  let whole = false;
  const say = () => (button.textContent = whole ? container.dataset.part : container.dataset.whole);
  button.addEventListener("click", () => {
    whole = !whole;
    fit(viewer, container, progress, whole);
    say();
  });
  say();
  container.append(button);
}

function within(value, low, high) {
  return high < low ? low : Math.min(Math.max(value, low), high);
}

async function draw(container) {
  container.classList.add("is-drawn");
  if (!container.clientWidth) return container.classList.remove("is-drawn");
  container.classList.remove("is-drawn");
  const data = container.nextElementSibling;
  const progress = data?.type === "application/json" ? JSON.parse(data.textContent) : {};
  const answer = await fetch(container.dataset.xml, { credentials: "same-origin" });
  if (!answer.ok) return;
  const xml = await answer.text();
  const colours = getComputedStyle(document.documentElement);
  container.classList.add("is-drawn");
  try {
    const viewer = new NavigatedViewer({
      container,
      bpmnRenderer: {
        defaultFillColor: colours.getPropertyValue("--paper"),
        defaultStrokeColor: colours.getPropertyValue("--ink"),
      },
      textRenderer: {
        defaultStyle: { fontFamily: colours.getPropertyValue("--sans"), fontSize: letterSize(xml, container), lineHeight: 1.25 },
        externalStyle: { fontSize: LABEL, lineHeight: 1.2 },
      },
    });
    await viewer.importXML(withRoomForWords(xml, colours.getPropertyValue("--sans")));
    // The wheel scrolls the page; with Ctrl it zooms the drawing, as in the modeler.
    viewer.get("zoomScroll", false)?.toggle(false);
    mark(viewer, progress);
    if (fit(viewer, container, progress)) offerWhole(viewer, container, progress);
    addEventListener("resize", () => fit(viewer, container, progress));
  } catch (error) {
    container.classList.remove("is-drawn");
    throw error;
  }
}

for (const container of document.querySelectorAll(".diagram[data-xml]")) {
  draw(container).catch((error) => console.warn("diagram:", error.message));
}
