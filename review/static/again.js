// A page that waits for what is being counted looks again by itself, in nobody's way: a form that
// has been sent, or a link that was followed, would be cut off, and a choice half made is lost.

const PAUSE_MS = 1000;
const IN_USE = "select:focus, :focus-visible"; // also by whoever walks from link to link by keyboard

let timer;

function wait() {
  timer = setTimeout(() => (document.querySelector(IN_USE) ? wait() : location.reload()), PAUSE_MS);
}

addEventListener("pageshow", wait); // also back from another page
addEventListener("beforeunload", () => clearTimeout(timer));
