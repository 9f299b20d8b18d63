// The editor of layouts: elements are dragged on the page or moved with the arrow keys, placeholders go where the caret
// is, problems stand beside their fields. The fields stay the truth: everything here writes into them, and the server
// sets the page anew. Markup: templates/pages/layouts/edit.html and _preview.html.

const STEP = 0.5;
let texts = null; // The field that had the caret last.
let drag = null;

document.documentElement.classList.add("scripted");
arrive();

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "designer") arrive();
  if (event.detail.target?.id?.startsWith("preview")) placeProblems();
});
document.addEventListener("toggle", rememberOpen, true);
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-template]")) texts = event.target;
});
document.addEventListener("click", onClick);
document.addEventListener("pointerdown", onGrab);
document.addEventListener("pointermove", onDrag);
document.addEventListener("pointerup", onDrop);
document.addEventListener("pointercancel", () => endDrag());
document.addEventListener("keydown", onKey);
document.addEventListener("input", (event) => {
  if (event.target.closest("[data-designer]")) changed = true;
});
document.addEventListener("submit", () => (changed = false));
let changed = false;
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});

function form() {
  return document.querySelector("[data-designer]");
}

/** After the form was shown anew: look at the element that was added or moved. */
function arrive() {
  rememberOpen();
  const opened = document.querySelector("[data-opened]");
  opened?.querySelector("summary").focus({ preventScroll: true });
  opened?.scrollIntoView({ block: "nearest" });
}

function rememberOpen() {
  const open = [...document.querySelectorAll("[data-element][open]")].map((one) => one.dataset.element);
  const kept = document.querySelector("[data-open]");
  if (kept) kept.value = open.join(",");
}

function onClick(event) {
  const inserted = event.target.closest("[data-insert]");
  if (inserted) return insert(inserted.dataset.insert);
  const handle = event.target.closest("[data-handle], .problem-list a");
  if (handle) {
    event.preventDefault();
    reveal(document.getElementById(decodeURIComponent(handle.getAttribute("href").slice(1))));
  }
}

/** Open whatever the target lies in, and go there. */
function reveal(target) {
  if (!target) return;
  for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  const first = target.matches("details") ? target.querySelector("summary") : target;
  target.scrollIntoView({ block: "nearest" });
  first.focus({ preventScroll: true });
}

function insert(text) {
  const field = texts?.isConnected ? texts : (texts && document.getElementById(texts.id)) || null;
  if (!field) return say(form().dataset.textChoose);
  reveal(field);
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  say(form().dataset.textInserted.replace("{field}", field.labels[0]?.textContent.trim() ?? ""));
}

function say(text) {
  document.querySelector("[data-said]").textContent = text;
}

/** Problems of the last preview beside their fields, and none where there is none any more. */
function placeProblems() {
  for (const old of form().querySelectorAll(".field-error")) old.remove();
  for (const field of form().querySelectorAll('[aria-invalid="true"]')) field.removeAttribute("aria-invalid");
  for (const item of document.querySelectorAll("#preview-problems [data-field]")) {
    const field = document.getElementById(item.dataset.field);
    if (!field?.closest(".field")) continue;
    const message = document.createElement("p");
    message.className = "field-error";
    message.id = `${field.id}-error`;
    message.textContent = item.textContent;
    field.closest(".field").append(message);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", message.id);
  }
}

function onGrab(event) {
  const handle = event.target.closest?.("[data-handle]");
  if (!handle || event.button !== 0) return;
  event.preventDefault();
  const sheet = handle.closest("[data-sheet]");
  const scale = sheet.viewBox.baseVal.width / sheet.getBoundingClientRect().width;
  const isSize = event.target.matches("[data-grip]");
  drag = { handle, sheet, scale, isSize, x: event.clientX, y: event.clientY, across: 0, down: 0, hasMoved: false };
  handle.setPointerCapture?.(event.pointerId);
}

function onDrag(event) {
  if (!drag) return;
  drag.across = snapped((event.clientX - drag.x) * drag.scale);
  drag.down = snapped((event.clientY - drag.y) * drag.scale);
  drag.hasMoved ||= Math.abs(drag.across) + Math.abs(drag.down) >= 1;
  if (!drag.hasMoved) return;
  drag.handle.classList.add("is-moving");
  const box = drag.handle.querySelector(".handle");
  if (drag.isSize) {
    const wide = drag.across * direction(drag.sheet);
    drag.width ??= Number(box.getAttribute("width"));
    drag.height ??= Number(box.getAttribute("height"));
    box.setAttribute("width", Math.max(1, drag.width + wide));
    box.setAttribute("height", Math.max(1, drag.height + drag.down));
    if (direction(drag.sheet) < 0) box.setAttribute("transform", `translate(${drag.across} 0)`);
  } else {
    drag.handle.setAttribute("transform", `translate(${drag.across} ${drag.down})`);
  }
}

function onDrop() {
  if (!drag) return;
  const { handle, sheet, isSize, across, down, hasMoved } = drag;
  endDrag();
  if (!hasMoved) return;
  // The click that follows a drag must not lead to the fields.
  addEventListener("click", (event) => event.stopPropagation() || event.preventDefault(), { capture: true, once: true });
  setTimeout(() => dispatchEvent(new Event("click")), 0);
  change(handle, isSize ? "size" : "place", across * direction(sheet), down);
}

function endDrag() {
  drag?.handle.classList.remove("is-moving");
  drag = null;
}

/** Arrow keys move the chosen element by a millimetre; with Shift they change its size, with Control they go far. */
function onKey(event) {
  const handle = event.target.closest?.("[data-handle]");
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!handle || !steps || event.altKey || event.metaKey) return;
  event.preventDefault();
  const far = event.ctrlKey ? 10 : 1;
  const across = steps[0] * far * direction(handle.closest("[data-sheet]"));
  change(handle, event.shiftKey ? "size" : "place", across, steps[1] * far);
}

/** Places count from where reading starts: on a mirrored page that is the right side. */
function direction(sheet) {
  return sheet.hasAttribute("data-mirrored") ? -1 : 1;
}

function change(handle, what, across, down) {
  const names = what === "size" ? ["width", "height"] : ["x", "y"];
  const least = what === "size" ? 1 : 0;
  const fields = names.map((name) => document.getElementById(`elements.${handle.dataset.handle}.${name}`));
  const values = fields.map((field, index) => Math.max(least, snapped(Number(field.value) + [across, down][index])));
  fields.forEach((field, index) => (field.value = values[index]));
  handle.classList.add("is-chosen");
  fields[0].dispatchEvent(new Event("input", { bubbles: true }));
  const words = form().dataset[what === "size" ? "textSized" : "textMoved"];
  const facts = { name: handle.getAttribute("aria-label"), [names[0]]: values[0], [names[1]]: values[1] };
  say(words.replace(/\{(\w+)\}/g, (_, name) => facts[name]));
}

function snapped(value) {
  return Math.round(value / STEP) * STEP;
}
