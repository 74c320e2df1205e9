// What the same reviewer decides in another tab, or on another machine: nothing of it is replaced
// without a word.

import { questionPath } from "../api.js";
import { toast } from "./notices.js";

const $ = (id) => document.getElementById(id);

// A question was decided in another tab. One that stands here untouched gives way to the next.
// decision: what stands here, or null. goOn(): shows the next question.
export function giveWay(question, decision, goOn) {
  if (decision === null || questionPath(decision.question) !== questionPath(question)) return;
  if (decision.isChanged || $("add").value || document.querySelector("dialog[open]")) {
    toast("You have decided on this question in another tab. What you save here replaces that.");
    return;
  }
  toast(`Decided in another tab: ${decision.question.title}`);
  goOn();
}

// Tell of a decision that has replaced another one of the same reviewer, which the page had not
// shown. takeBack(): undoes it, so that the other one stands again.
export function tellReplaced(entry, answer, takeBack) {
  const { known, title } = entry;
  const replaced = answer?.replaced ?? {};
  if (known === undefined || !Object.keys(replaced).length) return;
  if (isSame(replaced, known) || isSame(replaced, entry.body.verdicts)) return;
  toast(`Saved in place of what you had decided in another window: ${title}`, "", "Undo", takeBack);
}

function isSame(one, other) {
  const tags = Object.keys(one);
  return tags.length === Object.keys(other).length && tags.every((tag) => one[tag] === other[tag]);
}
