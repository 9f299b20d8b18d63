// The check-in page: the camera reads the code where the browser can, and the field is ready for the next guest.
// Markup: <form data-check-in> with an input named "code"; <div class="scanner" data-scanner hidden> with a button
// [data-camera] (texts in data-text-start, data-text-stop, data-text-refused), a <video> and a [data-camera-status].

const SAME_CODE_PAUSE = 4_000;
const LOOK_EVERY = 200;

const form = document.querySelector("[data-check-in]");
const field = form.elements.namedItem("code");
const scanner = document.querySelector("[data-scanner]");
let stream = null;
let last = { code: "", at: 0 };

document.addEventListener("htmx:afterSettle", ready);
ready();
offerCamera();

/** A hand scanner types like a keyboard, so the field takes the focus again and its text is replaced. */
function ready() {
  field.focus();
  field.select();
}

async function offerCamera() {
  if (!scanner || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const formats = await window.BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return;
  scanner.hidden = false;
  scanner.querySelector("[data-camera]").addEventListener("click", () => (stream ? stop() : start()));
  addEventListener("pagehide", stop);
}

async function start() {
  const button = scanner.querySelector("[data-camera]");
  const video = scanner.querySelector("video");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    scanner.querySelector("[data-camera-status]").textContent = button.dataset.textRefused;
    return;
  }
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  button.querySelector("span").textContent = button.dataset.textStop;
  look(new window.BarcodeDetector({ formats: ["qr_code"] }), video);
}

function stop() {
  const button = scanner.querySelector("[data-camera]");
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  scanner.querySelector("video").hidden = true;
  button.querySelector("span").textContent = button.dataset.textStart;
}

async function look(detector, video) {
  while (stream) {
    const found = await detector.detect(video).catch(() => []);
    if (found.length) take(found[0].rawValue);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

/** One guest's code stays in view for a while and must count once. */
function take(code) {
  const now = performance.now();
  if (code === last.code && now - last.at < SAME_CODE_PAUSE) {
    last.at = now;
    return;
  }
  last = { code, at: now };
  field.value = code;
  form.requestSubmit();
}
