// The review: shows one question, takes what a reviewer decides of it, and shows the next.

import { call, newId, questionPath } from "../api.js";
import { showBelow, showHistorySoon } from "./below.js";
import { Completion } from "./completion.js";
import { Decision } from "./decision.js";
import { block, edit, hasAsked, listenToNotes, openNote, toggleSecondOpinion, withoutBlocked } from "./extras.js";
import { giveWay, tellReplaced } from "./elsewhere.js";
import { readQueue } from "./form.js";
import { listenToKeys } from "./keys.js";
import { announce, showFetchTrouble, showSaveState, toast } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Queue } from "./queue.js";
import { showQuestion, showTags } from "./stage.js";
import { forgetUnanswered, offerAgain, takeBack, takeBackNewest } from "./undo.js";

const REASONS_AFTER_MS = 250; // the model is asked of a question that somebody reads, not of each

const $ = (id) => document.getElementById(id);
const reviewer = $("review").dataset.reviewer;
const query = await readQueue();
const queue = new Queue(query, (error) => showFetchTrouble(error, outbox), (number) => {
  $("review").dataset.ready = number; // for whoever watches over the page
});
const outbox = new Outbox(reviewer, showSaveState, {
  onKept(entry, error) {
    toast(`Not taken back: ${entry.title}: ${error.message}`, "bad");
    showHistorySoon();
  },
  onSaved(entry, answer) {
    const { title } = entry;
    tellReplaced(entry, answer, () => undoAction({ id: answer.action_id, kind: "save", summary: { title } }));
  },
  onElsewhere(question) {
    queue.drop(question);
    giveWay(question, current, goOn);
  },
});
const completion = new Completion($("add"), $("completions"), {
  siteOf: () => current.question.site,
  onChoose: (tag) => addTag(tag),
  onLeave: () => leaveButton(),
});

let current = null; // the Decision on the screen
const made = []; // decisions of this page, the newest last: {id, question, chosen}
const stood = new Set(); // questions that stood on this page
const told = new Set(); // questions whose suggestions were shown: no first choice is blind to them
let undoing = false;
let isBlind = readBlind();

// ---- Questions

// A question that the address names comes before those of the queue, once: whoever reads its page
// can decide on it, again too. There its suggestions were seen.
async function begin() {
  const address = new URL(location.href);
  const number = address.searchParams.get("question");
  if (number === null) return goOn();
  address.searchParams.delete("question");
  history.replaceState(null, "", address);
  try {
    const question = await call("GET", questionPath({ site: query.get("site"), question_id: Number(number) }));
    told.add(questionPath(question));
    queue.standBefore(question);
    return show(question);
  } catch (error) {
    toast(error.message, "bad");
    return goOn();
  }
}

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
  stood.add(questionPath(question));
  if (question.own?.saved) told.add(questionPath(question));
  current = new Decision(withoutBlocked(question), { blind: isBlind && !told.has(questionPath(question)), chosen });
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
  $("second-opinion").setAttribute("aria-pressed", String(hasAsked(current.question)));
}

// The words that speak for a suggestion, where the service can say them.
async function showReasons(decision) {
  await pause(REASONS_AFTER_MS);
  if (decision !== current) return;
  try {
    const reasons = await call("GET", `${questionPath(decision.question)}/reasons`);
    decision.reasons = new Map(Object.entries(reasons.reasons));
    if (decision === current) draw();
  } catch {
    decision.reasons = new Map();
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
  const known = question.own?.verdicts ?? {};
  outbox.add({ ...entry, known, question: { site, question_id } }).then(
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
  if (undone.action.kind === "bulk") {
    made.splice(0);
    offerAgain(undone.action, showHistorySoon);
    return;
  }
  const ours = newest?.question.site === undone.site && newest.question.question_id === undone.question_id;
  if (ours) made.pop();
  await fetchAgain(undone, undone.action.summary.title, ours ? newest.chosen : null);
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
  await fetchAgain(entry.question, entry.title, verdicts.length ? chosen : null);
}

// Of what is taken back, the question may be gone by now, or the network.
async function fetchAgain(question, title, chosen) {
  try {
    standAgain(await call("GET", questionPath(question)), chosen);
  } catch (error) {
    toast(`Taken back, but it cannot be shown: ${title}: ${error.message}`);
  }
}

function standAgain(question, chosen) {
  // Of one that was decided before this page was loaded, the suggestions may have been seen.
  if (!stood.has(questionPath(question))) told.add(questionPath(question));
  if (current) queue.putBack(current.question);
  show(question, chosen);
  announce(`Taken back: ${question.title}`);
}

async function undoAction(action) {
  try {
    const undone = await takeBack(action.id);
    showHistorySoon();
    if (action.kind === "bulk") offerAgain(action, showHistorySoon);
    else await fetchAgain(undone, action.summary.title, null);
  } catch (error) {
    toast(`Not taken back: ${error.message}`, "bad");
  }
}

function saveNote(text) {
  const { question } = current;
  (question.notes ??= []).push({ reviewer, text, at: new Date().toISOString() });
  showQuestion(question);
  const entry = { id: newId(), method: "POST", path: `${questionPath(question)}/notes`, body: { text } };
  outbox.add({ ...entry, title: `the note on ${question.title}` });
  announce("The note is kept.");
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
  toast(isBlind && !current?.isHidden ? `${from} are hidden until you have chosen.` : "Suggestions are shown.");
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ---- Keys

const actions = {
  a: accept,
  Enter: saveOrReveal,
  s: skip,
  n: openNote,
  e: () => edit(current),
  o: () => toggleSecondOpinion(current, redrawing(current)),
  x: (focused) => block(current, redrawing(current), focused?.dataset.tag),
  "/": () => $("add").focus(),
};
for (let number = 1; number <= 9; number += 1) actions[number] = () => toggleRow(number - 1);

function toggleRow(index) {
  const row = current.rows[index];
  if (row) toggle(row.tag);
}

// What draws a decision as it is then, if it stands on the screen still.
function redrawing(decision) {
  return () => decision === current && draw();
}

listenToKeys({
  actions,
  always: { u: undo, b: toggleBlind, "?": () => $("keys").showModal() },
  isReady: () => current !== null,
  onClicked: () => current && leaveButton(),
});
listenToNotes(saveNote);
$("look-again").addEventListener("click", () => {
  queue.lookAgain();
  goOn();
});

$("blind").setAttribute("aria-pressed", String(isBlind));
outbox.start();
begin();
showBelow(query.get("site"), undoAction);
