// A reviewer's decisions as lists show them.

import { minute } from "./times.js";

// One decision as a list item. onUndo(action): takes it back.
export function historyItem(action, onUndo) {
  const item = document.createElement("li");
  item.dataset.action = action.id;
  const { summary } = action;
  const what = document.createElement("div");
  what.className = "what";
  const title = action.kind === "bulk"
    ? text("span", describeMany(action))
    : link(`/browse/${encodeURIComponent(action.site)}/${summary.question_id}`, action.title_html, `Question ${summary.question_id}`);
  const verdicts = summary.verdicts ?? (summary.tag ? { [summary.tag]: summary.verdict } : {});
  what.append(title, " ", ...verdictTags(action.kind, verdicts));
  const when = document.createElement("time");
  when.className = "small muted number";
  when.dateTime = action.at;
  when.textContent = minute(action.at);
  const undone = Boolean(action.undone_at);
  item.classList.toggle("undone", undone);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = undone ? "Undone" : "Undo";
  button.disabled = undone;
  button.setAttribute("aria-label", `${button.textContent}: ${summary.title ?? describeMany(action)}`);
  button.addEventListener("click", () => onUndo(action));
  item.append(what, when, button);
  return item;
}

// A link to a question: by its title as HTML, which comes escaped from the service
// (review/render), or without one by other words.
export function link(address, titleHtml, otherwise) {
  const element = document.createElement("a");
  element.href = address;
  if (titleHtml) element.innerHTML = titleHtml;
  else element.textContent = otherwise;
  return element;
}

function text(name, content, className = "") {
  const element = document.createElement(name);
  element.textContent = content;
  if (className) element.className = className;
  return element;
}

function describeMany({ site, summary }) {
  return `${questions(summary.count)} of ${site}`;
}

export function questions(count) {
  return count === 1 ? "1 question" : `${count.toLocaleString("en")} questions`;
}

function verdictTags(kind, verdicts) {
  const tags = Object.entries(verdicts).map(([tag, verdict]) => {
    const sign = { accepted: "✓", added: "+", rejected: "✗" }[verdict];
    const element = text("span", `${sign} ${tag}`, `tag ${verdict === "rejected" ? "bad" : "good"}`);
    element.title = verdict;
    return element;
  });
  if (kind === "skip") tags.push(text("span", "skipped", "tag plain"));
  if (kind === "settle") tags.push(text("span", "settled", "tag plain"));
  return tags.flatMap((tag) => [tag, " "]);
}
