// What else can be done with a question: a note, its edit page, a second opinion, blocking a tag.

import { call, questionPath } from "../api.js";
import { toast } from "./notices.js";

const $ = (id) => document.getElementById(id);
const blocked = new Set(); // site and tag of what was blocked on this page
const ASKED = `tagger-asked:${$("review").dataset.reviewer}`; // in the storage of this tab
const asked = readAsked(); // questions for which this tab asked for a second opinion
const unanswered = new Set(); // those for which it may have: the answer was lost
const toggling = new Set(); // those whose answer is on its way

export function openNote() {
  $("note-text").value = "";
  $("note").showModal();
  $("note-text").focus();
}

// onNote(text): a note is to be kept.
export function listenToNotes(onNote) {
  $("note").addEventListener("close", () => {
    const text = $("note-text").value.trim();
    if ($("note").returnValue === "save" && text) onNote(text);
    $("note").returnValue = "";
  });
  $("note-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      $("note").close("save");
    }
  });
}

// Open the question's edit page on its site, with the tags in the clipboard.
export async function edit(decision) {
  const tags = decision.tags();
  const copied = await copy(tags.join(" "));
  const link = decision.question.edit_link || decision.question.link;
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

// Ask for a second opinion, or take that back where this tab has asked for it.
// draw(): shows which it is.
export async function toggleSecondOpinion({ question }, draw) {
  const path = questionPath(question);
  if (toggling.has(path)) return;
  toggling.add(path);
  try {
    if (hasAsked(question)) {
      await call("DELETE", `${path}/second-opinion`);
      asked.delete(path);
      toast("No second opinion is asked for any more.");
    } else {
      const { is_new: isNew, wanted_reviews: wanted } = await call("POST", `${path}/second-opinion`, {});
      question.wanted_reviews = wanted;
      const isOurs = unanswered.delete(path) || isNew;
      if (isOurs) asked.add(path);
      toast(isOurs ? "Another reviewer will be asked, too. Second opinion once more takes that back." : "A second opinion is asked for already.");
    }
  } catch (error) {
    if (error.status === 409) asked.delete(path); // it has been given
    if (error.status === 0 && !asked.has(path)) unanswered.add(path);
    toast(`Not done: ${error.message}`, "bad");
  }
  keepAsked();
  toggling.delete(path);
  draw();
}

// Whether this tab has asked for a second opinion that nobody has given, as far as the page knows.
export function hasAsked(question) {
  const others = question.reviews - (question.own.saved ? 1 : 0);
  return asked.has(questionPath(question)) && question.wanted_reviews > others + 1;
}

function readAsked() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(ASKED)));
  } catch {
    return new Set(); // storage is shut
  }
}

function keepAsked() {
  try {
    sessionStorage.setItem(ASKED, JSON.stringify([...asked]));
  } catch {
    // It holds for this page alone.
  }
}

function nameOf(site, tag) {
  return `${site} ${tag}`; // neither holds a space
}

// A question as the service would give it now: it may have been fetched before a tag was blocked.
export function withoutBlocked(question) {
  const suggestions = question.suggestions.filter(({ tag }) => !blocked.has(nameOf(question.site, tag)));
  return { ...question, suggestions };
}

// Let a tag never be suggested at the question's site again.
// tag: the one that has the focus, or else the one that was pressed last.
// draw(): shows the decision as it is now.
export async function block(decision, draw, tag = decision.last) {
  if (!tag) {
    toast("Press the tag first, then x.");
    return;
  }
  const { site } = decision.question;
  const path = `/api/v1/sites/${encodeURIComponent(site)}/blocked-tags`;
  try {
    await call("POST", path, { tag });
  } catch (error) {
    toast(`Not done: ${error.message}`, "bad");
    return;
  }
  blocked.add(nameOf(site, tag));
  decision.block(tag);
  draw();
  toast(`${tag} is never suggested again on ${site}.`, "", "Undo", async () => {
    await call("DELETE", `${path}/${encodeURIComponent(tag)}`);
    blocked.delete(nameOf(site, tag));
    decision.unblock(tag);
    draw();
  });
}
