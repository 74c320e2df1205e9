// A field that completes tags from the server, by the keyboard as by the mouse (the combobox
// pattern of the ARIA Authoring Practices).

import { call } from "../api.js";

const MOST = 12;
const WAIT_MS = 60;

// A tag as sites write them, of what somebody has typed.
function asTag(typed) {
  return typed.trim().toLowerCase().replace(/\s+/g, "-");
}

export class Completion {
  // siteOf(): the site whose tags complete. onChoose(tag). onLeave(): Esc.
  constructor(input, list, { siteOf, onChoose, onLeave }) {
    Object.assign(this, { input, list, siteOf, onChoose, onLeave });
    this.options = [];
    this.active = -1;
    this.asked = 0;
    input.addEventListener("input", () => this.#later());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && this.close(), 150));
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(option.dataset.tag);
    });
  }

  close() {
    this.asked += 1; // what is still on its way comes too late
    this.options = [];
    this.#draw();
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const prefix = this.input.value.trim().toLowerCase();
    const asked = (this.asked += 1);
    if (!prefix) {
      this.close();
      return;
    }
    const site = encodeURIComponent(this.siteOf());
    const query = new URLSearchParams({ prefix, limit: MOST });
    const found = await call("GET", `/api/v1/sites/${site}/tags?${query}`).catch(() => []);
    if (asked !== this.asked) return;
    this.options = found;
    this.of = asTag(prefix);
    this.active = found.length ? 0 : -1;
    this.#draw();
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.#move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choose(this.#meant(asTag(this.input.value)));
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.input.value = "";
      this.close();
      this.onLeave();
    }
  }

  // The tag that is meant: the marked one, or what is typed. Whoever types fast presses Enter before
  // the list has caught up: it is then of other tags, or a longer one is marked in it.
  #meant(typed) {
    const whole = this.options.find(({ tag }) => tag.toLowerCase() === typed)?.tag;
    if (whole && this.of !== typed) return whole;
    const marked = this.options[this.active]?.tag;
    return marked?.toLowerCase().includes(typed) ? marked : typed;
  }

  // Down the list and up, and in between to none: what is typed is then a tag of its own. A list
  // that is still on its way comes too late: it would mark another.
  #move(step) {
    clearTimeout(this.timer);
    this.asked += 1;
    const places = this.options.length + 1;
    this.active = ((this.active + 1 + step + places) % places) - 1;
    this.#draw();
  }

  #choose(tag) {
    clearTimeout(this.timer);
    this.input.value = "";
    this.close();
    if (tag) this.onChoose(tag);
  }

  #draw() {
    this.list.hidden = !this.options.length;
    this.input.setAttribute("aria-expanded", String(this.options.length > 0));
    this.list.replaceChildren(
      ...this.options.map((option, index) => {
        const item = document.createElement("li");
        item.id = `completion-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(index === this.active));
        item.dataset.tag = option.tag;
        const name = document.createElement("span");
        name.textContent = option.tag;
        const uses = document.createElement("span");
        uses.className = "muted small number";
        uses.textContent = option.uses.toLocaleString("en");
        item.append(name, " ", uses);
        return item;
      }),
    );
    if (this.active >= 0 && this.options.length) {
      this.input.setAttribute("aria-activedescendant", `completion-${this.active}`);
      this.list.children[this.active].scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }
}
