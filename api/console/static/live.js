// One event stream a page: numbers change in place, ages tick, and parts that the server draws are asked for again.
import { serverNow } from "./clock.js";
import { put } from "./format.js";
import { known, listen, sum, watch } from "./stream.js";

const words = JSON.parse(document.getElementById("words").textContent);
const say = (key, values = {}) => words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const link = document.getElementById("link");
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

// `*` is the sum over all plants of its part of the page.
function figure(element, spec) {
  const slash = spec.indexOf("/");
  const [of, path] = [spec.slice(0, slash), spec.slice(slash + 1)];
  const plants = known(of === "*" ? element.closest("[data-plants]").dataset.plants.split(" ") : [of]);
  return { told: plants.length > 0, value: sum(plants, path) };
}

function showSummaries() {
  for (const element of document.querySelectorAll("[data-live]:not([data-live*='point:'])")) {
    const found = figure(element, element.dataset.live);
    if (found.told) put(element, found.value, element.dataset.unit);
  }
  for (const element of document.querySelectorAll("[data-live-text]")) {
    const found = figure(element, element.dataset.liveText);
    if (found.told && found.value !== null) element.textContent = found.value;
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

function tell(kind, detail = {}) {
  document.body.dispatchEvent(new CustomEvent(`enms:${kind}`, { detail }));
}

function start(of) {
  state("connecting", say("connecting"));
  listen(of, {
    latest: (body) => {
      for (const item of body.items) showItem(body.enterprise, item);
      tick();
      tell("latest", body);
    },
    summary: () => {
      if (link?.dataset.state !== "live") state("live", say("live"));
      showSummaries();
    },
    interval: (body) => tell("interval", body),
    alert: (body) => tell("alert", body),
    missed: () => { tell("interval"); tell("alert"); },
    lost: () => state("lost", say("lost")),
  });
  setInterval(watch, 1000);
}

export function live() {
  setInterval(tick, 1000);
  tick();
  // What the server draws again comes with its own numbers: the live ones are put over them at once.
  document.body.addEventListener("htmx:afterSettle", () => { showSummaries(); tick(); });
  const of = document.body.dataset.liveOf;
  if (of !== undefined) start(of);
}
