// Keys, and the buttons that do the same.

const REPEATABLE = new Set(["u"]);

// The key as it is named here: also under Caps Lock, on a keyboard of Cyrillic or Greek letters, and
// on one whose digits stand above other characters. What types a name is the key of that name,
// wherever it stands: "/" stands on a digit's place on some.
function keyOf(event, isNamed) {
  const { key, code } = event;
  if (isNamed(key) || event.shiftKey || event.getModifierState("AltGraph")) return key;
  if (/^Key[A-Z]$/.test(code) && /^[^\x00-\x7f]+$/.test(key)) return code.at(3).toLowerCase();
  if (/^Digit[1-9]$/.test(code)) return code.at(5);
  return /^[A-Z]$/.test(key) ? key.toLowerCase() : key;
}

// actions: by key, what is done with the question on the screen; always: what is done without one
// too. Each is given the element that had the focus, or none after a click.
// isReady(): whether a question is on the screen. onClicked(): after a click on a button.
export function listenToKeys({ actions, always, isReady, onClicked }) {
  function act(key, target) {
    const action = always[key] ?? (isReady() ? actions[key] : undefined);
    action?.(target);
    return action !== undefined;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const target = event.target;
    if (target.closest("input, textarea, select, [contenteditable]")) return;
    // Enter on a button, a link or a heading that opens does what it says there.
    if (event.key === "Enter" && target.closest("button, a, summary")) return;
    const key = keyOf(event, (name) => Object.hasOwn(always, name) || Object.hasOwn(actions, name));
    if (event.repeat && !REPEATABLE.has(key)) return;
    if (act(key, target)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key]");
    if (!button) return;
    act(button.dataset.key);
    if (event.detail > 0 && !document.querySelector("dialog[open]")) onClicked();
  });
}
