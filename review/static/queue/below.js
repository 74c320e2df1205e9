// What stands below the question: the last decisions, and what reviews have come to.

import { historyItem } from "../actions.js";
import { call } from "../api.js";
import { showProgress } from "./progress.js";

const HISTORY_SHOWN = 8;
const SOON_MS = 400;

const $ = (id) => document.getElementById(id);
let timer = 0;
let site = null;
let onUndo = null;

// takeBack(action): undoes one of the decisions.
export function showBelow(shownSite, takeBack) {
  site = shownSite;
  onUndo = takeBack;
  $("progress-frame").addEventListener("toggle", showHistory);
  showHistory();
}

export function showHistorySoon() {
  clearTimeout(timer);
  timer = setTimeout(showHistory, SOON_MS);
}

async function showHistory() {
  try {
    const { actions } = await call("GET", `/api/v1/review/history?limit=${HISTORY_SHOWN}`);
    $("history-list").replaceChildren(...actions.map((action) => historyItem(action, onUndo)));
    $("history-empty").hidden = actions.length > 0;
  } catch {
    // It stays as it was; what keeps decisions from being saved is told elsewhere.
  }
  if ($("progress-frame").open) showProgress($("progress"), site);
}
