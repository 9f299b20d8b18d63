// A file dropped anywhere on the page is verified. Without this script the same form takes a chosen file.

const form = document.querySelector("[data-drop-zone]");
const input = form?.querySelector("input[type=file]");

if (form && input) {
  form.querySelector("[data-drop-invitation]").hidden = false;
  let inside = 0;

  const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
  const show = (isOver) => form.classList.toggle("drop-zone-over", isOver);

  document.addEventListener("dragenter", (event) => {
    if (!carriesFile(event)) return;
    inside += 1;
    show(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!carriesFile(event)) return;
    inside = Math.max(0, inside - 1);
    show(inside > 0);
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFile(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    inside = 0;
    show(false);
    if (event.dataTransfer.files.length === 0) return;
    const [first] = event.dataTransfer.files;
    const one = new DataTransfer();
    one.items.add(first);
    input.files = one.files;
    form.requestSubmit();
  });

  form.addEventListener("submit", () => {
    form.querySelector("[data-drop-status]").textContent = form.dataset.textWorking;
  });
  // Coming back with the browser's own button shows the page as it was left.
  window.addEventListener("pageshow", () => {
    form.querySelector("[data-drop-status]").textContent = "";
  });
}
