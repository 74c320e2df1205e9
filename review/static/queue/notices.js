// What the reviewer is told: of what was done, of what is saved, and of trouble.

import { linkToLogin } from "../trouble.js";

const SAVE_TEXTS = {
  saved: "Saved",
  saving: "Saving …",
  retrying: "Not saved yet",
  "signed-out": "Not saved yet",
  failed: "Not saved",
};

const $ = (id) => document.getElementById(id);

export function announce(text) {
  $("announcer").textContent = text;
}

export function toast(text, kind = "", label = "", action = null) {
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
  for (const told of $("toasts").querySelectorAll(".bad, :scope > :not(:has(button))")) told.remove();
  $("toasts").append(note); // below what can still be taken back, or said again
  setTimeout(() => note.remove(), 8000);
}

export function showSaveState(state, box) {
  const shown = $("save-state");
  shown.dataset.state = state;
  const several = box.size > 1 ? ` (${box.size})` : "";
  shown.textContent = SAVE_TEXTS[state] + (state === "saved" ? "" : several);
  if (state === "retrying") trouble(`The service does not answer. ${waits(box)}`);
  else if (state === "signed-out") {
    trouble(`You are signed out. ${waits(box)} `, linkToLogin());
  } else if (state === "failed") {
    const reasons = [...new Set(box.failures.map((entry) => `${entry.title}: ${entry.failed}`))];
    const again = buttonFor("Try again", () => box.retry());
    const discard = buttonFor("Discard", () => box.discardFailed());
    trouble(`Not saved: ${reasons.join("; ")} `, again, " ", discard);
  } else if (state === "saved") trouble(null);
}

function waits(box) {
  const decisions = box.size === 1 ? "1 decision is" : `${box.size} decisions are`;
  if (box.isInMemoryAlone) return `${decisions} in this page alone, since the browser's storage is full or shut: leave it open.`;
  return `${decisions} kept in this browser, and sent as soon as possible.`;
}

// error: what keeps questions from coming, or null. box: the outbox.
export function showFetchTrouble(error, box) {
  if (box.size) return; // whose own line says it
  if (error === null) trouble(null);
  else if (error.status === 401) trouble("You are signed out. ", linkToLogin());
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

function buttonFor(text, action) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  button.addEventListener("click", action);
  return button;
}
