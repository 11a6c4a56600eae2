// Every state of the page of a secret link, as stories: [name, story(stage)].

import assert from "node:assert/strict";
import { focusSeen } from "./lib.mjs";

const CONTENT = {
  fields: [
    { label: "DATABASE_URL", value: "mysql://th_user:canary-zY7kQ0pLw8sR2vXn@prod.example.org:3306/treeherder?ssl-ca=/app/ca.pem" },
    { label: "Certificate", value: "-----BEGIN CERTIFICATE-----\ncanary-MIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----" },
  ],
  files: [{ name: "client.cnf", text: "[client]\npassword=canary-1f6b\n" }],
};
const WRONG = "0000-0000-0000-0000";

const canaries = (stage) => stage.secrets.push("canary-zY7kQ0pLw8sR2vXn", "canary-1f6b");

// A request that stays unanswered until release() is called.
function hold(stage, step) {
  let release;
  stage.stand.fail(step, { held: new Promise((done) => { release = done; }) });
  return () => release();
}

async function opened(stage) {
  const link = stage.link(CONTENT);
  const tab = await stage.open(link.url, "ready");
  await tab.phrase(link.phrase);
  await tab.state("opened");
  return { link, tab };
}

export const linkStories = [
  ["link: while the server is asked", async (stage) => {
    const release = hold(stage, "status");
    const tab = await stage.open(stage.link(CONTENT).url, "checking");
    await stage.see(tab, "link-checking");
    release();
    await tab.state("ready");
  }],

  ["link: says what it is before anything is spent", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    const words = await tab.words();
    for (const said of ["DATABASE_URL of prod", "the bot, asked by alice", "(in 1 h)", "Guesses left\n5"]) assert.ok(words.includes(said), said);
    assert.equal(tab.page.url(), `${stage.stand.origin}${link.path}`, "the fragment is out of the address bar");
    assert.equal(link.record.state, "live");
    assert.equal(await tab.page.evaluate(() => document.activeElement.localName), "h1", "a screen reader starts at the heading");
    await stage.see(tab, "link-ready");
    await tab.page.getByText("I have no phrase").click();
    await stage.see(tab, "link-ready-no-phrase");
  }],

  ["link: a phrase that can't be one is not sent", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    const send = tab.page.getByRole("button", { name: "Open it" });
    await send.click();
    assert.equal(await tab.problem(), "Type the pass phrase first.");
    for (const [typed, problem] of [
      ["TR7K-09", "10 characters are missing: a phrase has 16."],
      ["TR7K-09QF-MZ4C-W8X", "1 character is missing: a phrase has 16."],
      ["TR7K-09QF-MZ4C-W8XE-A", "That is 1 character too many: a phrase has 16."],
      ["TR7K-U9QF", "There is no U in a phrase. Look again: it may be a V."],
      ["TR7K-!9QF", "There is no “!” in a phrase, only letters and digits."],
      [`${stage.stand.origin}/s/x`, "That is the link. The phrase came in a message of its own."],
    ]) {
      await tab.page.getByLabel("Pass phrase").fill(typed);
      await send.click();
      assert.equal(await tab.problem(), problem);
      assert.equal(await tab.page.evaluate(() => document.activeElement.id), "phrase");
    }
    await stage.see(tab, "link-ready-problem");
    assert.equal(link.record.left, 5);
  }],

  ["link: the phrase may be typed as people type", async (stage) => {
    const tab = await stage.open(stage.link(CONTENT).url, "ready");
    const box = tab.page.getByLabel("Pass phrase");
    for (const [typed, shown] of [
      ["tr7ko9qf mz4c w8xe", "TR7K-09QF-MZ4C-W8XE"],
      ["tr7k–09qf—mz4c‑w8xe", "TR7K-09QF-MZ4C-W8XE"],
      ["  li oO\u200b\u00a0 ", "1100"],
      ["ＴＲ７Ｋ０９", "TR7K-09"],
      ["\u3000tr\u20287k－09﹣q\u0085", "TR7K-09Q"],
      ["ＴＲ７Ｋ－ｏ９", "TR7K-09"],
    ]) {
      await box.fill(typed);
      assert.equal(await box.inputValue(), shown);
    }
    await box.fill("");
    await box.pressSequentially("tr7k09qf");
    assert.equal(await box.inputValue(), "TR7K-09QF");
    for (const key of ["ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft"]) await box.press(key);
    await box.pressSequentially("mz");
    assert.equal(await box.inputValue(), "TR7K-MZ09-QF", "the cursor stays where the typing is");
    await box.press("Backspace");
    await box.press("Backspace");
    assert.equal(await box.inputValue(), "TR7K-09QF");
  }],

  ["link: the whole message may be pasted", async (stage) => {
    const tab = await stage.open(stage.link(CONTENT).url, "ready");
    const box = tab.page.getByLabel("Pass phrase");
    const paste = (text) => box.evaluate((element, pasted) => {
      const data = new DataTransfer();
      data.setData("text/plain", pasted);
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, text);
    await paste("Phrase of K7QM2X: TR7K-09QF-MZ4C-W8XE (opens once)");
    assert.equal(await box.inputValue(), "TR7K-09QF-MZ4C-W8XE");
  }],

  ["link: a wrong phrase costs one guess", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    await tab.phrase(WRONG);
    assert.match(await tab.problem(), /does not open this link\. 4 guesses left/);
    assert.equal(await tab.page.evaluate(() => document.activeElement.id), "phrase");
    await stage.see(tab, "link-ready-wrong");
    for (const left of [3, 2, 1]) {
      await tab.phrase(WRONG);
      await tab.page.getByText(new RegExp(`${left} guess(es)? left; then`)).waitFor();
    }
    await stage.see(tab, "link-ready-last-guess");
    await tab.phrase(WRONG);
    await tab.state("guessed-out");
    assert.equal(link.record.state, "burned");
    await stage.see(tab, "link-guessed-out");
  }],

  ["link: shows that it works", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    const release = hold(stage, "redeem");
    await tab.phrase(link.phrase);
    await tab.page.getByText("Asking for what the link holds.").waitFor();
    await tab.page.getByLabel("Pass phrase").press("Enter");
    await stage.see(tab, "link-ready-working");
    release();
    await tab.state("opened");
    assert.equal(stage.stand.requests.filter(({ url }) => url === `${link.path}/redeem`).length, 1, "a second Enter sends nothing");
  }],

  ["link: shows what was in it", async (stage) => {
    canaries(stage);
    const { tab } = await opened(stage);
    const fields = await tab.fields();
    for (const { label, value } of CONTENT.fields) assert.equal(fields[label], value);
    await stage.see(tab, "link-opened");
    const text = await tab.saved();
    for (const { label, value } of CONTENT.fields) assert.ok(text.includes(label) && text.includes(value));
    assert.ok(text.includes(CONTENT.files[0].text));
    assert.equal(await tab.saved("Save client.cnf"), CONTENT.files[0].text);
    await tab.page.getByRole("button", { name: "Hide values" }).click();
    assert.ok(!(await tab.page.content()).includes(CONTENT.fields[0].value), "hidden values are not on the page");
    await stage.see(tab, "link-opened-hidden");
    await tab.page.getByRole("button", { name: "Show values" }).click();
    assert.deepEqual(await tab.fields(), fields);
    await tab.page.getByRole("button", { name: "I have it: clear this page" }).click();
    await tab.state("cleared");
    assert.ok(!(await tab.page.content()).includes("canary"));
    await stage.see(tab, "link-cleared");
  }],

  ["link: copies, and says so when the browser forbids it", async (stage) => {
    const { tab } = await opened(stage);
    await tab.page.getByRole("button", { name: "Copy DATABASE_URL" }).click();
    await tab.page.getByRole("button", { name: "Copied DATABASE_URL" }).waitFor();
    await tab.page.locator("#said").getByText("DATABASE_URL: copied.").waitFor({ state: "attached" });
    await stage.see(tab, "link-opened-copied");
    const box = await stage.open(stage.box().url, "ready");
    await box.page.getByLabel("The value").press("Control+V");
    assert.equal(await box.page.getByLabel("The value").inputValue(), CONTENT.fields[0].value);
    await tab.page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("forbidden")); });
    await tab.page.bringToFront();
    await tab.page.getByRole("button", { name: "Copy Certificate" }).click();
    await tab.page.getByRole("button", { name: "Selected Certificate" }).waitFor();
    assert.equal(await tab.page.evaluate(() => String(getSelection())), CONTENT.fields[1].value);
  }],

  ["link: what is no list of fields is shown as it is", async (stage) => {
    for (const content of [{ anything: "else" }, { fields: [{ label: "a", value: null }], files: [] }]) {
      const link = stage.link(content);
      const tab = await stage.open(link.url, "ready");
      await tab.phrase(link.phrase);
      assert.deepEqual(await tab.fields(), { Content: JSON.stringify(content) });
    }
  }],

  ["link: without a script the page says what is missing", async (stage) => {
    const link = stage.link(CONTENT);
    const off = async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send("Emulation.setScriptExecutionDisabled", { value: true });
    };
    const tab = await stage.open(link.url, "checking", { before: off });
    await tab.page.locator("noscript p").waitFor();
    await tab.page.getByText("If this text stays").waitFor();
    await tab.screenshot("link-checking-without-script");
  }],

  ["link: works with the keyboard alone, and with the network cut until it is opened", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    await stage.browser.context.setOffline(true);
    const { keyboard } = tab.page;
    await keyboard.press("Tab");
    await keyboard.type("tr7k");
    await keyboard.press("Enter");
    assert.match(await tab.problem(), /12 characters are missing/);
    await keyboard.press("Control+A");
    await keyboard.type(link.phrase.toLowerCase());
    await keyboard.press("Tab");
    assert.equal(await focusSeen(tab), "Open it");
    await stage.browser.context.setOffline(false);
    await keyboard.press("Enter");
    await tab.state("opened");
    const stops = [];
    for (let stop = 0; stop < 7; stop += 1) {
      await keyboard.press("Tab");
      stops.push(await focusSeen(tab));
    }
    assert.deepEqual(stops, [
      "Copy DATABASE_URL", "Copy Certificate", "Copy client.cnf", "Save client.cnf", "Save all as a text file", "Hide values",
      "I have it: clear this page",
    ]);
  }],

  ["link: a phrase sent into a dead network spends nothing", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    await stage.browser.context.setOffline(true);
    await tab.phrase(link.phrase);
    await tab.state("unsure");
    await tab.page.getByText("The server does not answer.").waitFor();
    await stage.see(tab, "link-unsure");
    await stage.browser.context.setOffline(false);
    await tab.page.getByRole("button", { name: "Look again" }).click();
    assert.equal(await tab.problem(), "The link did not open; nothing was spent. Try again.");
    await tab.page.getByRole("button", { name: "Open it" }).click();
    await tab.state("opened");
  }],

  ["link: a wrong phrase whose answer was lost is told apart", async (stage) => {
    const tab = await stage.open(stage.link(CONTENT).url, "ready");
    stage.stand.fail("redeem", "torn");
    await tab.phrase(WRONG);
    assert.equal(await tab.problem(), "That phrase did not open it. Look at it again.");
    assert.match(await tab.words(), /Guesses left\s+4/);
  }],

  ["link: an answer that is lost on its way is gone", async (stage) => {
    for (const how of ["lost", "torn", "resent"]) {
      const link = stage.link(CONTENT);
      const tab = await stage.open(link.url, "ready");
      stage.stand.fail("redeem", how);
      await tab.phrase(link.phrase);
      assert.match(await tab.state("lost"), /Opened, but the answer was lost/);
      await stage.see(tab, `link-lost-${how}`);
    }
  }],

  ["link: an answer that does not fit its seal is not shown", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    stage.stand.fail("redeem", { change: (answer) => ({ ...answer, ct: answer.ct.replace(/^..../, "AAAA") }) });
    await tab.phrase(link.phrase);
    await tab.state("damaged");
    await stage.see(tab, "link-damaged");
  }],

  ["link: who comes second is told when it was opened", async (stage) => {
    const { link, tab: first } = await opened(stage);
    const second = await stage.open(link.url, "redeemed");
    assert.match(await second.words(), /opened \d+ s ago/);
    await stage.see(second, "link-redeemed");
    await first.close();
    const racing = stage.link(CONTENT);
    const tab = await stage.open(racing.url, "ready");
    Object.assign(racing.record, { state: "redeemed", at: Date.now() - 125_000 });
    await tab.phrase(racing.phrase);
    assert.match(await tab.state("redeemed"), /opened 2 min ago/);
  }],

  ["link: expired, burned, unknown", async (stage) => {
    const old = await stage.open(stage.link(CONTENT, { expiresIn: -3 * 3_600_000 }).url, "expired");
    assert.match(await old.words(), /ended 3 h ago/);
    await stage.see(old, "link-expired");
    const burned = stage.link(CONTENT);
    Object.assign(burned.record, { state: "burned", at: Date.now() - 40 * 60_000 });
    await stage.see(await stage.open(burned.url, "burned"), "link-burned");
    const link = stage.link(CONTENT);
    const unknown = await stage.open(link.url.replace(/.$/, (last) => (last === "A" ? "E" : "A")).replace(/#./, "#_"), "not-found");
    await stage.see(unknown, "link-not-found");
  }],

  ["link: an address without its secret part, or with half of it", async (stage) => {
    const link = stage.link(CONTENT);
    await stage.see(await stage.open(`${stage.stand.origin}${link.path}`, "no-secret"), "link-no-secret");
    await stage.see(await stage.open(link.url.slice(0, -9), "malformed"), "link-malformed");
    await stage.open(link.url.replace("/s/", "/s/x"), "malformed");
    const quoted = await stage.open(`${link.url}%3E.`, "ready");
    assert.ok(!quoted.page.url().includes("#"));
  }],

  ["link: a reload has words, before it is opened and after", async (stage) => {
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "ready");
    await tab.page.reload();
    await tab.state("reloaded");
    await stage.see(tab, "link-reloaded");
    await tab.page.goto(link.url);
    await tab.state("ready");
    await tab.phrase(link.phrase);
    await tab.state("opened");
    await tab.page.reload();
    await tab.state("reloaded-done");
    assert.ok(!(await tab.page.content()).includes("canary"));
    await stage.see(tab, "link-reloaded-done");
  }],

  ["link: leaving the page forgets everything", async (stage) => {
    const { tab, link } = await opened(stage);
    await tab.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    await tab.state("reloaded-done");
    assert.ok(!(await tab.page.content()).includes("canary"));
    await tab.page.goto(`${stage.stand.origin}${stage.link(CONTENT).path}`);
    await tab.page.goBack();
    await tab.state("reloaded-done");
    assert.equal(link.record.state, "redeemed");
  }],

  ["link: pasting it again into the same tab loses nothing", async (stage) => {
    const { tab, link } = await opened(stage);
    await tab.page.evaluate((hash) => { location.hash = hash; }, link.fragment);
    await tab.page.waitForFunction(() => location.hash === "");
    assert.equal(Object.keys(await tab.fields()).length, 2);
    const waiting = await stage.open(`${stage.stand.origin}${stage.link(CONTENT).path}`, "no-secret");
    await waiting.page.evaluate((hash) => { location.hash = hash; }, "A".repeat(43));
    await waiting.state("not-found");
  }],

  ["link: a server that does not answer", async (stage) => {
    stage.stand.fail("status", "cut");
    const tab = await stage.open(stage.link(CONTENT).url, "offline");
    await stage.see(tab, "link-offline");
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.state("ready");
  }],

  ["link: a server that asks for patience", async (stage) => {
    stage.stand.fail("status", { status: 429, body: { error: "slow_down" }, headers: { "retry-after": "9" } });
    const link = stage.link(CONTENT);
    const tab = await stage.open(link.url, "busy");
    assert.match(await tab.words(), /in [89] seconds/);
    await stage.see(tab, "link-busy");
    await tab.state("ready");
    stage.stand.fail("redeem", { status: 503, body: { error: "try_again" }, headers: { "retry-after": "1" } });
    await tab.phrase(link.phrase);
    await tab.state("busy");
    assert.match(await tab.problem(), /nothing was spent/);
    stage.stand.fail("redeem", { status: 429, body: { error: "slow_down" }, headers: { "retry-after": "1" } });
    await tab.page.getByRole("button", { name: "Open it" }).click();
    await tab.state("busy");
    await tab.state("ready");
    stage.stand.fail("redeem", { status: 502, body: "<h1>Bad gateway</h1>", type: "text/html" });
    await tab.page.getByRole("button", { name: "Open it" }).click();
    assert.match(await tab.problem(), /nothing was spent/);
    await tab.page.getByRole("button", { name: "Open it" }).click();
    await tab.state("opened");
  }],

  ["link: a server that refuses", async (stage) => {
    stage.stand.fail("status", { status: 403, body: { error: "wrong_origin" } });
    const tab = await stage.open(stage.link(CONTENT).url, "refused");
    assert.match(await tab.words(), /403 wrong_origin/);
    await stage.see(tab, "link-refused");
  }],

  ["link: a browser that can't", async (stage) => {
    const withoutCrypto = (page) => page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined }));
    const link = stage.link(CONTENT);
    const old = await stage.open(link.url, "old", { before: withoutCrypto });
    assert.ok(old.page.url().endsWith(link.fragment), "the address can still be carried to another browser");
    await stage.see(old, "link-old");
    const plain = await stage.open(link.url.replace("127.0.0.1", "insecure.test"), "insecure", { tolerate: ["untrustworthy"] });
    await stage.see(plain, "link-insecure");
  }],

  ["link: nothing is printed", async (stage) => {
    const { tab } = await opened(stage);
    await tab.page.emulateMedia({ media: "print" });
    assert.equal(await tab.page.locator("main").isVisible(), false);
    await tab.screenshot("link-opened-printed");
  }],
];
