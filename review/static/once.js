// A form of a page is sent once until its answer is here: a second click would do it twice, and the
// answer to the first one, which alone says what was done, would be lost.

const LONGEST_MS = 20000; // that an answer takes; whoever has stopped loading may try again then

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
    setTimeout(() => setFree(form), LONGEST_MS);
  });
  addEventListener("pageshow", () => setFree(form)); // back from the answer
}

function setFree(form) {
  form.ariaBusy = null;
}
