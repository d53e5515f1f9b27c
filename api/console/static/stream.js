// The event stream of a page, and what it tells of each plant. It is connected again by us: the browser's own reconnecting
// gives up on an error page, knows no back-off, and believes a connection that stands and says nothing.
import * as server from "./clock.js";

const FIRST_DELAY_S = 1, LONGEST_DELAY_S = 30, TRIES_S = 10;
const QUIET_S = 20; // the server sends sums at least every 5 s while it can read its database
const summaries = new Map();
let of = "", acts = {}, source = null;
let heard = performance.now(), cutSince = null, tries = 0, retryAt = 0;

// Since when (server's clock, s) nothing is heard; null while all is well.
export const cut = () => cutSince;
// Whether anything was ever told.
export const told = () => summaries.size > 0;

// What to do at each event, by its name; `missed`: something may have happened that no event told.
export function listen(enterprise, does) {
  [of, acts] = [enterprise, does];
  addEventListener("pagehide", () => source?.close());
  connect();
}

// To be called every second.
export function watch() {
  if (source && performance.now() - heard > QUIET_S * 1000) lost();
  if (!source && performance.now() >= retryAt) connect();
}

function connect() {
  source?.close();
  source = new EventSource(`/api/v1/live${of ? `?enterprise=${encodeURIComponent(of)}` : ""}`);
  heard = performance.now();
  const on = (name, act) => source.addEventListener(name, (event) => {
    heard = performance.now();
    const body = JSON.parse(event.data);
    act(body);
    acts[name]?.(body);
  });
  on("hello", (body) => {
    server.set(Date.parse(body.at));
    if (cutSince !== null) acts.missed();
  });
  on("summary", (body) => {
    cutSince = null;
    tries = 0;
    server.follow(Date.parse(body.at));
    summaries.set(body.enterprise, body);
  });
  on("latest", (body) => server.follow(Date.parse(body.at)));
  on("interval", () => {});
  on("alert", () => {});
  on("resync", () => acts.missed());
  source.onerror = lost;
}

function lost() {
  source?.close();
  source = null;
  cutSince ??= server.serverNow() / 1000;
  const delay = Math.min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** tries) * (0.5 + Math.random());
  tries = Math.min(tries + 1, TRIES_S);
  retryAt = performance.now() + delay * 1000;
  acts.lost?.();
}

// What plants tell, only while all of them do: else what the page came with is better.
export function known(codes) {
  const found = codes.map((code) => summaries.get(code));
  const late = (summary) => !summary || server.serverNow() - Date.parse(summary.at) > QUIET_S * 1000;
  return found.some(late) ? [] : found;
}

// The sum over plants of what a path like `processes.bf1` leads to; null where it is unknown of all.
export function sum(plants, path) {
  const pick = (plant) => path.split(".").reduce((node, key) => node?.[key], plant);
  const values = plants.map(pick).filter((value) => typeof value === "number");
  return values.length ? values.reduce((a, b) => a + b, 0) : null;
}
