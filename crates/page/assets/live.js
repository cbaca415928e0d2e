// The lease, counted where the reader is. Asks every few seconds whether it was renewed; where it cannot be, all that
// was green turns to unknown. Time is the server's (Date), carried on by a clock that nobody can step.
(() => {
"use strict";
const EVERY = 5e3, RENEW = 6e4, QUIET = 2e4;
const doc = document, root = doc.documentElement, mono = () => performance.now();
const $ = (id) => doc.getElementById(id), icon = (page) => page.querySelector("link[rel=icon]");
const script = (page) => page.querySelector("script[src]").getAttribute("src");
const put = (id, text) => { if ($(id)) $(id).textContent = text; };
let main = $("main"), text = main.dataset, busy, stale, age, monoAt = 0, wallAt = Date.now() - mono(), heard = 0, renewed = 0;

// Until the server was heard: what the page's own times allow at most, and what this clock allows.
const until = Date.parse(text.until);
let left = until - Math.max(wallAt, Date.parse(text.observed) || 0);

// A monotonic clock may stop while a machine sleeps: the longer of both spans counts.
const passed = () => Math.max(mono() - monoAt, Date.now() - wallAt);

function hear(live, now, m, w) {
  [monoAt, wallAt, heard] = [m, w, mono()];
  left = live.valid_until ? Date.parse(live.valid_until) - now : NaN;
  age = live.observed_at ? Math.max(0, now - Date.parse(live.observed_at)) : NaN;
  if (age >= 0 && age < 432e5) {
    text.last = live.observed_at.slice(11, 19) + " UTC";
    put("observed", text.last);
  }
}

async function ask() {
  if (busy) return;
  busy = true;
  const m = mono(), w = Date.now(), stop = new AbortController(), signal = stop.signal;
  const timer = setTimeout(() => stop.abort(), EVERY);
  try {
    const answer = await fetch("/api/v1/live", { cache: "no-store", signal });
    if (!answer.ok) throw 0;
    const live = await answer.json(), head = answer.headers;
    // Date is cut to the second, and a cache may have kept it.
    const now = (Date.parse(head.get("date")) || w) + 1e3 + 1e3 * (head.get("age") || 0);
    hear(live, now, m, w);
    if (live.version !== text.version || mono() - renewed > RENEW || (stale && !(left <= 0))) await swap(signal);
  } catch { /* Not heard: the lease goes on running out. */ }
  clearTimeout(timer);
  busy = false;
  tick();
}

// Puts the page's new main part in place; what is open, focused and scrolled to stays so.
async function swap(signal) {
  const answer = await fetch(location.pathname, { cache: "no-store", signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.getElementById("main");
  if (!fresh) return;
  if (script(page) !== script(doc)) return location.reload();
  const open = [...main.querySelectorAll("details[open][id]")], at = doc.activeElement, before = $("answer")?.textContent;
  const find = main.contains(at) && (at.id ? "#" + CSS.escape(at.id) : at.href && `a[href="${at.getAttribute("href")}"]`);
  main.replaceWith(doc.importNode(fresh, true));
  main = $("main");
  text = main.dataset;
  for (const { id } of open) if ($(id)) $(id).open = true;
  if (find) main.querySelector(find)?.focus({ preventScroll: true });
  dress(page.documentElement.dataset.v, page.title, icon(page).getAttribute("href"));
  if ($("answer")?.textContent !== before) put("told", $("answer")?.textContent);
  stale = false;
  renewed = mono();
}

function dress(v, title, href) {
  root.dataset.v = v;
  doc.title = title;
  icon(doc).setAttribute("href", href);
}

// The lease is over and was not renewed: nothing green is left to stand.
function turn() {
  stale = true;
  const said = text.stale.replace("{}", text.last), word = text.staleWord;
  // The legend explains the marks and claims nothing.
  for (const el of [main, ...main.querySelectorAll("[data-v=operational]:not(.legend *)")]) {
    el.dataset.v = "unknown";
    for (const use of el.querySelectorAll(":scope > use")) use.setAttribute("href", "#i-unknown");
    for (const w of el.querySelectorAll(":scope > .w, :scope > div > .word > .w")) w.textContent = " " + word;
    if (el.title) el.title = word;
  }
  for (const say of main.querySelectorAll(".say, .lead")) say.textContent = text.staleSay;
  const answer = main.querySelector("[data-whole]");
  if (answer) {
    const use = answer.querySelector("use");
    use.setAttribute("href", "#i-unknown");
    use.parentNode.dataset.v = "unknown";
    answer.querySelector(".word").textContent = text.staleWhole;
    put("answer", said);
    answer.querySelector(".further")?.remove();
  }
  put("told", said);
  dress("unknown", text.staleTitle, text.staleIcon);
}

function tick() {
  if (left - passed() <= 0 && !stale) turn();
  const line = $("offline");
  if (line) {
    line.hidden = mono() - heard < QUIET;
    line.textContent = text.offline.replace("{}", text.last);
  }
  if (!(age >= 0)) return;
  const s = (age + passed()) / 1e3, n = s < 100 ? 0 : s < 6e3 ? 1 : 2;
  put("ago", text.ago.replace("{}", text.units.split("|")[n].replace("{}", Math.floor(s / [1, 60, 3600][n]))));
}

root.classList.add("live");
setInterval(tick, 1e3);
setInterval(() => doc.hidden || ask(), EVERY);
doc.addEventListener("visibilitychange", () => { tick(); if (!doc.hidden) ask(); });
addEventListener("pageshow", () => { tick(); ask(); });
})();
