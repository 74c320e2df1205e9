// What reviews have come to: since the last training, in the last one, in blind mode, and between
// reviewers.

import { call } from "../api.js";

const MOST_PAIRS = 12;

export async function showProgress(box, site) {
  let found;
  try {
    found = await call("GET", `/api/v1/review/progress${site ? `?site=${encodeURIComponent(site)}` : ""}`);
  } catch {
    return; // it stays as it was
  }
  const facts = document.createElement("dl");
  facts.className = "facts";
  for (const [name, value] of factsOf(found, site)) {
    facts.append(made("dt", name), made("dd", value));
  }
  const pairs = found.kappa.slice(0, MOST_PAIRS);
  box.replaceChildren(facts, ...(pairs.length ? [agreement(pairs)] : []));
}

function* factsOf(found, site) {
  if (!site) yield ["Site", found.site]; // of all, the first one with a model
  const since = found.since_last_training;
  yield ["Since the last training", `${number(since)} ${since === 1 ? "verdict" : "verdicts"}; the next one learns from them`];
  const last = found.last_training_changed;
  if (last) {
    const what = `${number(last.corrected_questions)} of ${number(last.questions)} reviewed questions corrected: `;
    const tags = `${number(last.added_tags)} tags added, ${number(last.removed_tags)} taken away`;
    yield ["What they changed in the last", what + tags];
  }
  const { sighted, blind, difference, low, high } = found.anchoring;
  if (sighted.suggested) yield ["Suggestions taken", `${percent(sighted.share)} of ${number(sighted.suggested)} that were seen first`];
  if (blind.suggested) {
    yield ["In blind mode", `${percent(blind.share)} of ${number(blind.suggested)} were chosen before they were seen`];
    if (sighted.suggested) {
      yield ["Anchoring", `${points(difference)} points, between ${points(low)} and ${points(high)} (95%)`];
    }
  }
}

function agreement(pairs) {
  const frame = made("div");
  frame.className = "wide";
  const table = made("table");
  table.className = "data";
  const caption = made("caption", "Agreement of two reviewers: Cohen's κ, 1 for all alike, 0 for no more than chance");
  const head = made("tr");
  for (const name of ["Reviewers", "Tag", "Questions", "Alike", "κ"]) {
    const cell = made("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const rows = pairs.map((pair) => {
    const row = made("tr");
    const kappa = pair.kappa === null ? "–" : pair.kappa.toFixed(2);
    const cells = [pair.reviewers.join(", "), pair.tag ?? "all", number(pair.questions), percent(pair.agreement), kappa];
    row.append(...cells.map((text) => made("td", text)));
    return row;
  });
  const [thead, tbody] = [made("thead"), made("tbody")];
  thead.append(head);
  tbody.append(...rows);
  table.append(caption, thead, tbody);
  frame.append(table);
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Agreement of reviewers");
  return frame;
}

function made(name, text = "") {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

function number(count) {
  return count.toLocaleString("en");
}

function percent(share) {
  return `${Math.round(share * 100)}%`;
}

function points(share) {
  return (share > 0 ? "+" : "") + (share * 100).toFixed(1);
}
