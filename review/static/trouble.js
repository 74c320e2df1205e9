// What keeps a page from doing what was asked.

export function linkToLogin() {
  return Object.assign(document.createElement("a"), { href: "/login", target: "_blank", textContent: "Log in in another window" });
}

// Say in a box what went wrong; without an error, that nothing is wrong any more.
export function tellTrouble(box, error = null) {
  box.hidden = error === null;
  if (error?.status === 401) box.replaceChildren("You are signed out. ", linkToLogin(), ", then try again.");
  else box.replaceChildren(...(error === null ? [] : [error.message]));
}
