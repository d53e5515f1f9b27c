import { charts } from "./charts.js";
import { live } from "./live.js";

function theme() {
  const button = document.getElementById("theme");
  const root = document.documentElement;
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("enms-theme", root.dataset.theme); } catch { /* not kept then */ }
    document.dispatchEvent(new CustomEvent("enms:theme"));
  });
}

// Tables sort by what a cell's exact value is: its instant, its title, or its text. What cannot be told comes last.
const NUMBER = /^-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?(?=$|[\s%])/;

function exact(row, column) {
  const cell = row.children[column];
  const told = cell.dataset.sort ?? cell.querySelector("time[data-t]")?.dataset.t ?? cell.querySelector(".q")?.title;
  const text = (told ?? cell.textContent.trim()).replace("\u2212", "-");
  const number = text.match(NUMBER);
  return number ? Number(number[0].replaceAll(",", "")) : text;
}

function sort(table, column, down) {
  for (const th of table.tHead.rows[0].children) th.removeAttribute("aria-sort");
  table.tHead.rows[0].children[column].setAttribute("aria-sort", down ? "descending" : "ascending");
  const turn = down ? -1 : 1;
  const rows = [...table.tBodies[0].rows].map((row) => [exact(row, column), row]);
  rows.sort(([a], [b]) => {
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -turn : a > b ? turn : 0;
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

// A table that the server draws again stays in the order its reader chose: it is known by its place in its section.
function sortable() {
  const chosen = new Map();
  const place = (table) => {
    const section = table.closest("[id]") ?? document.body;
    return `${section.id} ${[...section.querySelectorAll("table")].indexOf(table)}`;
  };
  document.addEventListener("click", (event) => {
    const th = event.target.closest("table.sortable th button")?.parentElement;
    if (!th) return;
    const table = th.closest("table");
    const order = [[...th.parentElement.children].indexOf(th), th.getAttribute("aria-sort") !== "descending"];
    chosen.set(place(table), order);
    sort(table, ...order);
  });
  const dress = () => {
    for (const th of document.querySelectorAll("table.sortable th:not([aria-hidden])")) {
      if (th.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...th.childNodes);
      th.append(button);
    }
    for (const table of document.querySelectorAll("table.sortable:not(:has([aria-sort]))")) {
      const order = chosen.get(place(table));
      if (order) sort(table, ...order);
    }
  };
  dress();
  document.body.addEventListener("htmx:afterSettle", dress);
}

// One box ticks all of its name.
function ticks() {
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.all;
    if (!name) return;
    const which = `input[type=checkbox][name="${name}"]${event.target.dataset.only ?? ""}`;
    for (const box of event.target.form.querySelectorAll(which)) box.checked = event.target.checked;
  });
}

function changed(field) {
  if (field.type === "checkbox") return field.checked;
  if (field.localName !== "select") return field.value !== field.defaultValue;
  const first = [...field.options].findLastIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(first, 0);
}

// Something in it is ticked, in hand, or written and not sent yet, however long ago.
function touched(section) {
  return [...section.querySelectorAll("input, select, textarea")].some((one) => one.matches(":focus") || changed(one));
}

// What is touched is not replaced under the reader's hands: nor by an answer that was on its way before.
function keep() {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (touched(event.target)) event.preventDefault();
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (touched(event.detail.target)) event.detail.shouldSwap = false;
  });
}

theme();
ticks();
keep();
sortable();
live();
charts();
