// Hands for stories that are told elsewhere: an order in each line of stdin, its answer in a line of stdout, both as JSON.
// What is secret comes by stdin, so that it is in no list of processes.
//
//   {"order":"open","url":"http://…","tolerate":["a complaint that belongs to the story"]}   →  {"done":0}, the tab
//   {"order":"state","tab":0,"name":"ready"}                                                →  {"done":"what is shown"}
//   {"order":"phrase","tab":0,"phrase":"…"}                                                 →  {"done":null} or {"failed":"…"}
//
// It ends with its stdin.

import { createInterface } from "node:readline";
import { launch } from "./lib.mjs";
import { clickEverything, submitEverything } from "./scanner.mjs";
import { wrongVectors } from "./vectors.mjs";

const browser = await launch();
const tabs = [];

const orders = {
  async open({ url, tolerate = [] }) {
    tabs.push(await browser.open(url, { tolerate }));
    return tabs.length - 1;
  },
  state: ({ tab, name }) => tabs[tab].state(name),
  words: ({ tab }) => tabs[tab].words(),
  problem: ({ tab }) => tabs[tab].problem(),
  saysProblem: ({ tab, text }) => tabs[tab].page.locator(".problem", { hasText: text }).waitFor({ timeout: 15_000 }),
  phrase: ({ tab, phrase }) => tabs[tab].phrase(phrase),
  fields: ({ tab }) => tabs[tab].fields(),
  saved: ({ tab, button }) => tabs[tab].saved(button),
  fill: ({ tab, value }) => tabs[tab].fill(value),
  digits: ({ tab }) => tabs[tab].digits(),
  barriers: ({ tab }) => tabs[tab].barriers(),
  address: ({ tab }) => tabs[tab].page.url(),
  content: ({ tab }) => tabs[tab].page.content(),
  reload: async ({ tab }) => { await tabs[tab].page.reload(); },
  close: ({ tab }) => tabs[tab].close(),
  screenshot: ({ tab, name }) => tabs[tab].screenshot(name),
  clickEverything: ({ tab }) => clickEverything(tabs[tab].page),
  submitEverything: ({ tab, text }) => submitEverything(tabs[tab].page, text),
  wrongVectors: ({ tab, kind, vectors }) => wrongVectors(tabs[tab].page, kind, vectors),
  complaints: () => browser.complaints(),
  requests: () => browser.requests,
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

say({ done: "launched" });
for await (const line of createInterface({ input: process.stdin })) {
  const { order, ...what } = JSON.parse(line);
  try {
    say({ done: (await orders[order](what)) ?? null });
  } catch (error) {
    say({ failed: error.message });
  }
}
await browser.close();
