// The page of a secret link: says what the link is, takes the pass phrase, opens the link once, shows what was in it.

const KDF_ROUNDS = 600_000;

let guessesLeft = 0;
let content = null; // { fields: [{ label, value }], files: [{ name, text }] }

// --- the phrase: bot/secrets/vectors/check.mjs runs this part, and compares it with how the bot reads phrases ---

const PHRASE_CHARS = 16;

// Spaces, hyphens of any kind and what copying drags along.
const IGNORED = /[\s\u0085\u00ad\u058a\u200b-\u200f\u2010-\u2015\u2043\u2060\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d\ufeff-]/gu;
// Letters and digits as keyboards for Japanese and Chinese type them.
const FULL_WIDTH = /[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/gu;
const LOOKALIKES = { O: "0", I: "1", L: "1" };

// What was typed as the characters of a phrase: upper case, without spaces and hyphens, lookalikes read as digits.
function phraseChars(typed) {
  const text = typed.replace(IGNORED, "").replace(FULL_WIDTH, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0));
  return Array.from(text.replace(/[a-z]/g, (letter) => letter.toUpperCase()), (char) => LOOKALIKES[char] ?? char);
}

// The first character that is in no phrase.
const strangerIn = (typed) => phraseChars(typed).find((char) => !/^[0-9A-HJKMNP-TV-Z]$/.test(char));

// What is wrong with a phrase, or "". `whole` also counts what is not typed yet.
function phraseProblem(typed, whole) {
  const chars = phraseChars(typed);
  if (typed.includes("://")) return "That is the link. The phrase came in a message of its own.";
  const stranger = strangerIn(typed);
  if (stranger === "U") return "There is no U in a phrase. Look again: it may be a V.";
  if (stranger) return `There is no “${stranger}” in a phrase, only letters and digits.`;
  const extra = chars.length - PHRASE_CHARS;
  if (extra > 0) return `That is ${counted(extra, "character", "characters")} too many: a phrase has ${PHRASE_CHARS}.`;
  if (!whole || extra === 0) return "";
  if (chars.length === 0) return "Type the pass phrase first.";
  return `${counted(-extra, "character is", "characters are")} missing: a phrase has ${PHRASE_CHARS}.`;
}

// Shows what is typed in groups of four, with the cursor where it was. What can't be a phrase stays as it is.
function formatPhrase() {
  const box = $("phrase");
  if (strangerIn(box.value)) return;
  const before = phraseChars(box.value.slice(0, box.selectionStart)).length;
  const chars = phraseChars(box.value);
  const text = chars.join("").replace(/(.{4})(?=.)/gu, "$1-");
  if (text === box.value) return;
  const atEnd = box.selectionStart === box.value.length;
  box.value = text;
  const cursor = atEnd ? text.length : before + Math.floor(Math.max(before - 1, 0) / 4);
  box.setSelectionRange(cursor, cursor);
}

// Somebody who copied the whole message means the phrase in it.
function pastePhrase(event) {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const found = text.match(/\b[0-9A-Za-z]{4}(?:[-\u2010-\u2015][0-9A-Za-z]{4}){3}\b/g);
  if (text.length < 20 || found?.length !== 1) return;
  event.preventDefault();
  $("phrase").value = found[0];
  phraseChanged();
}

function phraseChanged(event) {
  if (event?.isComposing) return;
  formatPhrase();
  const typed = $("phrase").value;
  complain(phraseProblem(typed, false));
  $("phrase-count").textContent = `${phraseChars(typed).length} of ${PHRASE_CHARS}`;
}

// --- keys ---

// The two keys that need address and phrase: `enc` opens the ciphertext, `auth` shows the server that we may have it.
async function deriveKeys(phrase) {
  const typed = await crypto.subtle.importKey("raw", toUtf8(phrase), "PBKDF2", false, ["deriveBits"]);
  const salt = await hkdf(address.key, address.idBytes, "csl1/pwsalt", 16);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: KDF_ROUNDS };
  const stretched = new Uint8Array(await crypto.subtle.deriveBits(how, typed, 256));
  const both = joined(address.key, stretched);
  const enc = await hkdf(both, address.idBytes, "csl1/enc", 32);
  const auth = await hkdf(both, address.idBytes, "csl1/auth", 32);
  const key = await crypto.subtle.importKey("raw", enc, "AES-GCM", false, ["decrypt"]);
  for (const bytes of [salt, stretched, both, enc]) bytes.fill(0);
  return { enc: key, auth: toBase64Url(auth) };
}

async function decrypt(key, { nonce, ct }) {
  const how = { name: "AES-GCM", iv: fromBase64Url(nonce), additionalData: toUtf8(header.text), tagLength: 128 };
  return unpadded(new Uint8Array(await crypto.subtle.decrypt(how, key, fromBase64Url(ct))));
}

// Fields and files; whatever else somebody may have put in is shown as it is.
function readContent(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const { fields, files } = asJson(text) ?? {};
  const areTexts = (list, ...names) => Array.isArray(list) && list.every((one) => names.every((name) => typeof one?.[name] === "string"));
  if (areTexts(fields, "label", "value") && areTexts(files, "name", "text")) return { fields, files };
  return { fields: [{ label: "Content", value: text }], files: [] };
}

// --- the form ---

function ready(body, wasUnsure) {
  const spent = guessesLeft - body.attempts_left;
  guessesLeft = body.attempts_left;
  showForm();
  if (wasUnsure) complain(spent === 1 ? "That phrase did not open it. Look at it again." : "The link did not open; nothing was spent. Try again.");
}

function showForm() {
  show("ready", { title: header.title, guesses: guessesLeft === 1 ? "1: a wrong phrase now destroys the link" : String(guessesLeft) });
  working(false);
}

// --- opening: happens once ---

async function openLink(event) {
  event.preventDefault();
  if ($("open").getAttribute("aria-disabled") === "true") return;
  const typed = $("phrase").value;
  const problem = phraseProblem(typed, true);
  complain(problem);
  if (problem) return $("phrase").focus();
  working(true, "Turning the phrase into a key. This takes a few seconds on a phone.");
  const keys = await deriveKeys(phraseChars(typed).join(""));
  working(true, "Asking for what the link holds.");
  const answer = await ask(address, "redeem", { link: await proof(), auth: keys.auth });
  if (answer.status === 200) return reveal(keys.enc, answer.body);
  if (answer.status === 403 && answer.body.error === "wrong_phrase") return wrong(answer.body.attempts_left);
  return undone(answer, backToForm);
}

// The server asked for patience and did nothing.
function backToForm() {
  showForm();
  $("phrase").focus();
}

function wrong(left) {
  guessesLeft = left;
  if (left === 0) return end("guessed-out", { body: {} });
  showForm();
  complain(`That phrase does not open this link. ${counted(left, "guess", "guesses")} left; then the link destroys itself.`);
  $("phrase").focus();
  return $("phrase").select();
}

async function reveal(key, answer) {
  const opened = now();
  dropSecretPart("done");
  try {
    content = readContent(await decrypt(key, answer));
  } catch {
    return end("damaged", { body: {} });
  }
  forgetAddress();
  showContent();
  show("opened", { opened, title: header.title });
  say("Opened.");
  guardLeaving(true);
  return undefined;
}

function working(on, text = "") {
  $("phrase").readOnly = on;
  $("open").setAttribute("aria-disabled", String(on));
  $("open").textContent = on ? "Opening…" : "Open it";
  $("working").hidden = !on;
  $("working-text").textContent = text;
}

// --- what was in it ---

function showContent() {
  $("fields").replaceChildren(...content.fields.map((field) => fieldRow(field.label, field.value)));
  $("files").replaceChildren(...content.files.map(fileRow));
  $("fields").hidden = content.fields.length === 0;
  $("files").hidden = content.files.length === 0;
  hideValues(false);
}

function fieldRow(label, value) {
  const row = $("field").content.cloneNode(true).firstElementChild;
  row.querySelector("dt").textContent = label;
  row.querySelector("code").textContent = value;
  const button = row.querySelector("button");
  button.querySelector(".unseen").textContent = ` ${label}`;
  button.addEventListener("click", () => copy(button, value, label, row.querySelector("code")));
  return row;
}

function fileRow(file) {
  const row = $("file").content.cloneNode(true).firstElementChild;
  row.querySelector("code").textContent = file.name;
  row.querySelector(".size").textContent = size(toUtf8(file.text).length);
  const [copyButton, saveButton] = row.querySelectorAll("button");
  for (const button of [copyButton, saveButton]) button.querySelector(".unseen").textContent = ` ${file.name}`;
  copyButton.addEventListener("click", () => copy(copyButton, file.text, file.name, null));
  saveButton.addEventListener("click", () => save(file.name, file.text));
  return row;
}

const size = (bytes) => (bytes < 1024 ? counted(bytes, "byte", "bytes") : `${(bytes / 1024).toFixed(1)} KiB`);

async function copy(button, text, label, place) {
  try {
    await navigator.clipboard.writeText(text);
    mark(button, "Copied");
    say(`${label}: copied.`);
  } catch {
    if (place === null || place.dataset.hidden) return say("The browser does not allow copying. Save it as a file instead.");
    getSelection().selectAllChildren(place);
    mark(button, "Selected");
    say(`${label}: the browser does not allow copying. It is selected now: copy it with Control and C.`);
  }
  return undefined;
}

function mark(button, text) {
  const word = button.querySelector(".word");
  word.dataset.usual ??= word.textContent;
  word.textContent = text;
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => { word.textContent = word.dataset.usual; }, 3_000);
}

function hideValues(on) {
  const codes = $("fields").querySelectorAll("code");
  codes.forEach((code, index) => {
    code.textContent = on ? "••••••••" : content.fields[index].value;
    if (on) code.dataset.hidden = "yes";
    else delete code.dataset.hidden;
  });
  $("hide").textContent = on ? "Show values" : "Hide values";
  $("hide").hidden = codes.length === 0;
}

function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  say(`Saved as ${name}.`);
}

function saveAll() {
  const lines = [header.title, `from ${header.from}, for ${header.recipient}`, ""];
  for (const { label, value } of content.fields) lines.push(value.includes("\n") ? `${label}:\n${value}\n` : `${label}: ${value}`);
  for (const { name, text } of content.files) lines.push("", `--- ${name} ---`, text);
  save("secret.txt", `${lines.join("\n")}\n`);
}

// --- forgetting ---

function forget() {
  forgetAddress();
  content = null;
  for (const id of ["fields", "files"]) $(id).replaceChildren();
  guardLeaving(false);
}

function clearPage() {
  forget();
  show("cleared");
}

$("form").addEventListener("submit", openLink);
$("phrase").addEventListener("input", phraseChanged);
$("phrase").addEventListener("compositionend", () => phraseChanged());
$("phrase").addEventListener("paste", pastePhrase);
$("hide").addEventListener("click", () => hideValues($("hide").textContent === "Hide values"));
$("save").addEventListener("click", saveAll);
$("clear").addEventListener("click", clearPage);

start({
  input: "phrase",
  live: "live",
  spent: "redeemed",
  lost: "lost",
  another: "another link",
  facts: ({ title, from, recipient }) => ({ title, from, recipient }),
  ready,
  forget,
});
