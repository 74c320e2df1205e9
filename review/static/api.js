// Calls of the service's API, from this page alone.

const TIMEOUT_MS = 15000;

const session = document.querySelector('meta[name="csrf-token"]');
let csrf = session.content;

export class ApiError extends Error {
  // status 0: no answer came.
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// What the API answers: its JSON, or null where there is nothing. Throws an ApiError.
export async function call(method, path, body) {
  const before = csrf;
  try {
    return await callOnce(method, path, body);
  } catch (error) {
    if (error.status !== 403 || method === "GET") throw error;
    // Whoever has logged in again, in another window, has another session.
    if (!(await renewSession(session.dataset.reviewer)) || csrf === before) throw error;
    return callOnce(method, path, body);
  }
}

async function callOnce(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "X-CSRF-Token": csrf }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive: method !== "GET", // a change goes out though its page is closed
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError(0, "The service does not answer.");
  }
  // An answer that breaks off says nothing of what was done: status 0, so that it is asked again.
  const text = await answer.text().catch(() => {
    throw new ApiError(0, "The answer broke off.");
  });
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(answer.ok ? 0 : answer.status, "The answer cannot be read.");
  }
  if (!answer.ok) throw new ApiError(answer.status, content?.detail ?? `It answers ${answer.status}.`);
  return content;
}

// Whether this reviewer is signed in, whose session's CSRF token is then taken over. Another's is
// not: what is pressed on this page would be done in their name.
export async function renewSession(reviewer) {
  try {
    const found = await call("GET", "/api/v1/session");
    if (found.reviewer !== reviewer) return false;
    csrf = found.csrf_token;
    return true;
  } catch {
    return false;
  }
}

// A number that nobody else makes. (randomUUID is not there on plain http.)
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function questionPath(question) {
  return `/api/v1/review/questions/${encodeURIComponent(question.site)}/${question.question_id}`;
}
