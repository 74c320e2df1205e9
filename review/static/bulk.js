// One verdict on all questions of a filter: a preview with the count, then the verdict, then undo.

import { link, questions } from "./actions.js";
import { call, newId } from "./api.js";
import { attempt } from "./trouble.js";

const $ = (id) => document.getElementById(id);
const VERBS = { accepted: "Accept", rejected: "Reject" };
let previewed = null; // what was previewed, which alone is said

function read() {
  const values = new FormData($("bulk"));
  const tag = values.get("tag").trim();
  const filter = { site: values.get("site"), [$("where").value]: tag };
  if (values.get("q").trim()) filter.q = values.get("q").trim();
  if (values.get("author")?.trim()) filter.author = values.get("author").trim(); // null where it is shut
  if (values.get("min_probability")) filter.min_probability = Number(values.get("min_probability"));
  return { filter, tag, verdict: values.get("verdict") };
}

// A filter names one tag of the author's: where that is the verdict's tag, there is no other. And
// there a probability would be that of any suggested tag, not of this one.
function shutFields() {
  for (const id of ["author", "min_probability"]) $(id).disabled = $("where").value === "author";
}

async function preview(event) {
  event.preventDefault();
  const asked = read();
  const found = await attempt($("trouble"), () => call("POST", "/api/v1/review/bulk/preview", asked));
  if (!found) return;
  previewed = { ...asked, tag: found.tag, request_id: newId() }; // as the site writes it
  $("done").hidden = true;
  $("preview").hidden = false;
  $("count").textContent = found.too_many // of which the count is one more than may be
    ? `More than ${questions(found.count - 1)}: too many at once, narrow the filter`
    : questions(found.count);
  $("say").textContent = `${VERBS[asked.verdict]} ${found.tag} on ${questions(found.count)}`;
  $("say").hidden = !found.count || found.too_many;
  $("first").hidden = !found.questions.length;
  $("first").replaceChildren(...found.questions.map((question) => item(question, previewed)));
  $("count").focus();
}

function item(question, { filter, tag }) {
  const line = document.createElement("li");
  const what = document.createElement("div");
  what.className = "what";
  const address = `/browse/${encodeURIComponent(filter.site)}/${question.question_id}`;
  what.append(link(address, question.title_html, `Question ${question.question_id}`), " ", ...tags(question, tag));
  line.append(what);
  return line;
}

function* tags(question, asked) {
  for (const { tag, probability, suggested } of question.suggestions) {
    if (!suggested && tag !== asked) continue;
    const shown = document.createElement("span");
    shown.className = `tag ${tag === asked ? "warn" : "plain"}`;
    shown.textContent = `${tag} ${Math.round(probability * 100)}%`;
    yield shown;
    yield " ";
  }
}

async function say() {
  $("say").disabled = true;
  const said = previewed; // another preview may come before the answer
  const saved = await attempt($("trouble"), () => call("POST", "/api/v1/review/bulk", said));
  $("say").disabled = false;
  if (!saved) return; // said once more, the same request does nothing twice
  const { verdict, tag } = said;
  if (said === previewed) $("preview").hidden = true;
  const undo = Object.assign(document.createElement("button"), { type: "button", textContent: "Undo" });
  undo.addEventListener("click", () => takeBack(saved.action_id));
  $("done").replaceChildren(`${tag} is ${verdict} on ${questions(saved.count)}. `, undo);
  $("done").hidden = false;
  undo.focus();
}

async function takeBack(action) {
  const undone = await attempt($("trouble"), () => call("POST", `/api/v1/review/actions/${action}/undo`, {}));
  if (undone) $("done").replaceChildren("Taken back: all of them stand as they stood before.");
}

$("where").addEventListener("change", shutFields);
shutFields(); // a browser may bring back what was chosen before
$("bulk").addEventListener("submit", preview);
$("say").addEventListener("click", say);
