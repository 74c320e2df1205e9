// What a reviewer has decided, the newest first, each of which can be taken back.

import { historyItem } from "./actions.js";
import { call } from "./api.js";
import { attempt } from "./trouble.js";

const $ = (id) => document.getElementById(id);
let cursor = null;

async function showOlder() {
  if ($("more").ariaBusy === "true") return; // it would show the same ones twice
  $("more").ariaBusy = "true"; // disabled, it would lose the focus
  await attempt($("trouble"), async () => {
    const query = cursor === null ? "" : `?cursor=${cursor}`;
    const page = await call("GET", `/api/v1/review/history${query}`);
    $("history-list").append(...page.actions.map((action) => historyItem(action, undo)));
    cursor = page.cursor;
    $("more").hidden = cursor === null;
    $("history-list").hidden = !$("history-list").children.length;
    $("history-empty").hidden = $("history-list").children.length > 0;
  });
  $("more").ariaBusy = null;
}

async function undo(action) {
  await attempt($("trouble"), async () => {
    const { action: undone } = await call("POST", `/api/v1/review/actions/${action.id}/undo`, {});
    $("history-list").querySelector(`[data-action="${action.id}"]`).replaceWith(historyItem(undone, undo));
    $("announcer").textContent = "Undone.";
  });
}

$("more").addEventListener("click", showOlder);
showOlder();
