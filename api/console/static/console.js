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

// Tables sort by what a cell's exact value is: its title, or its text.
function sortable() {
  document.addEventListener("click", (event) => {
    const head = event.target.closest("table.sortable th button");
    if (!head) return;
    const th = head.parentElement;
    const table = th.closest("table");
    const column = [...th.parentElement.children].indexOf(th);
    const down = th.getAttribute("aria-sort") !== "descending";
    for (const other of th.parentElement.children) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const cell = row.children[column];
      const exact = cell.dataset.sort ?? cell.querySelector(".q")?.title ?? cell.textContent.trim();
      const number = Number.parseFloat(exact.replaceAll(",", "").replace("\u2212", "-"));
      return Number.isNaN(number) ? exact : number;
    };
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? 1 : -1));
    if (down) rows.reverse();
    body.append(...rows.map(([, row]) => row));
  });
  const dress = () => {
    for (const th of document.querySelectorAll("table.sortable th:not([aria-hidden])")) {
      if (th.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...th.childNodes);
      th.append(button);
    }
  };
  dress();
  document.body.addEventListener("htmx:afterSettle", dress);
}

// One box ticks all of its name; a list in which something is ticked or typed is not replaced under the reader's hands.
function ticks() {
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.all;
    if (!name) return;
    const which = `input[type=checkbox][name="${name}"]${event.target.dataset.only ?? ""}`;
    for (const box of event.target.form.querySelectorAll(which)) box.checked = event.target.checked;
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const list = event.target;
    if (list.matches?.(":has(:checked[type=checkbox]), :has(:is(input, select):focus)")) event.preventDefault();
  });
}

theme();
ticks();
sortable();
live();
charts();
