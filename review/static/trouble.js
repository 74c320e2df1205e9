// What keeps a page from doing what was asked.

export function linkToLogin() {
  return Object.assign(document.createElement("a"), { href: "/login", target: "_blank", textContent: "Log in in another window" });
}

// Do something, and say in a box what keeps it from being done: the answer is null then.
export async function attempt(box, action) {
  try {
    const answer = await action();
    tell(box, null);
    return answer;
  } catch (error) {
    tell(box, error);
    return null;
  }
}

function tell(box, error) {
  box.hidden = error === null;
  if (error?.status === 401) box.replaceChildren("You are signed out. ", linkToLogin(), ", then try again.");
  else box.replaceChildren(...(error === null ? [] : [error.message]));
}
