// What browser stories need: a Chromium that reaches nothing but loopback, and hands and eyes for the two pages.
//
//   CHROMIUM         the browser                          (tests/run exports these two)
//   BROWSER_MODULES  folder with playwright-core and axe-core
//   OUT              folder for screenshots; made if it is missing
//
//   const browser = await launch();
//   const tab = await browser.open(url);       // a link or a drop box
//   await tab.state("ready");                  // waits for a state: the id of a <section> of the page
//   await tab.phrase("TR7K-09QF-MZ4C-W8XE");   // types it and sends it
//   await tab.fields();                        // { label: value } once it is open
//   await tab.fill("value");                   // types into a drop box and sends it
//   await tab.digits();                        // "9c41 f0e2" once it is sent
//   await tab.screenshot("name");
//   browser.complaints();                      // policy violations, errors and requests to elsewhere: must be []
//   await browser.close();

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run this through tests/run`);
  return value;
}

const require = createRequire(join(needed("BROWSER_MODULES"), "x.js"));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--no-default-browser-check",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
  "--disable-default-apps", "--disable-domain-reliability", "--disable-client-side-phishing-detection",
  "--metrics-recording-only", "--no-pings", "--password-store=basic", "--disable-breakpad",
];

// `names` maps host names to loopback addresses; no other name is even looked up. `authority` is the fingerprint of a
// certificate to trust (base64 of SHA-256 of its public key).
export async function launch({ names = {}, authority = null } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "countersign-browser-"));
  const known = Object.entries(names).map(([name, address]) => `MAP ${name} ${address}`);
  const rules = [...known, "MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1"].join(", ");
  const trust = authority === null ? [] : [`--ignore-certificate-errors-spki-list=${authority}`];
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: needed("CHROMIUM"),
    headless: true,
    args: [...FLAGS, ...trust, `--host-resolver-rules=${rules}`],
    acceptDownloads: true,
    locale: "en-GB",
    timezoneId: "UTC",
  });
  return new Browser(context, profile);
}

export class Browser {
  #context;
  #profile;
  #complaints = [];
  requests = []; // every request of every tab: { url, method, headers, body }

  constructor(context, profile) {
    this.#context = context;
    this.#profile = profile;
    context.on("request", (request) => this.#note(request));
  }

  // Requests may go to the origin of the page that makes them, and no part of them may carry a fragment.
  async #note(request) {
    const seen = { url: request.url(), method: request.method(), body: request.postData() ?? "", headers: await request.allHeaders().catch(() => ({})) };
    this.requests.push(seen);
    if (seen.url.startsWith("blob:")) return;
    const origin = request.frame().url() === "about:blank" ? null : new URL(request.frame().url()).origin;
    if (origin !== null && !request.isNavigationRequest() && new URL(seen.url).origin !== origin) this.#complaints.push(`request to ${seen.url}`);
  }

  // Opens an address in a new tab. `tolerate` are the texts of console errors that belong to the story (a status of 403
  // is one to Chromium).
  async open(url, { tolerate = [], before = null, viewport = { width: 1024, height: 800 } } = {}) {
    const page = await this.#context.newPage();
    await page.setViewportSize(viewport);
    const tab = new Tab(page, this.#complaints, tolerate);
    await tab.watch();
    if (before) await before(page);
    await page.goto(url);
    return tab;
  }

  get context() { return this.#context; }

  complaints() {
    return this.#complaints;
  }

  async close() {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Chromium writes every answer of 4xx and 5xx and every lost connection to the console. The pages have words for those.
const ANSWERS = /^Failed to load resource: /;

export class Tab {
  #complaints;
  #tolerate;

  constructor(page, complaints, tolerate) {
    this.page = page;
    this.#complaints = complaints;
    this.#tolerate = tolerate;
  }

  async watch() {
    const complain = (text) => this.#tolerate.some((known) => text.includes(known)) || this.#complaints.push(text);
    this.page.on("pageerror", (error) => complain(`error: ${error.message}`));
    this.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !ANSWERS.test(message.text())) complain(`console: ${message.text()}`);
    });
    await this.page.exposeFunction("countersignViolation", (text) => complain(`policy: ${text}`));
    await this.page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        globalThis.countersignViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
  }

  // Waits until the page shows a state and says what is there.
  async state(name) {
    try {
      await this.page.waitForSelector(`section#${name}:not([hidden])`, { timeout: 15_000 });
    } catch {
      throw new Error(`the page does not come to “${name}”; it shows “${await this.shown()}”: ${await this.words()}`);
    }
    return this.words();
  }

  shown() {
    return this.page.evaluate(() => document.querySelector("section:not([hidden])")?.id ?? "nothing");
  }

  // What a person can read now.
  words() {
    return this.page.locator("main").innerText();
  }

  async phrase(phrase) {
    await this.page.getByLabel("Pass phrase").fill(phrase);
    await this.page.getByRole("button", { name: "Open it" }).click();
  }

  // What the page says is wrong with what was typed; waits for it.
  async problem() {
    const place = this.page.locator(".problem:not(:empty)");
    await place.waitFor({ timeout: 15_000 });
    return place.innerText();
  }

  async fields() {
    await this.state("opened");
    return this.page.evaluate(() => Object.fromEntries(Array.from(
      document.querySelectorAll("#fields .field"),
      (row) => [row.querySelector("dt").textContent, row.querySelector("code").textContent],
    )));
  }

  // Saves everything as the page offers it, and gives the file's text.
  async saved(button = "Save all as a text file") {
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.getByRole("button", { name: button }).click(),
    ]);
    return readFileSync(await download.path(), "utf8");
  }

  async fill(value) {
    await this.page.getByLabel("The value").fill(value);
    await this.page.getByRole("button", { name: "Send it" }).click();
  }

  async digits() {
    await this.state("sent");
    return this.page.locator("#sent [data-slot=digits]").innerText();
  }

  async screenshot(name) {
    const folder = needed("OUT");
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }

  // The barriers that axe-core finds in what is shown now, as lines of text.
  async barriers() {
    if (!(await this.page.evaluate(() => "axe" in globalThis))) await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
    return violations.map((found) => `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).join(" ")}`);
  }

  // Whether something sticks out of the page to the right.
  sticksOut() {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  }

  close() {
    return this.page.close();
  }
}

// The name of what has the focus; fails if the focus can't be seen.
export async function focusSeen(tab) {
  return tab.page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) throw new Error(`no focus ring on ${element.localName}#${element.id}`);
    return element.textContent.trim() || element.labels?.[0]?.textContent.trim();
  });
}
