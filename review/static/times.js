// Times as all pages, commands and exports write them: ISO 8601, UTC.

// As 2026-11-27.
export function day(moment) {
  return new Date(moment).toISOString().slice(0, 10);
}

// As 2026-11-27 08:30 UTC.
export function minute(moment) {
  return `${new Date(moment).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
