// Taking back what the server has: by the action's number, so that asking again does no harm.

import { questions } from "../actions.js";
import { call, newId } from "../api.js";
import { toast } from "./notices.js";

const PAUSES_MS = [500, 1000, 2000];

let unanswered = null; // the action of which nobody knows whether it is taken back

// Take back the newest action that stands; returns the API's answer, or null where there is none.
// One whose answer was lost is asked for again first: the next one is the one before.
export async function takeBackNewest() {
  const id = unanswered ?? (await newestAction());
  return id === null ? null : takeBack(id);
}

// Take back one action. No answer: it is asked for some times more.
export async function takeBack(id) {
  unanswered = id;
  for (const ms of [...PAUSES_MS, null]) {
    try {
      const undone = await call("POST", `/api/v1/review/actions/${id}/undo`, {});
      unanswered = null;
      return undone;
    } catch (error) {
      if (error.status !== 0) unanswered = null;
      if (error.status !== 0 || ms === null) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

// Something else was decided meanwhile, which is the newest now.
export function forgetUnanswered() {
  unanswered = null;
}

// Tell that a verdict on many questions is taken back, and let it be said again: of all that match
// its filter by then. onSaid(): it is, or nobody knows.
export function offerAgain({ summary: { filter, tag, verdict, count } }, onSaid) {
  const request = { filter, tag, verdict, request_id: newId() }; // sent twice, it does nothing twice
  async function say() {
    try {
      const again = await call("POST", "/api/v1/review/bulk", request);
      toast(`${tag} is ${verdict} on ${questions(again.count)}.`);
    } catch (error) {
      toast(`Not said again: ${error.message}`, "bad", "Try again", say);
    }
    onSaid();
  }
  toast(`Taken back: ${tag} is no longer ${verdict} on ${questions(count)}.`, "", "Say it again", say);
}

async function newestAction() {
  let query = "";
  for (;;) {
    const page = await call("GET", `/api/v1/review/history${query}`);
    const newest = page.actions.find((action) => !action.undone_at);
    if (newest) return newest.id;
    if (page.cursor === null) return null;
    query = `?cursor=${page.cursor}`;
  }
}
