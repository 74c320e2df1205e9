// Decisions on their way to the server. Each is kept in the browser's storage until the server has
// confirmed it: through a lost network, a restarted server, an ended session and a closed page.
// Sending one twice does no harm, since the server knows its request id. Pages of one browser share
// the storage: what one of them takes back, another does not send, and each hears of what the others
// decide.

import { call, renewSession } from "../api.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10000;
const SESSION_PAUSE_MS = 3000;

export class Outbox {
  // States that `onChange(state, outbox)` is told: saved, saving, retrying, signed-out, failed.
  // onKept(entry, error): what was to be undone stands, since the server refuses to undo it.
  // onSaved(entry, answer): it stands. onElsewhere(question): another page has decided on it.
  constructor(reviewer, onChange, { onKept, onSaved, onElsewhere }) {
    Object.assign(this, { onKept, onSaved });
    this.prefix = `tagger-outbox:${reviewer}:`;
    this.reviewer = reviewer;
    this.onChange = onChange;
    this.waiting = new Map(); // request id → entry, in the order of their making
    this.confirmed = new Map(); // request id → what settles its promise
    this.state = "saved";
    this.running = false;
    this.wake = () => {};
    this.#load();
    addEventListener("online", () => this.wake());
    addEventListener("focus", () => this.wake());
    addEventListener("storage", ({ key, oldValue, newValue }) => {
      const isOwn = key?.startsWith(this.prefix) && !key.slice(this.prefix.length).includes(":"); // not of ann:bob for ann
      const isNew = isOwn && oldValue === null && newValue !== null;
      const question = isNew && parse(newValue)?.question;
      if (question) onElsewhere(question);
    });
    addEventListener("beforeunload", (event) => {
      if (this.isInMemoryAlone) event.preventDefault(); // the browser asks whether to leave
    });
  }

  // Take a change; returns the promise of the server's answer.
  add(entry) {
    const kept = { ...entry, made: Date.now(), tries: 0, failed: null };
    this.waiting.set(kept.id, kept);
    this.#keep(kept);
    let settle;
    const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
    promise.catch(() => {}); // whoever wants to know asks
    this.confirmed.set(kept.id, { ...settle, promise });
    this.start();
    return promise;
  }

  // The newest decision that waits and is not to be undone, whichever page has made it.
  get newestDecision() {
    const decisions = [...this.waiting.values()].filter((entry) => entry.question && !entry.thenUndo);
    return decisions.at(-1);
  }

  // Take one back that was never sent, or was refused; false where it may have arrived.
  withdraw(id) {
    const entry = this.waiting.get(id);
    if (!entry || (Math.max(entry.tries, this.#read(id)?.tries ?? 0) > 0 && !entry.failed)) return false;
    this.#drop(entry);
    this.#tell();
    return true;
  }

  // Let what was sent, and is not confirmed, be undone as soon as it is.
  undoOnceConfirmed(id) {
    const entry = this.waiting.get(id);
    if (!entry) return false;
    entry.thenUndo = true;
    this.#keep(entry);
    return true;
  }

  has(id) {
    return this.waiting.has(id);
  }

  get size() {
    return this.waiting.size;
  }

  // Whether something waits that would be lost with this page.
  get isInMemoryAlone() {
    return [...this.waiting.values()].some((entry) => entry.isUnkept);
  }

  get failures() {
    return [...this.waiting.values()].filter((entry) => entry.failed);
  }

  retry() {
    for (const entry of this.waiting.values()) entry.failed = null;
    this.start();
    this.wake();
  }

  discardFailed() {
    for (const entry of this.failures) this.#drop(entry);
    this.#tell();
  }

  start() {
    if (!this.running) {
      this.running = true;
      this.#run().finally(() => {
        this.running = false;
        this.#tell();
      });
    }
  }

  async #run() {
    let pause = FIRST_PAUSE_MS;
    let renewedFor = null; // the entry that was refused and is tried again with a renewed session
    for (;;) {
      const entry = [...this.waiting.values()].find((one) => !one.failed);
      if (!entry) return;
      this.#tell(this.state === "retrying" ? "retrying" : "saving");
      try {
        await this.#alone(() => this.#send(entry));
        pause = FIRST_PAUSE_MS;
        renewedFor = null;
        this.state = "saving";
      } catch (error) {
        const wasRenewed = renewedFor === entry;
        renewedFor = null;
        if (error.status === 401 || (error.status === 403 && !wasRenewed)) {
          await this.#waitForSession();
          renewedFor = entry; // refused at once again, it is no matter of the session
        } else if (error.status === 0 || error.status === 429 || error.status >= 500) {
          this.#tell("retrying");
          await this.#sleep(pause);
          pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        } else {
          entry.failed = error.message;
          this.#keep(entry);
          this.confirmed.get(entry.id)?.reject(error);
        }
      }
    }
  }

  // One page sends at a time, where the browser can arrange it: not on plain http, nor with storage shut.
  async #alone(action) {
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
      return action();
    };
    try {
      await navigator.locks.request(this.prefix, begin);
    } catch (error) {
      if (hasBegun) throw error;
      await action();
    }
  }

  async #send(entry) {
    if (!this.waiting.has(entry.id)) return; // taken back meanwhile
    if (!entry.isUnkept && !this.#read(entry.id)) {
      this.#settle(entry, null); // another page has sent it, or taken it back
      return;
    }
    entry.tries += 1;
    this.#keep(entry);
    const answer = await call(entry.method, entry.path, entry.body);
    if (answer?.action_id && this.#isToBeUndone(entry)) await this.#undo(entry, answer.action_id);
    else this.onSaved(entry, answer);
    this.#settle(entry, answer);
  }

  async #undo(entry, action) {
    try {
      await call("POST", `/api/v1/review/actions/${action}/undo`, {});
    } catch (error) {
      if (error.status === 409) this.onKept(entry, error);
      else if (error.status !== 404) throw error;
    }
  }

  #isToBeUndone(entry) {
    return entry.thenUndo || this.#read(entry.id)?.thenUndo;
  }

  #settle(entry, answer) {
    this.#drop(entry);
    this.confirmed.get(entry.id)?.resolve(answer);
    this.confirmed.delete(entry.id);
  }

  // The session has ended, or is another one by now: go on as soon as the same person is back.
  async #waitForSession() {
    while (!(await renewSession(this.reviewer))) {
      this.#tell("signed-out");
      await this.#sleep(SESSION_PAUSE_MS);
    }
  }

  #sleep(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tell(state) {
    this.state = state ?? (this.failures.length ? "failed" : this.size ? this.state : "saved");
    this.onChange(this.state, this);
  }

  #keep(entry) {
    entry.thenUndo = this.#isToBeUndone(entry);
    try {
      localStorage.setItem(this.prefix + entry.id, JSON.stringify({ ...entry, isUnkept: undefined }));
      entry.isUnkept = false;
    } catch {
      entry.isUnkept = true; // storage is full or shut: what is in memory is sent all the same
    }
  }

  #read(id) {
    try {
      return parse(localStorage.getItem(this.prefix + id));
    } catch {
      return null; // storage is shut
    }
  }

  #drop(entry) {
    this.waiting.delete(entry.id);
    try {
      localStorage.removeItem(this.prefix + entry.id);
    } catch {
      // as above
    }
  }

  #load() {
    // Another reviewer's name may begin like this one's with its colon; no id holds one.
    const ids = this.#names().filter((name) => name.startsWith(this.prefix)).map((name) => name.slice(this.prefix.length));
    const found = ids.filter((id) => !id.includes(":")).map((id) => this.#read(id));
    // Another page may have dropped one since, or somebody else have left there what is no entry.
    const entries = found.filter((entry) => entry?.id && ids.includes(entry.id));
    for (const entry of entries.sort((one, other) => one.made - other.made)) this.waiting.set(entry.id, entry);
  }

  #names() {
    try {
      return Object.keys(localStorage);
    } catch {
      return []; // storage is shut
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // somebody else has left there what is no entry
  }
}
