// A small server with the pages and the HTTP of secret links and drop boxes, which can be told to fail: it brings the pages
// into states that the real server reaches seldom, such as an answer that is lost on its way.

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { canonical, fromBase64url, linkProof, lock, newBoxKeys, openBox, sha256, toBase64url } from "./csl1.mjs";

const HOUR = 3_600_000;
const MAX_BOX_BYTES = 16_384;

// The two pages as the server puts them together, and the policy that allows exactly their script and style.
function assemble(folder, name) {
  const file = (part) => readFileSync(join(folder, part), "utf8");
  const script = `${file("shared.js")}\n${file(`${name}.js`)}`;
  const style = file("style.css");
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const html = file(`${name}.html`).replace("/*STYLE*/", () => style).replace("/*SCRIPT*/", () => script);
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; connect-src 'self'; base-uri 'none'; ` +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
  return { html, policy };
}

const NOTHING_ALLOWED = [
  "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen", "gamepad",
  "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "keyboard-map", "local-fonts",
  "magnetometer", "microphone", "midi", "otp-credentials", "payment", "picture-in-picture",
  "publickey-credentials-create", "publickey-credentials-get", "screen-wake-lock", "serial", "storage-access",
  "sync-xhr", "usb", "window-management", "xr-spatial-tracking",
].map((feature) => `${feature}=()`).join(", ");

const headers = (policy) => ({
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex, nofollow, noarchive, nosnippet",
  "strict-transport-security": "max-age=63072000",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": `${NOTHING_ALLOWED}, clipboard-write=(self)`,
  "content-security-policy": policy,
});

const gone = ({ state, at }) => [410, { error: "gone", state, at }];
const NOT_FOUND = [404, { error: "not_found" }];

export class StandIn {
  #links = new Map();
  #boxes = new Map();
  #faults = [];
  #dead = null; // { body, until }: a request that gets no answer however often it comes
  #pages;
  #server;
  requests = []; // every request: { method, url, headers, body }

  // Starts it on a free loopback port. `pages` is the folder bot/web/pages.
  static async start(pages) {
    const stand = new StandIn();
    stand.#pages = { s: assemble(pages, "link"), d: assemble(pages, "drop_box") };
    stand.#server = createServer((request, response) => stand.#serve(request, response));
    await new Promise((ready) => stand.#server.listen(0, "127.0.0.1", ready));
    return stand;
  }

  get port() { return this.#server.address().port; }
  get origin() { return `http://127.0.0.1:${this.port}`; }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(done));
  }

  // Makes a live link: { url, path, phrase, record }.
  link(content, { title = "DATABASE_URL of prod", from = "the bot, asked by alice", recipient = "alice", expiresIn = HOUR } = {}) {
    const id = randomBytes(16);
    const text = toBase64url(id);
    const header = canonical({
      v: 1, id: text, expires_at: Date.now() + expiresIn, mime: "application/json", title, from, recipient,
      access_id: null, request_digest: null,
    });
    const { fragment, phrase, kept } = lock(id, header, content);
    const record = { ...kept, state: "live", at: null, left: 5 };
    this.#links.set(text, record);
    return { url: `${this.origin}/s/${text}#${fragment}`, path: `/s/${text}`, fragment, phrase, record };
  }

  // Makes an open drop box: { url, path, record }; record.value is what was put in.
  box({ purpose = "A new value for NEW_KEY of stage", subject = "config set stage NEW_KEY", expiresIn = HOUR } = {}) {
    const id = randomBytes(16);
    const text = toBase64url(id);
    const key = randomBytes(32);
    const header = canonical({ v: 1, id: text, expires_at: Date.now() + expiresIn, purpose, subject });
    const proof = sha256(linkProof(id, key));
    const record = { id, header, keys: newBoxKeys(), link: proof, state: "open", at: null, value: null };
    this.#boxes.set(text, record);
    return { url: `${this.origin}/d/${text}#${toBase64url(key)}`, path: `/d/${text}`, fragment: toBase64url(key), record };
  }

  // The number of what a page sent to a drop box, as the bot computes it.
  digestOf({ key, nonce, ct }) {
    return sha256(Buffer.concat([key, nonce, ct].map(fromBase64url)));
  }

  // The next POST to `step` goes wrong: "cut" before or "lost" after it was done, "resent" (lost, but what the browser then
  // sends once more by itself is answered), "torn" in the middle of its answer, { held: promise } until that is over,
  // { change: function } with another answer, or { status, body, headers } instead of one.
  fail(step, how) {
    this.#faults.push({ step, how });
  }

  async #serve(request, response) {
    const body = await read(request);
    this.requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    const [, kind, id, step] = request.url.split("/");
    const page = this.#pages[kind];
    if (!page) return send(response, 404, "text/plain", "not found", "default-src 'none'");
    if (request.method !== "POST") return send(response, 200, "text/html; charset=utf-8", page.html, page.policy);
    // A browser sends a POST again by itself when a connection that it used before is closed without an answer.
    if (this.#dead?.body === body && Date.now() < this.#dead.until) return response.destroy();
    const at = this.#faults.findIndex((fault) => fault.step === step);
    const fault = at < 0 ? null : this.#faults.splice(at, 1)[0].how;
    if (fault === "cut" || fault === "lost") this.#dead = { body, until: Date.now() + 500 };
    if (fault === "cut") return response.destroy();
    if (fault?.status) {
      const text = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body);
      return send(response, fault.status, fault.type ?? "application/json", text, page.policy, fault.headers);
    }
    const [status, answer] = this.#answer(kind, id, step, request, body);
    const text = JSON.stringify(fault?.change ? fault.change(answer) : answer);
    if (fault?.held) await fault.held;
    if (fault === "lost" || fault === "resent") return response.destroy();
    if (fault === "torn") {
      response.writeHead(status, { ...headers(page.policy), "content-type": "application/json", "content-length": text.length });
      response.write(text.slice(0, text.length / 2));
      return setTimeout(() => response.destroy(), 50);
    }
    return send(response, status, "application/json", text, page.policy);
  }

  #answer(kind, id, step, request, body) {
    if (request.headers["content-type"] !== "application/json") return [415, { error: "not_json" }];
    if (request.headers.origin !== `http://${request.headers.host}`) return [403, { error: "wrong_origin" }];
    if (body.length > (step === "fill" ? 32_768 : 1_024)) return [413, { error: "too_large" }];
    const asked = JSON.parse(body);
    const record = (kind === "s" ? this.#links : this.#boxes).get(id);
    if (!record || sha256(fromBase64url(asked.link)) !== record.link) return NOT_FOUND;
    const expiry = JSON.parse(record.header).expires_at;
    if (["live", "open"].includes(record.state) && Date.now() >= expiry) Object.assign(record, { state: "expired", at: expiry });
    const steps = { "s/status": linkStatus, "s/redeem": redeem, "d/status": boxStatus, "d/fill": fill };
    return steps[`${kind}/${step}`](record, asked);
  }
}

function linkStatus(record) {
  return [200, { header: record.header, state: record.state, at: record.at, attempts_left: record.left }];
}

function redeem(record, asked) {
  if (record.state !== "live") return gone(record);
  record.left -= 1;
  if (sha256(fromBase64url(asked.auth)) !== record.auth) {
    if (record.left === 0) Object.assign(record, { state: "burned", at: Date.now(), ct: null });
    return [403, { error: "wrong_phrase", attempts_left: record.left }];
  }
  const answer = { nonce: toBase64url(record.nonce), ct: toBase64url(record.ct) };
  Object.assign(record, { state: "redeemed", at: Date.now(), ct: null });
  return [200, answer];
}

function boxStatus({ header, keys, state, at }) {
  return [200, { header, public_key: toBase64url(keys.public), state, at, max_bytes: MAX_BOX_BYTES }];
}

function fill(record, asked) {
  if (record.state !== "open") return gone(record);
  const filling = { key: fromBase64url(asked.key), nonce: fromBase64url(asked.nonce), ct: fromBase64url(asked.ct) };
  try {
    record.value = openBox(record.keys.pair, record.id, record.header, filling).toString();
  } catch {
    return [422, { error: "unreadable" }];
  }
  Object.assign(record, { state: "filled", at: Date.now() });
  return [200, { sha256: sha256(Buffer.concat([filling.key, filling.nonce, filling.ct])) }];
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function send(response, status, type, text, policy, more = {}) {
  response.writeHead(status, { ...headers(policy), "content-type": type, "content-length": Buffer.byteLength(text), ...more });
  response.end(text);
}
