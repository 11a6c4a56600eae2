"use strict";
// What both pages share: bytes, keys, the address, words about time, requests, which part of the page is shown, and the way
// from the first look at an address to its end.
// The words themselves stand in the HTML: every state of a page is a <section data-title="…">, and this shows one of them.

const $ = (id) => document.getElementById(id);

// --- bytes ---

const toUtf8 = (text) => new TextEncoder().encode(text);

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const toBase64Url = (bytes) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Throws when the text is not base64url.
function fromBase64Url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// --- csl1, the parts that links and drop boxes have in common ---

async function hkdf(ikm, salt, info, length) {
  const key = await crypto.subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: toUtf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8));
}

// Shows the server that we hold the whole address, without showing it the secret part.
const linkProof = async (address) => toBase64Url(await hkdf(address.key, address.idBytes, "csl1/link", 32));

const PADDING_BYTES = 1024;

// The length of a secret says much about it: content ‖ 0x80 ‖ 0x00… up to a multiple of 1 KiB.
function padded(content) {
  const whole = new Uint8Array((Math.floor(content.length / PADDING_BYTES) + 1) * PADDING_BYTES);
  whole.set(content);
  whole[content.length] = 0x80;
  return whole;
}

function unpadded(whole) {
  let end = whole.length - 1;
  while (end > 0 && whole[end] === 0) end -= 1;
  if (whole[end] !== 0x80) throw new Error("the padding is damaged");
  return whole.subarray(0, end);
}

// --- the address ---

const ID_CHARS = 22;
const KEY_CHARS = 43;

// Reads id and key from the address: { path, id, idBytes, key } or { problem: the state that says what is wrong }.
// Chats wrap addresses in <>, quotes and full stops; what follows the key is dropped.
function readAddress() {
  const path = location.pathname.replace(/\/+$/, "");
  const id = path.slice(path.lastIndexOf("/") + 1);
  const secret = location.hash.slice(1).replace(/[^A-Za-z0-9_-].*$/, "");
  if (secret === "") {
    const before = history.state?.step;
    return { problem: before === "done" ? "reloaded-done" : before === "arrived" ? "reloaded" : "no-secret" };
  }
  if (!/^[A-Za-z0-9_-]*$/.test(id) || id.length !== ID_CHARS || secret.length !== KEY_CHARS) {
    return { problem: "malformed" };
  }
  return { path, id, idBytes: fromBase64Url(id), key: fromBase64Url(secret) };
}

// Takes the secret part out of the address bar, the history and later screenshots. What stays is how far we got, so that
// a reload can be answered in words.
const dropSecretPart = (step) => history.replaceState({ step }, "", location.pathname);

// --- asking the server ---

let clockOffset = 0; // milliseconds that the server's clock is ahead of ours
const now = () => Date.now() + clockOffset;

// POSTs JSON to `{path}/{step}`. Gives { status, body, wait } where body is {} if it was not JSON and wait is the seconds
// that the server asks us to wait, or { status: 0 } when no whole answer came: then nobody knows what the server did.
// `meanwhile` says that what ended did so while we asked: a browser sends a request again by itself when a connection
// breaks, and then this is the answer to the second one.
async function ask(address, step, body) {
  const began = now();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 30_000);
  try {
    // No mode: with `Referrer-Policy: no-referrer` a stricter one would send `Origin: null`.
    const response = await fetch(`${address.path}/${step}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ v: 1, ...body }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: stop.signal,
    });
    const text = await response.text();
    const date = Date.parse(response.headers.get("date"));
    if (date) clockOffset = Math.abs(date - Date.now()) < 2_000 ? 0 : date - Date.now();
    const answer = asJson(text);
    if (response.ok && answer === null) return { status: 0 };
    return { status: response.status, body: answer ?? {}, wait: secondsToWait(response), meanwhile: answer?.at >= began - 2_000 };
  } catch {
    return { status: 0 };
  } finally {
    clearTimeout(timer);
  }
}

function asJson(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function secondsToWait(response) {
  const after = response.headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - now()) / 1000;
  return Math.min(Math.max(Math.ceil(seconds) || 5, 1), 600);
}

// The answers that mean the same on both pages and for every step; null if the answer is another one.
function commonProblem({ status, body }) {
  if (status === 404) return "not-found";
  if (status === 410) return ["redeemed", "filled", "expired", "burned", "closed"].find((state) => state === body.state) ?? "refused";
  if (status === 200 || status === 0 || status === 429 || status >= 500) return null;
  return "refused";
}

// --- time in words ---

function when(ms) {
  const date = new Date(ms);
  const how = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  if (date.getFullYear() !== new Date(now()).getFullYear()) how.year = "numeric";
  return new Intl.DateTimeFormat("en-GB", how).format(date);
}

function span(ms) {
  const minutes = Math.round(ms / 60_000);
  if (ms < 60_000) return `${Math.max(Math.round(ms / 1000), 1)} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 60 / 24)} days`;
}

const relative = (ms) => (ms >= now() ? `in ${span(ms - now())}` : `${span(now() - ms)} ago`);

const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

// --- what is shown ---

let shown = "checking";

// Shows one state. `slots` fills the elements with data-slot="name" in the whole page: with a text, or with milliseconds
// if it is a <time>. The focus goes to the heading, so that a screen reader reads what changed.
function show(view, slots = {}) {
  fill(slots);
  shown = view;
  for (const section of document.querySelectorAll("section[data-title]")) section.hidden = section.id !== view;
  $("title").textContent = $(view).dataset.title || slots.title;
  document.title = `${document.body.dataset.kind}: ${$(view).dataset.short || $(view).dataset.title}`;
  $("title").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function fill(slots) {
  for (const [name, value] of Object.entries(slots)) {
    for (const slot of document.querySelectorAll(`[data-slot="${name}"]`)) {
      const isTime = slot.localName === "time" && typeof value === "number";
      if (isTime) slot.dateTime = new Date(value).toISOString();
      slot.textContent = isTime ? when(value) : value;
    }
    for (const slot of document.querySelectorAll(`[data-relative="${name}"]`)) slot.textContent = relative(value);
  }
}

// Tells screen readers what sighted people see change next to where they look.
function say(text) {
  $("said").textContent = "";
  setTimeout(() => { $("said").textContent = text; }, 50);
}

let countdown = null;

// Shows `view`, whose slot "seconds" counts down, and goes on with `then` when it is over.
function showAndWait(view, seconds, then) {
  clearInterval(countdown);
  const end = Date.now() + seconds * 1000;
  show(view, { seconds: counted(seconds, "second", "seconds") });
  say(`Trying again in ${counted(seconds, "second", "seconds")}.`);
  countdown = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) return fill({ seconds: counted(left, "second", "seconds") });
    clearInterval(countdown);
    return then();
  }, 250);
}

const mayLeave = (event) => event.preventDefault();

// Asks before the page is closed, or stops asking.
function guardLeaving(guarded) {
  if (guarded) addEventListener("beforeunload", mayLeave);
  else removeEventListener("beforeunload", mayLeave);
}

// Shows the state "old" or "insecure" if the browser can't do what this page needs. The address keeps its secret part
// then: it has to be carried to another browser.
function browserIsTooOld() {
  if (window.crypto?.subtle) return false;
  show(window.isSecureContext === false ? "insecure" : "old");
  return true;
}

// --- one address, from the first look to its end ---

let page = null; // what is different on the page at hand, see start()
let address = null; // { path, id, idBytes, key }
let header = null; // what the server says stands behind it; .text is the exact text that the ciphertext is bound to
let unsure = false; // the request that works once went out and no answer came back

const proof = () => linkProof(address);

// Asks what stands behind the address; changes nothing.
async function look() {
  show("checking");
  const answer = await ask(address, "status", { link: await proof() });
  const problem = commonProblem(answer);
  if (problem) return end(problem, answer);
  if (answer.status === 0) return show("offline");
  if (answer.status !== 200) return showAndWait("busy", answer.wait, look);
  return describe(answer.body);
}

// Asks what became of a request that works once and was not answered.
async function findOut() {
  show("unsure");
  busy(true);
  const answer = await ask(address, "status", { link: await proof() });
  busy(false);
  const problem = commonProblem(answer);
  if (problem) return end(problem, answer);
  if (answer.status === 200) return describe(answer.body);
  if (answer.status === 0) return say("Still no answer.");
  return showAndWait("busy", answer.wait, findOut);
}

function busy(on) {
  $("unsure-again").setAttribute("aria-disabled", String(on));
  $("unsure-words").textContent = on ? "Looking what became of it…" : "The server does not answer.";
}

function describe(body) {
  const fields = asJson(body.header);
  if (fields?.id !== address.id) return end("refused", { status: 200, body: { error: page.another } });
  header = { text: body.header, ...fields };
  fill({ ...page.facts(header), expires: header.expires_at });
  if (body.state !== page.live) return end(body.state === page.spent && unsure ? page.lost : body.state, { body });
  page.ready(body, unsure);
  unsure = false;
  return undefined;
}

// What follows on an answer that did not do what was asked, to the request that works once; `again` shows the form.
function undone(answer, again) {
  const ending = commonProblem(answer);
  if (ending === page.spent && (unsure || answer.meanwhile)) return end(page.lost, answer);
  if (ending) return end(ending, answer);
  if (answer.status === 429) return showAndWait("busy", answer.wait, again);
  // No answer, or one that does not say what became of it. It may have been done for an answer that was lost.
  unsure = true;
  return answer.status === 503 ? showAndWait("busy", answer.wait, findOut) : findOut();
}

// Shows a state that nothing leads out of, and forgets what is no longer needed.
function end(view, { status, body = {} }) {
  const known = document.querySelector(`section[data-title]#${CSS.escape(view)}`) ? view : "refused";
  page.forget();
  show(known, { at: body.at ?? now(), answer: `${status ?? 200} ${body.error ?? body.state ?? ""}`.trim() });
}

// Says what is wrong with what was typed, or takes it back.
function complain(problem) {
  const said = $(`${page.input}-problem`);
  if (said.textContent !== problem) said.textContent = problem;
  $(page.input).setAttribute("aria-invalid", problem === "" ? "false" : "true");
}

function forgetAddress() {
  address?.key.fill(0);
  address = null;
  $(page.input).value = "";
}

let expiryWasSeen = false;

// Times pass while somebody looks for what belongs into the form; when the address's has passed, the server says so.
function watchTheTime() {
  if (header === null || shown !== "ready") return;
  fill({ expires: header.expires_at });
  if (now() < header.expires_at || expiryWasSeen || !$("working").hidden) return;
  expiryWasSeen = true;
  look();
}

// Starts the page, which says what is different on it:
//   input         the id of what people type into; `${input}-problem` says what is wrong with it
//   live, spent   what the server calls it before and after the request that works once
//   lost          the state of the page when it is spent, most likely by us, and the answer was lost
//   another       what an answer about something else is about
//   facts(header)        slots that its header fills
//   ready(body, unsure)  shows the form; `unsure`: a request went out, and did not do it
//   forget()             overwrites and removes every secret
// Neither a page out of the back-forward cache nor a reload may show anything again: a state that lives on secrets (its
// section has data-holds) is left when the page is.
function start(thePage) {
  page = thePage;
  $("offline-again").addEventListener("click", look);
  $("unsure-again").addEventListener("click", () => $("unsure-again").getAttribute("aria-disabled") === "true" || findOut());
  addEventListener("hashchange", () => {
    // Somebody pasted the link again into this tab. The page must not lose for it what cannot be had again.
    if ($(shown).dataset.holds === "content") dropSecretPart("done");
    else if (location.hash.length > 1) location.reload();
  });
  addEventListener("pagehide", () => {
    clearInterval(countdown);
    page.forget();
    if ($(shown).dataset.holds) show(history.state?.step === "done" ? "reloaded-done" : "reloaded");
  });
  if (browserIsTooOld()) return;
  const read = readAddress();
  if (read.problem && read.problem !== "malformed") return show(read.problem);
  dropSecretPart("arrived");
  if (read.problem) return show(read.problem);
  address = read;
  setInterval(watchTheTime, 10_000);
  look();
}
