// The exam runner: one question at a time, answers that save themselves, the server's time, and handing in.
// Its markup and its words come from templates/components/exam.html.

import { read, write } from "./exam/answers.js";
import { Clock, spell } from "./exam/clock.js";
import { Saver } from "./exam/saver.js";

const TYPING_PAUSE = 400;
const LAST_SAVES = 8_000;
const LOOK_FOR_SERVER = 5_000;
const ANNOUNCED_MINUTES = [30, 10, 5, 1];

const root = document.querySelector("[data-exam]");
const words = root.dataset;
const one = (selector) => root.querySelector(selector);
const questions = [...root.querySelectorAll("fieldset[data-position]")];
const byPosition = new Map(questions.map((fieldset) => [Number(fieldset.dataset.position), fieldset]));
const known = new Map();
const clock = new Clock(Date.parse(words.now));
const deadline = Date.parse(words.deadline);
const flagsKey = `confero-exam-flags-${words.attempt}`;
const flags = new Set(stored(flagsKey) ?? []);
const submission = one("[data-submission]");
const confirmation = one("[data-confirmation]");
let current = 0;
let isOver = false;
let left = Number.POSITIVE_INFINITY;

const saver = new Saver(words.attempt, Number(words.sequence), {
  state: showState,
  refused: (position, message) => refuse(byPosition.get(Number(position)), message || words.textRefused),
  replaced: (position, response) => restore(byPosition.get(position), response),
  closed: leave,
  time: (header) => clock.learn(header),
});

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function showState(state, reason) {
  const text = { saved: words.textSaved, saving: words.textSaving, refused: words.textRefused }[state];
  const status = one("[data-save-status]");
  status.dataset.state = state;
  const trouble = { offline: words.textOffline, signedOut: words.textSignedOut };
  const shown = text ?? trouble[reason] ?? words.textTrouble;
  if (status.textContent !== shown) status.textContent = shown;
}

// Answers

function restore(fieldset, response) {
  write(fieldset, response);
  known.set(fieldset, JSON.stringify(read(fieldset)));
  drawNavigator();
}

function refuse(fieldset, message) {
  const place = fieldset.querySelector("[data-refusal]");
  place.textContent = message;
  place.hidden = !message;
}

function answered(fieldset, delay) {
  const response = read(fieldset);
  if (response === undefined) return;
  refuse(fieldset, "");
  const text = JSON.stringify(response);
  if (known.get(fieldset) === text) return;
  known.set(fieldset, text);
  saver.put(Number(fieldset.dataset.position), response, delay);
  drawNavigator();
}

function isAnswered(fieldset) {
  return ![undefined, null].includes(read(fieldset));
}

function listen(fieldset) {
  const form = fieldset.closest("form");
  form.addEventListener("input", (event) => {
    answered(fieldset, event.target.matches("textarea, input:not([type=radio], [type=checkbox])") ? TYPING_PAUSE : 0);
  });
  form.addEventListener("change", () => {
    if (read(fieldset) === undefined) refuse(fieldset, words.textNotANumber);
    else answered(fieldset, 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answered(fieldset, 0);
  });
  form.querySelector("[data-clear]").addEventListener("click", () => {
    write(fieldset, null);
    answered(fieldset, 0);
  });
  form.querySelector("[data-flag]").addEventListener("click", () => flag(Number(fieldset.dataset.position)));
  form.querySelector("[data-tools]").hidden = false;
}

/** What this device still holds is newer than the page, unless the server has a later answer to the same question. */
function resume() {
  for (const fieldset of questions) known.set(fieldset, JSON.stringify(read(fieldset)));
  for (const [position, answer] of Object.entries(saver.pending())) {
    const fieldset = byPosition.get(Number(position));
    if (!fieldset || answer.sequence <= Number(fieldset.dataset.sequence ?? 0)) saver.forget(position);
    else restore(fieldset, answer.response);
  }
  saver.flush();
}

// Moving between questions

function show(index, isByPerson = true) {
  current = Math.min(Math.max(index, 0), questions.length - 1);
  questions.forEach((fieldset, number) => {
    fieldset.closest("form").hidden = number !== current;
  });
  const [previous, next] = root.querySelectorAll("[data-step]");
  previous.disabled = current === 0;
  next.disabled = current === questions.length - 1;
  drawNavigator();
  if (!isByPerson) return;
  history.replaceState(null, "", `#q${questions[current].dataset.position}`);
  questions[current].querySelector("legend").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function flag(position) {
  if (!flags.delete(position)) flags.add(position);
  try {
    localStorage.setItem(flagsKey, JSON.stringify([...flags]));
  } catch {
    // Flags are a comfort; without storage they last as long as the page.
  }
  drawNavigator();
}

function drawNavigator() {
  for (const button of root.querySelectorAll("[data-go]")) {
    const position = Number(button.dataset.go);
    const fieldset = byPosition.get(position);
    if (!fieldset) continue;
    const facts = [words.textQuestion.replace("{position}", position)];
    if (isAnswered(fieldset)) facts.push(words.textAnswered);
    if (flags.has(position)) facts.push(words.textFlagged);
    button.toggleAttribute("data-answered", isAnswered(fieldset));
    button.toggleAttribute("data-flagged", flags.has(position));
    button.setAttribute("aria-label", facts.join(", "));
    if (fieldset === questions[current]) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    fieldset.closest("form").querySelector("[data-flag]").setAttribute("aria-pressed", String(flags.has(position)));
  }
}

// Time and handing in

function tick() {
  const before = left;
  left = deadline - clock.now();
  one("[data-timer]").textContent = spell(left);
  one("[data-timer]").parentElement.classList.toggle("is-late", left < 5 * 60_000);
  const passed = ANNOUNCED_MINUTES.find((minutes) => before > minutes * 60_000 && left <= minutes * 60_000);
  if (passed && Number.isFinite(before)) {
    announce(passed === 1 ? words.textMinute : words.textMinutes.replace("{minutes}", passed));
  }
  if (left <= 0 && !isOver) finish();
}

function announce(text) {
  one("[data-announcer]").textContent = text;
}

/** The deadline: bring the last answers home within the server's grace, then hand in. */
async function finish() {
  isOver = true;
  announce(words.textOver);
  for (const fieldset of questions) fieldset.disabled = true;
  const late = new Promise((resolve) => setTimeout(() => resolve(false), LAST_SAVES));
  if (await Promise.race([saver.flush(), late])) handIn();
  else setInterval(goToResult, LOOK_FOR_SERVER);
}

/** The server could not be reached in time and closes the attempt by itself: go there as soon as it answers again. */
async function goToResult() {
  const reply = await fetch(words.result, { credentials: "same-origin" }).catch(() => null);
  if (reply?.ok) leave();
}

function handIn() {
  forgetFlags();
  saver.close();
  submission.method = "post";
  submission.submit();
}

function leave() {
  forgetFlags();
  location.replace(words.result);
}

function forgetFlags() {
  try {
    localStorage.removeItem(flagsKey);
  } catch {
    // Without storage there is nothing to forget.
  }
}

function askToSubmit(event) {
  event.preventDefault();
  const missing = questions.filter((fieldset) => !isAnswered(fieldset)).length;
  one("[data-summary]").textContent = missing
    ? words.textUnanswered.replace("{number}", missing).replace("{count}", questions.length)
    : words.textComplete;
  confirmation.showModal();
}

async function submit() {
  if (await saver.flush()) {
    isOver = true;
    handIn();
  } else if (!isOver) {
    one("[data-summary]").textContent = words.textUnsaved;
  }
}

questions.forEach(listen);
resume();
one("[data-navigator]").hidden = false;
one("[data-steps]").hidden = false;
for (const button of root.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => show(questions.indexOf(byPosition.get(Number(button.dataset.go)))));
}
for (const button of root.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => show(current + Number(button.dataset.step)));
}
submission.addEventListener("submit", askToSubmit);
one("[data-confirm-submission]").addEventListener("click", submit);
one("[data-cancel-submission]").addEventListener("click", () => confirmation.close());
show(Math.max(0, questions.indexOf(byPosition.get(Number(location.hash.replace("#q", ""))))), false);
tick();
setInterval(tick, 500);
