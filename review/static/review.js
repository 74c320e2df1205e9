// The review: shows one question, takes what a reviewer decides of it, and shows the next.

import { call, newId, questionPath } from "./api.js";
import { Completion } from "./completion.js";
import { Decision } from "./decision.js";
import { historyItem } from "./history.js";
import { Outbox } from "./outbox.js";
import { showProgress } from "./progress.js";
import { Queue } from "./queue.js";
import { showQuestion, showTags } from "./stage.js";
import { forgetUnanswered, takeBack, takeBackNewest } from "./undo.js";

const HISTORY_SHOWN = 8;
const REASONS_AFTER_MS = 250; // the model is asked of a question that somebody reads, not of each
const SAVE_TEXTS = {
  saved: "Saved",
  saving: "Saving …",
  retrying: "Not saved yet",
  "signed-out": "Not saved yet",
  failed: "Not saved",
};

const $ = (id) => document.getElementById(id);
const reviewer = $("review").dataset.reviewer;
const query = queueQuery();
const queue = new Queue(query, showFetchTrouble, (number) => {
  $("review").dataset.ready = number; // for whoever watches over the page
});
const outbox = new Outbox(reviewer, showSaveState, (entry, error) => {
  toast(`Not taken back: ${entry.title}: ${error.message}`, "bad");
  showHistorySoon();
});
const completion = new Completion($("add"), $("completions"), {
  siteOf: () => current.question.site,
  onChoose: (tag) => addTag(tag),
  onLeave: () => leaveButton(),
});

let current = null; // the Decision on the screen
const made = []; // decisions of this page, the newest last: {id, question, chosen}
const told = new Set(); // questions whose suggestions were shown: no first choice is blind to them
let undoing = false;
let isBlind = readBlind();

// ---- Questions

async function goOn() {
  const ready = queue.take();
  if (ready) {
    show(ready);
    return;
  }
  current = null;
  $("stage").hidden = true;
  $("nothing").hidden = true;
  $("waiting").hidden = false;
  const question = await queue.next();
  $("waiting").hidden = true;
  if (question) show(question);
  else {
    $("nothing").hidden = false;
    announce("Nothing is left in this queue.");
  }
}

function show(question, chosen = null) {
  current = new Decision(question, { blind: isBlind && !told.has(questionPath(question)), chosen });
  for (const id of ["waiting", "nothing"]) $(id).hidden = true;
  $("stage").hidden = false;
  showQuestion(question);
  draw();
  if (matchMedia("(max-width: 46rem)").matches) $("stage").scrollIntoView(); // room for the question
  else scrollTo(0, 0);
  $("title").focus({ preventScroll: true });
  showReasons(current);
  const left = question.queue?.left;
  $("left").textContent = left == null ? "" : `${left.toLocaleString("en")} left`;
}

function draw() {
  if (!current.isHidden) told.add(questionPath(current.question));
  showTags(current, { onToggle: toggle });
}

// The words that speak for a suggestion, where the service can say them.
async function showReasons(decision) {
  if (!("reasons" in $("review").dataset)) return;
  await pause(REASONS_AFTER_MS);
  if (decision !== current) return;
  try {
    const reasons = await call("GET", `${questionPath(decision.question)}/reasons`);
    decision.reasons = reasons.reasons;
    if (decision === current) draw();
  } catch {
    decision.reasons = {};
  }
}

// ---- Decisions

function toggle(tag, byPointer = false) {
  current.toggle(tag);
  current.last = tag;
  draw();
  if (byPointer) leaveButton();
  announce(`${tag} ${current.has(tag) ? "chosen" : "taken away"}`);
}

// Back to the question after a click, so that Enter saves and does not press the button once more.
function leaveButton() {
  $("title").focus({ preventScroll: true });
}

function addTag(tag) {
  current.add(tag);
  draw();
  announce(`${tag} added`);
  $("add").focus();
}

function accept() {
  if (current.isHidden) {
    announce("Suggestions are hidden. Choose first, then press Enter to see them.");
    return;
  }
  current.chooseAllSuggested();
  save();
}

function saveOrReveal() {
  if (current.isHidden) {
    current.reveal();
    draw();
    announce("Suggestions are shown. Press Enter once more to save.");
  } else save();
}

function save() {
  const { question } = current;
  send({ path: `${questionPath(question)}/decision`, body: current.body(), says: "Saved" });
}

function skip() {
  send({ path: `${questionPath(current.question)}/skip`, body: {}, says: "Skipped" });
}

function send({ path, body, says }) {
  const id = newId();
  const { question } = current;
  made.push({ id, question, chosen: [...current.chosen] });
  forgetUnanswered();
  const { site, question_id, title } = question;
  const entry = { id, method: "POST", path, body: { request_id: id, ...body }, title };
  outbox.add({ ...entry, question: { site, question_id } }).then(
    () => showHistorySoon(),
    () => {},
  );
  announce(`${says}: ${question.title}.`);
  goOn();
}

async function undo() {
  if (undoing) return;
  undoing = true;
  try {
    await undoNewest();
  } catch (error) {
    toast(`Not taken back: ${error.message}`, "bad");
  } finally {
    undoing = false;
  }
}

async function undoNewest() {
  const newest = made.at(-1);
  if (newest && outbox.has(newest.id)) {
    await Promise.race([outbox.confirmed.get(newest.id)?.promise, pause(1200)]).catch(() => {});
  }
  if (newest && outbox.has(newest.id)) {
    neverKeep(newest.id);
    made.pop();
    standAgain(newest.question, newest.chosen);
    return;
  }
  if (!newest && outbox.newestDecision) {
    await undoUnsent(outbox.newestDecision);
    return;
  }
  const undone = await takeBackNewest();
  if (undone === null) {
    toast("There is nothing left to take back.");
    return;
  }
  showHistorySoon();
  if (undone.question_id == null) {
    made.splice(0);
    toast("The decision on many questions is taken back.");
    return;
  }
  const ours = newest?.question.site === undone.site && newest.question.question_id === undone.question_id;
  if (ours) made.pop();
  standAgain(await call("GET", questionPath(undone)), ours ? newest.chosen : null);
}

// What is not confirmed never leaves, or is undone as soon as it has arrived.
function neverKeep(id) {
  if (!outbox.withdraw(id)) outbox.undoOnceConfirmed(id);
}

// One that waits since before this page was loaded.
async function undoUnsent(entry) {
  neverKeep(entry.id);
  const verdicts = Object.entries(entry.body.verdicts ?? {});
  const chosen = verdicts.filter(([, verdict]) => verdict !== "rejected").map(([tag]) => tag);
  try {
    standAgain(await call("GET", questionPath(entry.question)), verdicts.length ? chosen : null);
  } catch (error) {
    toast(`Taken back: ${entry.title}. It cannot be shown: ${error.message}`);
  }
}

function standAgain(question, chosen) {
  if (current) queue.putBack(current.question);
  show(question, chosen);
  announce(`Taken back: ${question.title}`);
}

async function undoAction(action) {
  try {
    await takeBack(action.id);
    showHistorySoon();
    const id = action.summary?.question_id;
    if (id != null) standAgain(await call("GET", questionPath({ site: action.site, question_id: id })), null);
  } catch (error) {
    toast(`Not taken back: ${error.message}`, "bad");
  }
}

// ---- What else can be done with a question

function openNote() {
  $("note-text").value = "";
  $("note").showModal();
  $("note-text").focus();
}

function saveNote() {
  const text = $("note-text").value.trim();
  if (!text) return;
  const { question } = current;
  (question.notes ??= []).push({ reviewer, text, at: new Date().toISOString() });
  showQuestion(question);
  const entry = { id: newId(), method: "POST", path: `${questionPath(question)}/notes`, body: { text } };
  outbox.add({ ...entry, title: `the note on ${question.title}` });
  announce("The note is kept.");
}

async function edit() {
  const tags = current.tags();
  const copied = await copy(tags.join(" "));
  const link = current.question.edit_link || current.question.link;
  if (link) window.open(link, "_blank", "noopener,noreferrer");
  toast(copied ? `In the clipboard: ${tags.join(" ")}` : `The clipboard is shut. The tags: ${tags.join(" ")}`);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

async function askForSecondOpinion() {
  try {
    await call("POST", `${questionPath(current.question)}/second-opinion`, {});
    toast("Another reviewer will be asked for a second opinion.");
  } catch (error) {
    toast(`Not asked: ${error.message}`, "bad");
  }
}

// tag: the one that has the focus, or else the one that was pressed last.
async function block(tag = current.last) {
  if (!tag) {
    toast("Press the tag first, then x.");
    return;
  }
  const path = `/api/v1/sites/${encodeURIComponent(current.question.site)}/blocked-tags`;
  const decision = current;
  try {
    await call("POST", path, { tag });
  } catch (error) {
    toast(`Not done: ${error.message}`, "bad");
    return;
  }
  decision.block(tag);
  if (decision === current) draw();
  toast(`${tag} is never suggested again on ${decision.question.site}.`, "", "Undo", async () => {
    await call("DELETE", `${path}/${encodeURIComponent(tag)}`);
    decision.unblock(tag);
    if (decision === current) draw();
  });
}

function readBlind() {
  try {
    return localStorage.getItem("tagger-blind") === "yes";
  } catch {
    return false;
  }
}

function toggleBlind() {
  isBlind = !isBlind;
  try {
    localStorage.setItem("tagger-blind", isBlind ? "yes" : "no");
  } catch {
    // It holds for this page alone.
  }
  $("blind").setAttribute("aria-pressed", String(isBlind));
  if (!isBlind && current?.isHidden) show(current.question);
  const from = current ? "From the next question on, suggestions" : "Suggestions";
  if (isBlind && !current?.isHidden) toast(`${from} are hidden until you have chosen.`);
  else announce("Suggestions are shown.");
}

// ---- Keys

const ACTIONS = {
  a: accept,
  Enter: saveOrReveal,
  s: skip,
  n: openNote,
  e: edit,
  o: askForSecondOpinion,
  x: () => block(),
};
const ALWAYS = { u: undo, b: toggleBlind, "?": () => $("keys").showModal() };
const REPEATABLE = new Set(["u"]);

function act(key) {
  if (ALWAYS[key]) ALWAYS[key]();
  else if (current && ACTIONS[key]) ACTIONS[key]();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const target = event.target;
  if (target.closest("input, textarea, select, [contenteditable]")) return;
  // Enter on a button, a link or a heading that opens does what it says there.
  if (event.key === "Enter" && target.closest("button, a, summary")) return;
  if (event.repeat && !REPEATABLE.has(event.key)) return;
  if (/^[1-9]$/.test(event.key) && current) {
    const row = current.rows[Number(event.key) - 1];
    if (row) toggle(row.tag);
  } else if (event.key === "/" && current) {
    $("add").focus();
  } else if (event.key === "x" && current) {
    block(target.dataset.tag);
  } else if (ALWAYS[event.key] || ACTIONS[event.key]) {
    act(event.key);
  } else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-key]");
  if (!button) return;
  act(button.dataset.key);
  if (event.detail > 0 && current && !document.querySelector("dialog[open]")) leaveButton();
});

// ---- The queue's form

function queueQuery() {
  const values = new URLSearchParams(location.search);
  for (const name of ["site", "order"]) {
    if (!values.get(name)) values.set(name, $(name).value);
  }
  values.delete("filtered");
  for (const [name, value] of [...values]) if (!value) values.delete(name);
  return values;
}

function countFilters() {
  const count = [...query.keys()].filter((name) => name !== "site" && name !== "order").length;
  $("filter-count").textContent = count ? ` (${count})` : "";
}

$("queue").addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) $("queue").requestSubmit();
});
$("queue").addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

async function fillSavedFilters() {
  try {
    const select = $("saved-filter");
    const filters = await call("GET", "/api/v1/review/filters");
    for (const filter of filters) select.append(new Option(filter.name, filter.name));
    select.value = select.dataset.value;
  } catch {
    $("saved-filter").disabled = true;
  }
}

$("save-filter").addEventListener("click", () => {
  $("filter-name-text").value = $("saved-filter").value;
  $("filter-name").showModal();
});
$("filter-name").addEventListener("close", async () => {
  const name = $("filter-name-text").value.trim();
  if ($("filter-name").returnValue !== "save" || !name) return;
  const values = Object.fromEntries([...new FormData($("queue"))].filter(([, value]) => value));
  delete values.saved_filter;
  if (values.min_probability) values.min_probability = Number(values.min_probability);
  try {
    await call("PUT", `/api/v1/review/filters/${encodeURIComponent(name)}`, values);
    toast(`The filter ${name} is saved.`);
    if (![...$("saved-filter").options].some((option) => option.value === name)) {
      $("saved-filter").append(new Option(name, name));
    }
  } catch (error) {
    toast(`Not saved: ${error.message}`, "bad");
  }
});

// ---- What the reviewer is told

function announce(text) {
  $("announcer").textContent = text;
}

function toast(text, kind = "", label = "", action = null) {
  const note = document.createElement("div");
  note.className = `toast ${kind}`;
  note.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (action) {
    const button = document.createElement("button");
    button.textContent = label;
    button.addEventListener("click", () => {
      note.remove();
      action().catch((error) => toast(error.message, "bad"));
    });
    note.append(button);
  }
  $("toasts").replaceChildren(note);
  setTimeout(() => note.remove(), 8000);
}

function showSaveState(state, box) {
  const shown = $("save-state");
  shown.dataset.state = state;
  const several = box.size > 1 ? ` (${box.size})` : "";
  shown.textContent = SAVE_TEXTS[state] + (state === "saved" ? "" : several);
  if (state === "retrying") trouble(`The service does not answer. ${waits(box)}`);
  else if (state === "signed-out") {
    trouble(`You are signed out. ${waits(box)} `, linkTo("/login", "Log in in another window"));
  } else if (state === "failed") {
    const reasons = [...new Set(box.failures.map((entry) => `${entry.title}: ${entry.failed}`))];
    const again = buttonFor("Try again", () => outbox.retry());
    const discard = buttonFor("Discard", () => outbox.discardFailed());
    trouble(`Not saved: ${reasons.join("; ")} `, again, " ", discard);
  } else if (state === "saved") trouble(null);
}

function waits(box) {
  const decisions = box.size === 1 ? "1 decision is" : `${box.size} decisions are`;
  if (box.isInMemoryAlone) return `${decisions} in this page alone, since the browser's storage is full or shut: leave it open.`;
  return `${decisions} kept in this browser, and sent as soon as possible.`;
}

function showFetchTrouble(error) {
  if (outbox.size) return; // whose own line says it
  if (error === null) trouble(null);
  else if (error.status === 401) trouble("You are signed out. ", linkTo("/login", "Log in in another window"));
  else trouble(error.message);
}

function trouble(text, ...more) {
  const box = $("trouble");
  box.hidden = text === null;
  const key = `${text}${more.length}`;
  if (box.dataset.key === key) return; // not told once more, where a screen reader would say it
  box.dataset.key = key;
  box.replaceChildren(...(text === null ? [] : [text, ...more]));
}

function linkTo(address, text) {
  return Object.assign(document.createElement("a"), { href: address, target: "_blank", textContent: text });
}

function buttonFor(text, action) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  button.addEventListener("click", action);
  return button;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ---- What stands below

let historyTimer = 0;

function showHistorySoon() {
  clearTimeout(historyTimer);
  historyTimer = setTimeout(showHistory, 400);
}

async function showHistory() {
  try {
    const { actions } = await call("GET", "/api/v1/review/history");
    const shown = actions.slice(0, HISTORY_SHOWN);
    $("history-list").replaceChildren(...shown.map((action) => historyItem(action, undoAction)));
    $("history-empty").hidden = shown.length > 0;
  } catch {
    // It stays as it was; what keeps decisions from being saved is told elsewhere.
  }
  if ($("progress-frame").open) showProgress($("progress"), query.get("site"));
}

$("progress-frame").addEventListener("toggle", showHistory);

$("look-again").addEventListener("click", () => {
  queue.lookAgain();
  goOn();
});
$("note").addEventListener("close", () => {
  if ($("note").returnValue === "save") saveNote();
  $("note").returnValue = "";
});
$("note-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    $("note").close("save");
  }
});

$("blind").setAttribute("aria-pressed", String(isBlind));
countFilters();
outbox.start();
goOn();
fillSavedFilters();
showHistory();
