// Draws a question and its tags.

import { day } from "../times.js";

const MOST_TAGS = 5; // that a site takes
const IMPROBABLE = 0.05; // an author's tag below it is one that the model disputes
const PROBABLE = 0.8; // a missing tag above it

const $ = (id) => document.getElementById(id);

function element(name, className = "", content = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content) made.textContent = content;
  return made;
}

export function showQuestion(question) {
  // These two come sanitised from the service (review/render); all else is set as text.
  if (question.title_html) $("title").innerHTML = question.title_html;
  else $("title").textContent = question.title;
  $("body").innerHTML = question.body_html;
  document.title = `${question.title} · Question Tagger`;
  $("meta").replaceChildren(...metaParts(question));
  showConflict(question);
  showNotes(question.notes ?? []);
}

function metaParts(question) {
  const parts = [];
  if (question.link) {
    const link = element("a", "", `${question.site} ${question.question_id}`);
    Object.assign(link, { href: question.link, target: "_blank", rel: "noreferrer noopener" });
    parts.push(link);
  } else parts.push(`${question.site} ${question.question_id}`);
  if (question.owner) parts.push(` · ${question.owner}`);
  if (question.created_at) parts.push(` · ${day(question.created_at)}`);
  if (question.licence) parts.push(` · ${question.licence}`);
  return parts;
}

function showConflict(question) {
  const box = $("conflict");
  box.hidden = !question.conflict;
  box.textContent = question.conflict ? "Reviewers disagree on the tags that are marked as disputed. What you save settles it." : "";
  const others = $("others");
  others.hidden = !question.others?.length;
  others.replaceChildren(...(question.others ?? []).map(otherVerdicts));
}

function otherVerdicts(other) {
  const line = element("p");
  line.append(element("strong", "", other.reviewer), ": ");
  for (const [tag, verdict] of Object.entries(other.verdicts)) {
    line.append(element("span", `tag ${verdict === "rejected" ? "bad" : "good"}`, `${verdict === "rejected" ? "✗" : "✓"} ${tag}`), " ");
  }
  return line;
}

function showNotes(notes) {
  $("notes").hidden = !notes.length;
  $("notes").replaceChildren(
    ...notes.map((note) => {
      const line = element("p", "small");
      line.append(element("strong", "", note.reviewer), `: ${note.text}`);
      return line;
    }),
  );
}

// onToggle(tag, byPointer): a tag was pressed, by mouse or finger or by a key.
export function showTags(decision, { onToggle }) {
  const focused = document.activeElement?.dataset?.tag;
  const count = decision.chosen.size;
  $("tag-count").textContent = `${count} chosen${count > MOST_TAGS ? `; a site takes ${MOST_TAGS}` : ""}`;
  $("tag-count").classList.toggle("too-many", count > MOST_TAGS);
  $("author-tags").replaceChildren("Author's: ", ...authorTags(decision));
  $("blind-notice").hidden = !decision.isHidden;
  $("suggestions").replaceChildren(...decision.rows.map((row, index) => tagRow(decision, row, index, onToggle)));
  document.querySelector('[data-key="a"]').disabled = decision.isHidden;
  $("save-label").textContent = decision.isHidden ? "Show" : "Save";
  if (focused) document.querySelector(`#suggestions [data-tag="${CSS.escape(focused)}"]`)?.focus();
}

function authorTags(decision) {
  if (!decision.author.length) return ["none"];
  return decision.author.flatMap((tag) => [element("span", "tag plain", tag), " "]);
}

function tagRow(decision, { tag, prediction }, index, onToggle) {
  const row = element("li");
  const button = element("button", "suggestion");
  button.type = "button";
  button.dataset.tag = tag;
  button.setAttribute("aria-pressed", String(decision.has(tag)));
  button.classList.toggle("below", !prediction?.suggested);
  const marks = element("span", "marks");
  for (const [kind, text] of marksOf(decision, tag, prediction)) marks.append(element("span", `tag ${kind}`, text));
  button.append(mark(), element("span", "name", tag), marks, ...probabilityParts(prediction), keyFor(button, index));
  button.addEventListener("click", (event) => onToggle(tag, event.detail > 0));
  row.append(button);
  if (prediction?.suggested) row.append(reasonLine(decision.reasons.get(tag) ?? []));
  return row;
}

// [kind, text] of what is to be known about a tag: whose it is, and whether the model disputes it.
function* marksOf(decision, tag, prediction) {
  const byAuthor = decision.author.includes(tag);
  const isDisputed = !decision.isHidden && decision.disputed.includes(tag);
  if (isDisputed) yield ["warn", "disputed"];
  if (byAuthor) {
    const disputed = prediction && prediction.probability < IMPROBABLE;
    yield disputed ? ["warn", "author's, improbable"] : ["plain", "author's"];
  } else if (prediction?.suggested && prediction.probability >= PROBABLE) yield ["warn", "missing"];
  else if (!prediction && !isDisputed) yield ["plain", "yours"];
  if (decision.blocked.has(tag)) yield ["bad", "no tag here"];
}

function probabilityParts(prediction) {
  const bar = element("span", "bar");
  if (!prediction) {
    bar.classList.add("none");
    return [bar, element("span", "percent")];
  }
  const fill = element("span", "fill");
  fill.style.width = `${Math.round(prediction.probability * 100)}%`;
  bar.append(fill);
  return [bar, element("span", "percent number", percent(prediction.probability))];
}

function keyFor(button, index) {
  const key = element("kbd", index < 9 ? "" : "none", index < 9 ? String(index + 1) : "");
  key.setAttribute("aria-hidden", "true");
  if (index < 9) button.setAttribute("aria-keyshortcuts", String(index + 1));
  return key;
}

// The words that speak for a tag. They come later: the line stands there before, or what is below
// would move while somebody aims at it.
function reasonLine(words) {
  const text = words.length ? `by ${words.map(({ word }) => word).join(", ")}` : "";
  return Object.assign(element("p", "reasons small muted", text), { title: text });
}

function mark() {
  const box = element("span", "mark");
  box.setAttribute("aria-hidden", "true");
  return box;
}

function percent(probability) {
  const share = probability * 100;
  return share >= 99.5 && share < 100 ? ">99%" : share > 0 && share < 0.5 ? "<1%" : `${Math.round(share)}%`;
}
