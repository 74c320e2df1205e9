// The form above the question: which queue it is, and filters that have names.

import { call } from "../api.js";
import { toast } from "./notices.js";

const $ = (id) => document.getElementById(id);

// The queue that the page's address names, as the API takes it.
export function readQueue() {
  const values = new URLSearchParams(location.search);
  for (const name of ["site", "order"]) {
    if (!values.get(name)) values.set(name, $(name).value);
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

$("queue").addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) $("queue").requestSubmit();
});
$("queue").addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

export async function fillSavedFilters() {
  try {
    const select = $("saved-filter");
    const filters = await call("GET", "/api/v1/review/filters");
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
    toast(`The filter ${name} is saved.`);
    if (![...$("saved-filter").options].some((option) => option.value === name)) {
      $("saved-filter").append(new Option(name, name));
    }
  } catch (error) {
    toast(`Not saved: ${error.message}`, "bad");
  }
});
