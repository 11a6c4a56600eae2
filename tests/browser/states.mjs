// Brings both pages into every state they have, and looks at each: in light and dark, on a desk and at 320 px.
//
//   node tests/browser/states.mjs --pages bot/web/pages [--page link|drop_box] [--only WORDS]
//
// Each page takes one to two minutes. --only runs the stories whose name has these words, and checks less. At the end it says
// which states it came to, a line a page: reached link: checking ready opened …
//
// Fails if axe-core finds a barrier, something sticks out, a policy is violated, the console complains, a request goes to
// another origin, a secret part of an address leaves the browser, or a state was not reached. The pictures go to OUT.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "./lib.mjs";
import { StandIn } from "./stand_in.mjs";
import { linkStories } from "./link_states.mjs";
import { dropBoxStories } from "./drop_box_states.mjs";

const { values: options } = parseArgs({
  options: { pages: { type: "string" }, page: { type: "string" }, only: { type: "string" } },
});
if (!options.pages) throw new Error("say where the pages are: --pages bot/web/pages");

const STORIES = { link: linkStories, drop_box: dropBoxStories };
const chosen = options.page ? [options.page] : Object.keys(STORIES);

// axe-core looks at each layout and each palette once; that finds the same as all four and takes half the time.
const LOOKS = [
  { name: "desk-light", axe: true, colorScheme: "light", viewport: { width: 1024, height: 800 } },
  { name: "desk-dark", colorScheme: "dark", viewport: { width: 1024, height: 800 } },
  { name: "phone-light", colorScheme: "light", viewport: { width: 320, height: 640 } },
  { name: "phone-dark", axe: true, colorScheme: "dark", viewport: { width: 320, height: 640 } },
];

// What a story gets: the server, the browser, and a place to note what must never be seen outside a page.
class Stage {
  visited = new Set();
  secrets = [];
  problems = [];

  constructor(stand, browser) {
    this.stand = stand;
    this.browser = browser;
  }

  link(content, options) {
    const link = this.stand.link(content, options);
    this.secrets.push(link.fragment, link.phrase, link.phrase.replaceAll("-", ""));
    return link;
  }

  box(options) {
    const box = this.stand.box(options);
    this.secrets.push(box.fragment);
    return box;
  }

  // Opens the address and waits for the state; `options` as in Browser.open.
  async open(url, state, options) {
    const tab = await this.browser.open(url, options);
    await tab.state(state);
    return tab;
  }

  // Looks at what a tab shows now. `name` tells the pictures apart: link-ready, link-ready-wrong …
  async see(tab, name) {
    const page = name.startsWith("link") ? "link" : "drop_box";
    this.visited.add(`${page} ${await tab.shown()}`);
    for (const look of LOOKS) {
      await tab.page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: "reduce" });
      await tab.page.setViewportSize(look.viewport);
      const found = look.axe ? await tab.barriers() : [];
      if (await tab.sticksOut()) found.push("something sticks out to the right");
      if (await tab.page.locator("h1:visible").count() !== 1) found.push("there is not one heading");
      this.problems.push(...found.map((problem) => `${name} ${look.name}: ${problem}`));
      await tab.screenshot(`${name}-${look.name}`);
    }
    await tab.page.emulateMedia({ colorScheme: "light", reducedMotion: null });
    await tab.page.setViewportSize(LOOKS[0].viewport);
  }

  // The states in the pages' HTML that no story came to.
  unvisited() {
    return chosen.flatMap((page) => {
      const html = readFileSync(join(options.pages, `${page}.html`), "utf8");
      const states = Array.from(html.matchAll(/<section id="([^"]+)"/g), ([, id]) => `${page} ${id}`);
      assert.equal(states.length, html.split("<section").length - 1, `every section of ${page}.html has an id`);
      return states.filter((state) => !this.visited.has(state));
    });
  }

  // Secret parts that were seen in a request, either by the browser or by the server.
  leaks() {
    const seen = JSON.stringify([this.browser.requests, this.stand.requests]);
    assert.ok(this.stand.requests.length > 20 && this.browser.requests.length > 20, "requests were recorded");
    return this.secrets.filter((secret) => seen.includes(secret));
  }
}

const stand = await StandIn.start(options.pages);
const browser = await launch({ names: { "insecure.test": "127.0.0.1" } });
const stage = new Stage(stand, browser);
const started = Date.now();
try {
  for (const [name, story] of chosen.flatMap((page) => STORIES[page])) {
    if (options.only && !name.includes(options.only)) continue;
    const since = Date.now();
    try {
      await story(stage);
      console.log(`ok    ${name} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
    } catch (error) {
      const where = error.stack.match(/_states\.mjs:\d+/)?.[0] ?? "";
      console.log(`FAIL  ${name} (${where})`);
      stage.problems.push(`${name} (${where}): ${error.message.slice(0, 600)}`);
    }
    for (const page of browser.context.pages()) if (page.url() !== "about:blank") await page.close();
    await browser.context.setOffline(false);
  }
  stage.problems.push(...new Set(browser.complaints()));
  if (!options.only) {
    stage.problems.push(...stage.unvisited().map((state) => `no story came to ${state}`));
    stage.problems.push(...stage.leaks().map(() => "a secret part left the browser"));
  }
} finally {
  await browser.close();
  await stand.stop();
}
console.log(`${stage.visited.size} states in ${((Date.now() - started) / 1000).toFixed(0)} s, ${stand.requests.length} requests`);
for (const page of chosen) {
  const states = Array.from(stage.visited, (state) => state.split(" ")).filter(([where]) => where === page);
  console.log(`reached ${page}: ${states.map(([, state]) => state).join(" ")}`);
}
for (const problem of stage.problems) console.log(`PROBLEM  ${problem}`);
process.exit(stage.problems.length === 0 ? 0 : 1);
