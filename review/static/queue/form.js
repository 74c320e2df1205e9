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
  values.delete("question");
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
  showDelete();
  const filter = saved.get($("saved-filter").value);
  if (!filter) return;
  for (const [name, value] of Object.entries(fieldsOf(filter))) {
    if (value || (name !== "site" && name !== "order")) $(name).value = value;
  }
});

$("queue").addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) $("queue").requestSubmit();
});
$("queue").addEventListener("formdata", ({ formData }) => {
  const filter = saved.get(formData.get("saved_filter"));
  if (filter && isEmptied(formData, filter)) spellOut(formData, filter);
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});

// Whether a field is empty that the saved filter fills: an address cannot say that of it.
function isEmptied(formData, filter) {
  return Object.entries(fieldsOf(filter)).some(([name, value]) => value && !formData.get(name));
}

// Name what is in the form in place of the filter, and what the filter says that the form has not.
function spellOut(formData, filter) {
  formData.delete("saved_filter");
  const inForm = fieldsOf(filter);
  for (const [name, value] of Object.entries(filter)) {
    if (name !== "name" && value != null && !inForm[name] && !formData.get(name)) formData.set(name, value);
  }
}

async function fillSavedFilters() {
  try {
    const select = $("saved-filter");
    const filters = await call("GET", "/api/v1/review/filters");
    saved = new Map(filters.map((filter) => [filter.name, filter]));
    for (const filter of filters) select.append(new Option(filter.name, filter.name));
    select.value = select.dataset.value;
    showDelete();
  } catch {
    $("saved-filter").disabled = true;
  }
}

function showDelete() {
  $("delete-filter").hidden = !$("saved-filter").value;
}

// What it says stays in the form: the queue that it has made is asked for by that.
$("delete-filter").addEventListener("click", async () => {
  const name = $("saved-filter").value;
  try {
    await call("DELETE", `/api/v1/review/filters/${encodeURIComponent(name)}`);
  } catch (error) {
    toast(`Not deleted: ${error.message}`, "bad");
    return;
  }
  saved.delete(name);
  [...$("saved-filter").options].find((option) => option.value === name).remove();
  $("saved-filter").value = "";
  showDelete();
  $("save-filter").focus();
  toast(`The filter ${name} is deleted.`);
  if (new URLSearchParams(location.search).get("saved_filter") === name) $("queue").requestSubmit();
});

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
