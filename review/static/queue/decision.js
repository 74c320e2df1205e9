// What a reviewer makes of a question: which tags it is to have.

const LEAST_SHOWN = 5; // suggestions, however improbable
const LEAST_PROBABLE = 0.01; // of those beyond

export class Decision {
  #predictions;

  // blind: suggestions are hidden until a first choice. chosen: as it was before it was taken back.
  constructor(question, { blind = false, chosen = null } = {}) {
    this.question = question;
    this.suggestions = [...question.suggestions].sort((one, other) => other.probability - one.probability);
    this.#predictions = new Map(this.suggestions.map((one) => [one.tag, one]));
    this.author = question.author_tags;
    this.disputed = question.conflicting_tags ?? []; // on which reviewers disagree
    this.blind = blind;
    this.isHidden = blind && chosen === null;
    this.firstChoice = null;
    this.blocked = new Map(); // tag → whether it was chosen until then
    this.reasons = new Map(); // tag → the words that speak for it
    this.last = null; // the tag that was pressed last
    this.chosen = new Set(chosen ?? this.#own());
    this.first = new Set(this.chosen);
    this.seen = new Set(this.chosen); // stays in the list when it is taken away
  }

  // What the reviewer has said of it before stands. Of a tag that has no verdict nothing was said
  // (a verdict on many questions is on one tag, and a newer model suggests others): it is as at first.
  #own() {
    const said = this.question.own?.verdicts ?? {};
    return [...this.#start(), ...Object.keys(said)].filter((tag) => said[tag] !== "rejected");
  }

  // At first the author's tags are chosen, and the suggested ones unless they are hidden.
  #start() {
    return this.isHidden ? this.author : [...this.author, ...this.#suggested()];
  }

  #suggested() {
    return this.suggestions.filter((one) => one.suggested && !this.blocked.has(one.tag)).map((one) => one.tag);
  }

  has(tag) {
    return this.chosen.has(tag);
  }

  // Whether something was chosen, or taken away, since the question came.
  get isChanged() {
    return this.firstChoice !== null || this.first.size !== this.chosen.size || [...this.first].some((tag) => !this.has(tag));
  }

  toggle(tag) {
    if (!this.chosen.delete(tag)) this.chosen.add(tag);
  }

  add(tag) {
    this.chosen.add(tag);
    this.seen.add(tag);
  }

  chooseAllSuggested() {
    for (const tag of this.#suggested()) this.chosen.add(tag);
  }

  reveal() {
    this.isHidden = false;
    this.firstChoice = [...this.chosen];
  }

  block(tag) {
    const wasChosen = this.chosen.delete(tag);
    if (!this.blocked.has(tag)) this.blocked.set(tag, wasChosen);
  }

  unblock(tag) {
    if (this.blocked.get(tag)) this.chosen.add(tag);
    this.blocked.delete(tag);
  }

  // What can be chosen, in the order of its keys: suggestions by probability, then the author's
  // other tags, then those that reviewers disagree on, whoever gave them, and what this one has
  // added. While suggestions are hidden, nothing tells which of the author's tags are among them.
  get rows() {
    const shown = this.isHidden ? [] : this.suggestions.filter((one, index) => this.#isShown(one, index));
    const rows = shown.map((prediction) => ({ tag: prediction.tag, prediction }));
    const tags = new Set(rows.map((row) => row.tag));
    for (const tag of [...this.author, ...(this.isHidden ? [] : this.disputed), ...this.seen]) {
      if (!tags.has(tag)) rows.push({ tag, prediction: this.isHidden ? null : this.#predictions.get(tag) ?? null });
      tags.add(tag);
    }
    return rows;
  }

  #isShown(prediction, index) {
    return index < LEAST_SHOWN || prediction.suggested || prediction.probability >= LEAST_PROBABLE;
  }

  // The question's tags as they are decided: the author's in their order, then the others.
  tags() {
    return [...this.author.filter((tag) => this.has(tag)), ...[...this.chosen].filter((tag) => !this.author.includes(tag))];
  }

  // What the API takes: a verdict on each suggested tag, each of the author's, and each chosen one.
  // What else was rejected before stays so (a newer model may not suggest it any more), and a tag
  // that reviewers disagree on is settled, also one that nobody suggests.
  body() {
    const suggested = new Set(this.suggestions.filter((one) => one.suggested).map((one) => one.tag));
    const verdicts = Object.create(null); // in which "constructor" is a tag as any other
    for (const tag of [...suggested, ...this.author]) {
      verdicts[tag] = this.has(tag) ? "accepted" : "rejected";
    }
    for (const tag of this.chosen) verdicts[tag] ??= "added";
    const said = this.question.own?.verdicts ?? {};
    const rejected = Object.keys(said).filter((tag) => said[tag] === "rejected");
    for (const tag of [...this.disputed, ...rejected]) verdicts[tag] ??= "rejected";
    return {
      verdicts,
      seen_version: this.question.model_version ?? null,
      blind: this.blind,
      first_choice: this.firstChoice,
      settles: Boolean(this.question.conflict),
    };
  }
}
