// The form above the question: which queue it is, and filters that have names.

import { call } from "../api.js";
import { toast } from "./notices.js";

const $ = (id) => document.getElementById(id);

const FIELDS = ["site", "order", "suggested", "author", "q", "min_probability", "since"];

let saved = new Map(); // filters by name, once they are here

// The queue that the page's address names, as the API takes it. Of a saved filter, its own site and
// order hold unless the address names others.
export async function readQueue() {
  const values = new URLSearchParams(location.search);
  const listed = fillSavedFilters();
  const name = values.get("saved_filter");
  if (name) {
    await listed;
    const own = fieldsOf(saved.get(name));
    for (const field of FIELDS) if (!values.get(field) && own[field]) $(field).value = own[field];
    for (const field of ["site", "order"]) if (!values.get(field) && own[field]) values.set(field, own[field]);
  }
  // Without the filters, the service knows what a saved one says.
  for (const field of ["site", "order"]) {
    if (!values.get(field) && (!name || saved.has(name))) values.set(field, $(field).value);
  }
  values.delete("filtered");
  for (const [name, value] of [...values]) if (!value) values.delete(name);
  countFilters(values);
  return values;
}

function countFilters(query) {
  const count = [...query.keys()].filter((name) => name !== "site" && name !== "order").length;
  $("filter-count").textContent = count ? ` (${count})` : "";
}

// What a saved filter says, as the form has it.
function fieldsOf(filter) {
  const fields = Object.fromEntries(FIELDS.map((name) => [name, String(filter?.[name] ?? "")]));
  const isDay = /^\d{4}-\d\d-\d\d(T00:00:00|$)/.test(fields.since);
  return { ...fields, since: isDay ? fields.since.slice(0, 10) : "" }; // the form has no time of day
}

// To choose a filter is to choose all that it says; site and order stay where it names none.
$("saved-filter").addEventListener("change", () => {
  const filter = saved.get($("saved-filter").value);
  if (!filter) return;
  for (const [name, value] of Object.entries(fieldsOf(filter))) {
    if (value || (name !== "site" && name !== "order")) $(name).value = value;
  }
});

$("queue").addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) $("queue").requestSubmit();
});
$("queue").addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

async function fillSavedFilters() {
  try {
    const select = $("saved-filter");
    const filters = await call("GET", "/api/v1/review/filters");
    saved = new Map(filters.map((filter) => [filter.name, filter]));
    for (const filter of filters) select.append(new Option(filter.name, filter.name));
    select.value = select.dataset.value;
  } catch {
    $("saved-filter").disabled = true;
  }
}

$("save-filter").addEventListener("click", () => {
  $("filter-name-text").value = $("saved-filter").value;
  $("filter-name").showModal();
});
$("filter-name").addEventListener("close", async () => {
  const name = $("filter-name-text").value.trim();
  if ($("filter-name").returnValue !== "save" || !name) return;
  const values = Object.fromEntries([...new FormData($("queue"))].filter(([, value]) => value));
  delete values.saved_filter;
  if (values.min_probability) values.min_probability = Number(values.min_probability);
  try {
    await call("PUT", `/api/v1/review/filters/${encodeURIComponent(name)}`, values);
    saved.set(name, values);
    toast(`The filter ${name} is saved.`);
    if (![...$("saved-filter").options].some((option) => option.value === name)) {
      $("saved-filter").append(new Option(name, name));
    }
  } catch (error) {
    toast(`Not saved: ${error.message}`, "bad");
  }
});
