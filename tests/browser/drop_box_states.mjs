// Every state of the page of a drop box, as stories: [name, story(stage)].

import assert from "node:assert/strict";
import { focusSeen } from "./lib.mjs";

const VALUE = "canary-sk_live_51HqLyjWDarjtT1zdp7dc";

const area = (tab) => tab.page.getByLabel("The value");
const sendButton = (tab) => tab.page.getByRole("button", { name: "Send it" });

// The digits that a plan shows for what the server took.
const taken = (stage, path) => {
  const sent = stage.stand.requests.findLast(({ url }) => url === `${path}/fill`);
  return stage.stand.digestOf(JSON.parse(sent.body)).replace(/^(.{4})(.{4}).*/, "$1 $2");
};

export const dropBoxStories = [
  ["box: while the server is asked", async (stage) => {
    let release;
    stage.stand.fail("status", { held: new Promise((done) => { release = done; }) });
    const tab = await stage.open(stage.box().url, "checking");
    await stage.see(tab, "box-checking");
    release();
    await tab.state("ready");
  }],

  ["box: takes a value, once", async (stage) => {
    stage.secrets.push(VALUE);
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    const words = await tab.words();
    for (const said of ["A new value for NEW_KEY of stage", "config set stage NEW_KEY", "(in 1 h)"]) assert.ok(words.includes(said), said);
    assert.equal(tab.page.url(), `${stage.stand.origin}${box.path}`);
    await stage.see(tab, "box-ready");
    await sendButton(tab).click();
    assert.equal(await tab.problem(), "Type or paste the value first.");
    await stage.see(tab, "box-ready-problem");
    await area(tab).fill(VALUE);
    assert.match(await tab.words(), /36 bytes, at most 16,384/);
    await stage.see(tab, "box-ready-masked");
    await tab.page.getByLabel("Show what I typed").check();
    await stage.see(tab, "box-ready-visible");
    let release;
    stage.stand.fail("fill", { held: new Promise((done) => { release = done; }) });
    await sendButton(tab).click();
    await tab.page.getByText("Encrypting it in this browser").waitFor();
    await stage.see(tab, "box-ready-working");
    release();
    assert.equal(await tab.digits(), taken(stage, box.path));
    assert.equal(box.record.value, VALUE);
    await stage.see(tab, "box-sent");
    assert.equal(await tab.page.evaluate(() => document.getElementById("value").value), "", "the page has forgotten it");
    await tab.page.reload();
    await tab.state("reloaded-done");
    await stage.see(tab, "box-reloaded-done");
    const second = await stage.open(box.url, "filled");
    assert.match(await second.words(), /put in \d+ s ago/);
    await stage.see(second, "box-filled");
  }],

  ["box: asks about white space that was hardly meant", async (stage) => {
    const tab = await stage.open(stage.box().url, "ready");
    for (const [typed, doubt, mended] of [
      ["value\n", "a line break at the end", "value"],
      ["value  ", "a space at the end", "value"],
      ["\tvalue\r\n", "a line break at the end and white space at the start", "value"],
      ["va\u200blue", "an invisible character (U+200B)", "value"],
      [" va\u00a0lue ", "a space at the end, white space at the start and an invisible character (U+00A0)", "value"],
    ]) {
      await area(tab).fill(typed);
      await tab.page.getByText(`There is ${doubt}. Was that meant?`).waitFor();
      if (typed === "value\n") await stage.see(tab, "box-ready-doubts");
      await sendButton(tab).click();
      assert.equal(await tab.page.evaluate(() => document.activeElement.id), "doubts", "it is not sent before that is answered");
      await tab.page.getByRole("button", { name: "Remove it" }).click();
      assert.equal(await area(tab).inputValue(), mended);
    }
    for (const fine of ["two words", "-----BEGIN KEY-----\nabc\n-----END KEY-----", "tab\tinside", "ключ", "秘密"]) {
      await area(tab).fill(fine);
      assert.equal(await tab.page.locator("#doubts").isVisible(), false, fine);
    }
  }],

  ["box: white space that is meant is sent", async (stage) => {
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    await area(tab).fill("-----END KEY-----\n");
    await tab.page.getByRole("button", { name: "Keep it as it is" }).click();
    await sendButton(tab).click();
    await tab.state("sent");
    assert.equal(box.record.value, "-----END KEY-----\n");
  }],

  ["box: values of every length that fits, to the byte", async (stage) => {
    for (const value of ["x", "x".repeat(1023), "x".repeat(1024), "ключ".repeat(2048)]) {
      const box = stage.box();
      const tab = await stage.open(box.url, "ready");
      await tab.fill(value);
      await tab.state("sent");
      assert.equal(box.record.value, value);
      await tab.close();
    }
    const tab = await stage.open(stage.box().url, "ready");
    await area(tab).fill("x".repeat(16_385));
    assert.equal(await tab.problem(), "That is 1 byte too many: a drop box takes 16,384.");
    await sendButton(tab).click();
    await stage.see(tab, "box-ready-too-long");
    assert.equal(await tab.shown(), "ready");
  }],

  ["box: works with the keyboard alone, and with the network cut until it is sent", async (stage) => {
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    await stage.browser.context.setOffline(true);
    const { keyboard } = tab.page;
    await keyboard.press("Tab");
    await keyboard.type(`${VALUE} `);
    const stops = [];
    for (let stop = 0; stop < 4; stop += 1) {
      await keyboard.press("Tab");
      stops.push(await focusSeen(tab));
    }
    assert.deepEqual(stops, ["Show what I typed", "Remove it", "Keep it as it is", "Send it"]);
    await keyboard.press("Enter");
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    assert.equal(await tab.page.evaluate(() => document.activeElement.id), "value");
    for (const key of ["Tab", "Tab"]) await keyboard.press(key);
    await stage.browser.context.setOffline(false);
    await keyboard.press("Enter");
    await tab.state("sent");
    assert.equal(box.record.value, VALUE);
  }],

  ["box: a value sent into a dead network can be sent again", async (stage) => {
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    await stage.browser.context.setOffline(true);
    await tab.fill(VALUE);
    await tab.state("unsure");
    await tab.page.getByText("The server does not answer.").waitFor();
    await stage.see(tab, "box-unsure");
    await stage.browser.context.setOffline(false);
    await tab.page.getByRole("button", { name: "Look again" }).click();
    assert.equal(await tab.problem(), "It did not arrive. Send it again; what you typed is still here.");
    await sendButton(tab).click();
    await tab.state("sent");
    assert.equal(box.record.value, VALUE);
  }],

  ["box: when the answer is lost the number still tells", async (stage) => {
    for (const how of ["lost", "torn", "resent"]) {
      const box = stage.box();
      const tab = await stage.open(box.url, "ready");
      stage.stand.fail("fill", how);
      await tab.fill(VALUE);
      await tab.state("filled-unsure");
      assert.equal(await tab.page.locator("#filled-unsure [data-slot=digits]").innerText(), taken(stage, box.path));
      await stage.see(tab, `box-filled-unsure-${how}`);
    }
  }],

  ["box: a server that took something else", async (stage) => {
    const tab = await stage.open(stage.box().url, "ready");
    stage.stand.fail("fill", { change: () => ({ sha256: "f".repeat(64) }) });
    await tab.fill(VALUE);
    assert.match(await tab.state("other-number"), /it took ffff ffff/);
    await stage.see(tab, "box-other-number");
  }],

  ["box: what the bot can't read may be sent again", async (stage) => {
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    stage.stand.fail("fill", { status: 422, body: { error: "unreadable" } });
    await tab.fill(VALUE);
    assert.match(await tab.problem(), /could not read what arrived, so it took nothing/);
    await stage.see(tab, "box-ready-unreadable");
    await sendButton(tab).click();
    await tab.state("sent");
    assert.equal(box.record.value, VALUE);
  }],

  ["box: filled by somebody else while it was open here", async (stage) => {
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    Object.assign(box.record, { state: "filled", at: Date.now() - 65_000 });
    await tab.fill(VALUE);
    assert.match(await tab.state("filled"), /put in 1 min ago/);
  }],

  ["box: expired, closed, unknown", async (stage) => {
    await stage.see(await stage.open(stage.box({ expiresIn: -60_000 }).url, "expired"), "box-expired");
    const closed = stage.box();
    Object.assign(closed.record, { state: "closed", at: Date.now() - 90_000 });
    await stage.see(await stage.open(closed.url, "closed"), "box-closed");
    await stage.see(await stage.open(stage.box().url.replace(/#./, (first) => (first === "#_" ? "#-" : "#_")), "not-found"), "box-not-found");
  }],

  ["box: an address without its secret part, or with half of it", async (stage) => {
    const box = stage.box();
    await stage.see(await stage.open(`${stage.stand.origin}${box.path}`, "no-secret"), "box-no-secret");
    await stage.see(await stage.open(box.url.slice(0, -1), "malformed"), "box-malformed");
  }],

  ["box: leaving or reloading forgets what was typed", async (stage) => {
    const box = stage.box();
    const tab = await stage.open(box.url, "ready");
    await area(tab).fill(VALUE);
    await tab.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    await tab.state("reloaded");
    assert.equal(await tab.page.evaluate(() => document.getElementById("value").value), "");
    await tab.page.goto(box.url);
    await tab.state("ready");
    await tab.page.reload();
    await tab.state("reloaded");
    await stage.see(tab, "box-reloaded");
    assert.equal(box.record.state, "open");
  }],

  ["box: a server that does not answer, asks for patience, refuses", async (stage) => {
    stage.stand.fail("status", "cut");
    const tab = await stage.open(stage.box().url, "offline");
    await stage.see(tab, "box-offline");
    stage.stand.fail("status", { status: 503, body: { error: "try_again" }, headers: { "retry-after": "9" } });
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.state("busy");
    await stage.see(tab, "box-busy");
    await tab.state("ready");
    stage.stand.fail("fill", { status: 429, body: { error: "slow_down" }, headers: { "retry-after": "1" } });
    await tab.fill(VALUE);
    await tab.state("busy");
    await tab.state("ready");
    assert.equal(await area(tab).inputValue(), VALUE, "what was typed is still there");
    stage.stand.fail("fill", { status: 413, body: { error: "too_large" } });
    await sendButton(tab).click();
    assert.match(await tab.state("refused"), /413 too_large/);
    await stage.see(tab, "box-refused");
  }],

  ["box: a browser that can't", async (stage) => {
    const withoutCrypto = (page) => page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined }));
    const box = stage.box();
    await stage.see(await stage.open(box.url, "old", { before: withoutCrypto }), "box-old");
    const plain = await stage.open(box.url.replace("127.0.0.1", "insecure.test"), "insecure", { tolerate: ["untrustworthy"] });
    await stage.see(plain, "box-insecure");
  }],
];
