// What a scanner does that runs a page in a browser: it clicks whatever can be clicked, and sends every form.

// Clicks everything that can be clicked and is to be seen, also what comes to be seen by that. Gives the names of it.
export async function clickEverything(page) {
  const clicked = [];
  const seen = new Set();
  for (let more = true; more;) {
    more = false;
    for (const element of await page.locator("a, button, summary, input, textarea, label, [onclick], [role=button]").all()) {
      if (!(await element.isVisible().catch(() => false))) continue;
      const name = await element.evaluate((it) => `${it.localName}#${it.id} ${it.textContent.trim().slice(0, 40)}`);
      if (seen.has(name)) continue;
      seen.add(name);
      await element.click({ timeout: 2_000, noWaitAfter: true });
      clicked.push(name);
      more = true;
    }
  }
  return clicked;
}

// Sends every form, seen or not: by its button, by asking for it, and past its script. `text`, if any, is typed into every
// field before. Says how many forms there were.
export async function submitEverything(page, text) {
  return page.evaluate(async (typed) => {
    const forms = [...document.forms];
    for (const form of forms) {
      for (const field of form.querySelectorAll("input:not([type=checkbox]), textarea")) {
        if (typed === null) continue;
        field.value = typed;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
      for (const button of form.querySelectorAll("button")) button.click();
      form.requestSubmit();
      form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
      form.submit();
      await new Promise((done) => { setTimeout(done, 300); });
    }
    return forms.length;
  }, text ?? null);
}
