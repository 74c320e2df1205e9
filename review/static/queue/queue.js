// The questions to come: some are fetched while somebody reads, so that the next one stands
// at once.

import { ApiError, call } from "../api.js";

const AHEAD = 3;
const MOST_SKIPPED = 60; // ids that a request names
const PAUSE_MS = 1500;
const KEPT_MS = 8 * 60 * 1000; // the service keeps a question for its reviewer for ten minutes

function idOf(question) {
  return `${question.site}:${question.question_id}`; // two sites may have the same number
}

export class Queue {
  // query: URLSearchParams of the queue. onTrouble(error or null): what keeps it from going on.
  // onReady(number): how many questions are here.
  constructor(query, onTrouble, onReady) {
    this.onReady = onReady;
    this.query = new URLSearchParams(query);
    this.given = query;
    this.onTrouble = onTrouble;
    this.ready = []; // {question, at}
    this.seen = []; // site:number of questions that stood on the screen, the newest last
    this.fetching = null;
    this.isEmpty = false;
    this.wake = () => {};
  }

  // The next question, or null where nothing is left.
  async next() {
    for (;;) {
      const question = this.take();
      if (question) return question;
      this.#fill();
      if (this.fetching) await this.fetching;
      else if (this.isEmpty) return null;
    }
  }

  // The next question where it is here already, or undefined.
  take() {
    this.ready = this.ready.filter(({ at }) => Date.now() - at < KEPT_MS);
    const question = this.ready.shift()?.question;
    if (question) {
      this.#remember(question);
      this.onReady(this.ready.length);
      this.#fill();
    }
    return question;
  }

  // Put a question in front, such as the one that stood while another was taken back.
  putBack(question) {
    this.ready.unshift({ question, at: Date.now() });
  }

  // A question that came otherwise stands on the screen; meanwhile some of this queue are fetched.
  standBefore(question) {
    this.#remember(question);
    this.#fill();
  }

  // It was decided elsewhere; the service may not know yet.
  drop(question) {
    this.ready = this.ready.filter((one) => idOf(one.question) !== idOf(question));
    this.#remember(question);
    this.onReady(this.ready.length);
    this.#fill();
  }

  lookAgain() {
    this.isEmpty = false;
    this.query = new URLSearchParams(this.given);
    this.seen = [];
    this.wake();
  }

  #remember(question) {
    const id = idOf(question);
    this.seen = [...this.seen.filter((one) => one !== id), id].slice(-MOST_SKIPPED);
  }

  // Behind the most uncertain come those that are too new for anybody to know how uncertain.
  #end() {
    if (this.query.get("order") === "uncertain") this.query.set("order", "newest");
    else this.isEmpty = true;
  }

  #fill() {
    if (this.fetching || this.isEmpty || this.ready.length >= AHEAD) return;
    this.fetching = this.#fetch().finally(() => {
      this.fetching = null;
      this.#fill();
    });
  }

  async #fetch() {
    const query = new URLSearchParams(this.query);
    for (const id of [...this.ready.map(({ question }) => idOf(question)), ...this.seen]) query.append("skip_ids", id);
    try {
      const question = await call("GET", `/api/v1/review/next?${query}`);
      this.onTrouble(null);
      if (question === null) this.#end();
      else if (!this.seen.includes(idOf(question))) this.ready.push({ question, at: Date.now() }); // or dropped meanwhile
      this.onReady(this.ready.length);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.onTrouble(error);
      if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429) {
        this.isEmpty = true; // a filter that cannot be
        return;
      }
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, PAUSE_MS);
      });
    }
  }
}
