// A wall that nobody touches: figures change by events, all else is asked for again; it finds back by itself after
// every interruption, and says in large letters when what it shows may no longer be so.
//
// One interval drives everything and every piece of state is replaced, never added to: a day or a month leaves
// nothing behind.
import * as server from "./clock.js";
import { put } from "./format.js";
import { cut, known, listen, sum, told as heard, watch } from "./stream.js";

const words = JSON.parse(document.getElementById("words").textContent);
const say = (key, values = {}) => words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const { liveOf, rotate, following, now: rendered } = document.body.dataset;
const REFRESH_S = 5, LATE_SHARE = 0.5;
const OLD_S = 30; // two pages that took as long as they may

const newest = new Map();
let renewed = { at: Number(rendered), asked: performance.now() }; // what the page shows: as of when, and since when
let askedAt = performance.now(), wanted = false, asking = false;
let turning = false, turnAt = performance.now() + Number(rotate) * 1000;

const serverNow = () => server.serverNow() / 1000;
const seconds = (since) => (performance.now() - since) / 1000;
const offset = () => Number(document.getElementById("clock").dataset.offset);
const ages = () => JSON.parse(document.getElementById("wall").dataset.ages);
const clock = (at) => new Date((at + offset()) * 1000).toISOString().slice(11, 16);

function age(value) {
  const whole = Math.max(0, Math.round(value));
  if (whole < 90) return say("age_s", { n: whole });
  if (whole < 5400) return say("age_min", { n: Math.round(whole / 60) });
  if (whole < 172800) return say("age_h", { n: Math.round(whole / 3600) });
  return say("age_d", { n: Math.round(whole / 86400) });
}

function figures() {
  for (const element of document.querySelectorAll("[data-live]")) {
    const slash = element.dataset.live.indexOf("/");
    const [of, key] = [element.dataset.live.slice(0, slash), element.dataset.live.slice(slash + 1)];
    const plants = known(of === "*" ? Object.keys(ages()) : [of]);
    if (plants.length) put(element, sum(plants, key), element.dataset.unit);
  }
}

// Whose newest value is oldest, and whether it is too old: [age, share of what is allowed, never].
function oldest() {
  let worst = { age: -1, share: 0, never: false };
  for (const [code, [at, allowed]] of Object.entries(ages())) {
    const last = Math.max(newest.get(code) ?? 0, at ?? 0);
    if (!last) return { age: null, share: 2, never: true };
    const found = { age: Math.max(0, serverNow() - last), share: (serverNow() - last) / allowed, never: false };
    if (found.share > worst.share || worst.age < 0) worst = found;
  }
  return worst;
}

function told(state, text) {
  const link = document.getElementById("link");
  if (link.dataset.state !== state) link.dataset.state = state;
  if (link.textContent !== text) link.textContent = text;
}

function trouble(kind, since) {
  const banner = document.querySelector(".stop");
  banner.hidden = !kind;
  if (!kind) {
    delete document.body.dataset.trouble;
    return;
  }
  document.body.dataset.trouble = kind;
  const [what, when] = banner.children;
  if (what.textContent !== say(kind)) what.textContent = say(kind);
  if (when.textContent !== since) when.textContent = since;
}

function tick() {
  const worst = oldest();
  const old = seconds(renewed.asked) > OLD_S; // the stream may well be live while the page is not to be had
  const lost = cut() !== null;
  const tile = document.getElementById("age");
  if (tile) {
    const late = worst.share > LATE_SHARE || old;
    tile.classList.toggle("good", !lost && !late);
    tile.classList.toggle("watch", !lost && late && worst.share <= 1);
    tile.classList.toggle("bad", lost || worst.share > 1);
    const [figure, note] = [tile.querySelector("b"), tile.querySelector(".note")];
    figure.textContent = worst.age === null || worst.age < 0 ? "—" : age(worst.age);
    note.textContent = say(worst.never ? "never" : lost ? "cut" : worst.share > 1 ? "stopped" : old ? "old" : late ? "late" : "fresh");
  }
  for (const element of document.querySelectorAll(".alarms time")) element.textContent = age(serverNow() - Number(element.dataset.t));
  document.getElementById("clock").textContent = clock(serverNow());
  if (lost) {
    told("lost", say("lost"));
    trouble("cut", say("cut_since", { at: clock(cut()) }));
  } else if (worst.share > 1) {
    told("lost", say("stopped"));
    trouble("stopped", worst.never ? say("never") : say("stopped_since", { at: clock(serverNow() - worst.age) }));
  } else if (old) {
    told("lost", say("old"));
    trouble("old", say("old_since", { at: clock(renewed.at) }));
  } else {
    told(heard() ? "live" : "connecting", say(heard() ? "live" : "connecting"));
    trouble(null);
  }
}

// The page as the server draws it now takes the place of what is shown; another version is loaded from the beginning.
async function refresh() {
  asking = true;
  wanted = false;
  askedAt = performance.now();
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(15000) });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const { version, now } = fresh.body.dataset;
    if (!version) return; // somebody else's page, as of a proxy
    if (version !== document.body.dataset.version) {
      location.reload();
      return;
    }
    document.getElementById("wall").replaceWith(document.adoptNode(fresh.getElementById("wall")));
    renewed = { at: Number(now), asked: askedAt };
    server.follow(renewed.at * 1000);
    figures();
    tick();
  } catch {
    wanted = true; // the stream says when the connection is cut, and `renewed` how old what is shown has become
  } finally {
    asking = false;
  }
}

async function turn() {
  turning = true;
  try {
    // Only to a wall that is there: an error page would never come back.
    if ((await fetch(following, { cache: "no-store", signal: AbortSignal.timeout(10000) })).ok) {
      location.replace(following);
      return;
    }
  } catch { /* later then */ }
  turning = false;
  turnAt = performance.now() + 10000;
}

setInterval(() => {
  watch();
  const due = seconds(askedAt) > (wanted ? 1 : REFRESH_S);
  if (!asking && cut() === null && due) refresh();
  if (rotate && !turning && cut() === null && performance.now() > turnAt) turn();
  tick();
}, 1000);
server.set(Number(rendered) * 1000);
const again = () => { wanted = true; };
listen(liveOf, {
  summary: (body) => {
    if (body.newest_age_s !== null) newest.set(body.enterprise, Date.parse(body.at) / 1000 - body.newest_age_s);
    figures();
    tick();
  },
  interval: again,
  alert: again,
  missed: again,
});
tick();
