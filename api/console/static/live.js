// One event stream a page: numbers change in place, ages tick, and parts that the server draws are asked for again.
import { follow, serverNow, set } from "./clock.js";
import { put } from "./format.js";

const words = JSON.parse(document.getElementById("words").textContent);
const say = (key, values = {}) => words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const link = document.getElementById("link");
const summaries = new Map();
const newest = new Map();

export { say, words };

function state(name, text) {
  if (!link) return;
  link.dataset.state = name;
  link.querySelector("span").textContent = text;
}

export function age(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return say("s", { n: whole });
  if (whole < 5400) return say("min", { n: Math.round(whole / 60) });
  if (whole < 172800) return say("h", { n: Math.round(whole / 3600) });
  return say("d", { n: Math.round(whole / 86400) });
}

function tick() {
  const now = serverNow() / 1000;
  for (const element of document.querySelectorAll("time.ago[data-t]")) {
    const seconds = now - Number(element.dataset.t);
    element.textContent = age(seconds);
    if (element.dataset.silent) {
      const late = seconds > Number(element.dataset.silent);
      element.classList.toggle("late", late);
      element.closest("tr, .figure")?.classList.toggle("stale", late);
    }
  }
  for (const element of document.querySelectorAll("[data-live-age]")) {
    const at = newest.get(element.dataset.liveAge);
    if (at) element.textContent = age(now - at);
  }
}

function pick(summary, path) {
  return path.split(".").reduce((node, key) => node?.[key], summary);
}

// `*` is the sum over all enterprises: unknown while none is known.
function summed(path) {
  const known = [...summaries.values()].map((s) => pick(s, path)).filter((v) => typeof v === "number");
  return known.length ? known.reduce((a, b) => a + b, 0) : null;
}

function showSummaries() {
  const value = (spec) => {
    const cut = spec.indexOf("/");
    const [of, path] = [spec.slice(0, cut), spec.slice(cut + 1)];
    if (of === "*") return { known: summaries.size > 0, value: summed(path) };
    return { known: summaries.has(of), value: pick(summaries.get(of), path) };
  };
  for (const element of document.querySelectorAll("[data-live]:not([data-live*='point:'])")) {
    const found = value(element.dataset.live);
    if (found.known) put(element, found.value ?? null, element.dataset.unit);
  }
  for (const element of document.querySelectorAll("[data-live-text]")) {
    const found = value(element.dataset.liveText);
    if (found.known && found.value !== null && found.value !== undefined) element.textContent = found.value;
  }
}

function showItem(enterprise, item) {
  const name = `${enterprise}/point:${item.point}`.replace(/["\\]/g, "\\$&");
  for (const element of document.querySelectorAll(`[data-live="${name}"]`)) {
    const rate = element.dataset.field === "rate";
    put(element, rate ? item.rate : item.value, (rate ? item.rate_unit : item.unit) ?? "1");
    const when = element.closest("[data-point]")?.querySelector("time.ago");
    if (when && item.t) when.dataset.t = Date.parse(item.t) / 1000;
  }
  const at = item.t ? Date.parse(item.t) / 1000 : 0;
  if (at > (newest.get(enterprise) ?? 0)) newest.set(enterprise, at);
}

function start(of) {
  const source = new EventSource(`/api/v1/live${of ? `?enterprise=${encodeURIComponent(of)}` : ""}`);
  state("connecting", say("connecting"));
  source.addEventListener("hello", (event) => {
    set(Date.parse(JSON.parse(event.data).at));
    state("live", say("live"));
  });
  source.addEventListener("latest", (event) => {
    const body = JSON.parse(event.data);
    follow(Date.parse(body.at));
    for (const item of body.items) showItem(body.enterprise, item);
    tick();
    document.body.dispatchEvent(new CustomEvent("enms:latest", { detail: body }));
  });
  source.addEventListener("summary", (event) => {
    const body = JSON.parse(event.data);
    follow(Date.parse(body.at));
    summaries.set(body.enterprise, body);
    showSummaries();
  });
  for (const name of ["interval", "alert", "resync"]) {
    source.addEventListener(name, (event) => {
      const detail = JSON.parse(event.data);
      const kinds = name === "resync" ? ["enms:interval", "enms:alert"] : [`enms:${name}`];
      for (const kind of kinds) document.body.dispatchEvent(new CustomEvent(kind, { detail }));
    });
  }
  source.onerror = () => state("lost", say("lost"));
  addEventListener("pagehide", () => source.close());
}

export function live() {
  setInterval(tick, 1000);
  tick();
  // What the server draws again comes with its own numbers: the live ones are put over them at once.
  document.body.addEventListener("htmx:afterSettle", () => { showSummaries(); tick(); });
  const of = document.body.dataset.liveOf;
  if (of !== undefined) start(of);
}
