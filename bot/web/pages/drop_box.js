// The page of a drop box: says what the box is for, takes one value, seals it to the bot's key, sends it once.

let address = null; // { path, id, idBytes, key }
let header = null; // what the server says the box is for; .text is the exact text that the ciphertext is bound to
let botKey = null; // the public half of the key that only the bot can open with: base64url of 65 bytes
let maxBytes = 0;
let sealed = null; // { value, key, nonce, ct, sha256 }: what was sent or is about to be
let kept = null; // the value whose white space was looked at and meant
let unsure = false; // the value went out and no answer came back

// --- the value ---

const value = () => $("value").value;

// What at the edges of a value, or invisible in it, was probably not meant; "" if there is nothing of the kind.
function doubts(text) {
  const found = [];
  if (/\n\s*$/.test(text)) found.push("a line break at the end");
  else if (/\s$/.test(text)) found.push("a space at the end");
  if (/^\s/.test(text)) found.push("white space at the start");
  const invisible = text.trim().match(INVISIBLE)?.[0];
  if (invisible) found.push(`an invisible character (U+${invisible.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")})`);
  const last = found.pop() ?? "";
  return found.length === 0 ? last : `${found.join(", ")} and ${last}`;
}

// Soft hyphens, zero-width and direction marks, no-break spaces, control characters: copied along from chats and pages.
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff]/;

const withoutDoubts = (text) => text.replace(new RegExp(INVISIBLE, "g"), "").trim();

function valueProblem(text) {
  const bytes = toUtf8(text).length;
  if (bytes === 0) return "Type or paste the value first.";
  if (bytes > maxBytes) return `That is ${counted(bytes - maxBytes, "byte", "bytes")} too many: a drop box takes ${maxBytes.toLocaleString("en-GB")}.`;
  return "";
}

function valueChanged() {
  const text = value();
  const lines = text.split("\n").length;
  const bytes = counted(toUtf8(text).length, "byte", "bytes");
  $("count").textContent = `${bytes}${lines > 1 ? ` in ${lines} lines` : ""}, at most ${maxBytes.toLocaleString("en-GB")}`;
  complain(text === "" ? "" : valueProblem(text));
  const found = text === kept ? "" : doubts(text);
  $("doubts").hidden = found === "";
  if ($("doubts-words").textContent !== found) $("doubts-words").textContent = found;
}

function complain(problem) {
  if ($("value-problem").textContent !== problem) $("value-problem").textContent = problem;
  $("value").setAttribute("aria-invalid", problem === "" ? "false" : "true");
}

function removeDoubts() {
  $("value").value = withoutDoubts(value());
  valueChanged();
  say("Removed.");
  $("value").focus();
}

function keepDoubts() {
  kept = value();
  valueChanged();
  say("It is sent as it is.");
  $("send").focus();
}

// --- sealing ---

// Seals the value so that only the bot can open it, and only as the answer to this box. The same value is sealed once: sent
// again after a lost answer it has the same number, so that the plan tells whether the first one arrived.
async function seal(text) {
  if (sealed?.value === text) return sealed;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("raw", fromBase64Url(botKey), curve, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256));
  const enc = await hkdf(shared, address.idBytes, "csl1/drop", 32);
  const aes = await crypto.subtle.importKey("raw", enc, "AES-GCM", false, ["encrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv: nonce, additionalData: toUtf8(header.text), tagLength: 128 };
  const plain = padded(toUtf8(text));
  const ct = new Uint8Array(await crypto.subtle.encrypt(how, aes, plain));
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  for (const bytes of [shared, enc, plain]) bytes.fill(0);
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", joined(key, nonce, ct))));
  sealed = { value: text, key: toBase64Url(key), nonce: toBase64Url(nonce), ct: toBase64Url(ct), sha256 };
  return sealed;
}

// The digits of the sealed value that a plan shows: "9c41 f0e2".
const digits = (sha256) => `${sha256.slice(0, 4)} ${sha256.slice(4, 8)}`;

// --- looking: changes nothing ---

async function look() {
  show("checking");
  const answer = await ask(address, "status", { link: await linkProof(address) });
  const problem = commonProblem(answer);
  if (problem) return end(problem, answer);
  if (answer.status === 0) return show("offline");
  if (answer.status !== 200) return showAndWait("busy", answer.wait, look);
  return describe(answer.body);
}

function describe(body) {
  const fields = asJson(body.header);
  if (fields?.id !== address.id) return end("refused", { status: 200, body: { error: "another drop box" } });
  header = { text: body.header, ...fields };
  fill({ subject: header.subject, expires: header.expires_at });
  if (body.state !== "open") return end(body.state === "filled" && unsure ? "filled-unsure" : body.state, { body });
  botKey = body.public_key;
  maxBytes = body.max_bytes;
  showForm();
  if (unsure) complain("It did not arrive. Send it again; what you typed is still here.");
  unsure = false;
  return undefined;
}

function showForm() {
  show("ready", { title: header.purpose });
  working(false);
  valueChanged();
}

// Shows a state that nothing leads out of, and forgets what is no longer needed.
function end(view, { status, body = {} }) {
  const known = document.querySelector(`section[data-title]#${CSS.escape(view)}`) ? view : "refused";
  const number = sealed === null ? "" : digits(sealed.sha256);
  forget();
  show(known, { at: body.at ?? now(), digits: number, answer: `${status ?? 200} ${body.error ?? body.state ?? ""}`.trim() });
}

// --- sending: happens once ---

async function send(event) {
  event.preventDefault();
  if ($("send").getAttribute("aria-disabled") === "true") return undefined;
  const text = value();
  const problem = valueProblem(text);
  complain(problem);
  if (problem) return $("value").focus();
  if (!$("doubts").hidden) return $("doubts").focus();
  working(true);
  const filling = await seal(text).catch(() => null);
  if (filling === null) return end("refused", { status: 200, body: { error: "without a key to encrypt to" } });
  const { key, nonce, ct } = filling;
  const answer = await ask(address, "fill", { link: await linkProof(address), key, nonce, ct });
  if (answer.status === 200) return taken(filling, answer.body);
  if (answer.status === 422) return unreadable();
  const ending = commonProblem(answer);
  if (ending === "filled" && (unsure || answer.meanwhile)) return end("filled-unsure", answer);
  if (ending) return end(ending, answer);
  if (answer.status === 429) return showAndWait("busy", answer.wait, showForm);
  // No answer, or one that does not say what became of the value. It may have been taken for an answer that was lost.
  unsure = true;
  return answer.status === 503 ? showAndWait("busy", answer.wait, findOut) : findOut();
}

// Asks what became of a value that was sent and not answered.
async function findOut() {
  show("unsure");
  busy(true);
  const answer = await ask(address, "status", { link: await linkProof(address) });
  busy(false);
  const problem = commonProblem(answer);
  if (problem) return end(problem, answer);
  if (answer.status === 200) return describe(answer.body);
  if (answer.status === 0) return say("Still no answer.");
  return showAndWait("busy", answer.wait, findOut);
}

function taken(filling, body) {
  dropSecretPart("done");
  const ours = body.sha256 === filling.sha256;
  forget();
  show(ours ? "sent" : "other-number", { digits: digits(filling.sha256), theirs: digits(String(body.sha256)) });
}

// The bot could not open what arrived and took nothing. Sealed anew it may.
function unreadable() {
  sealed = null;
  showForm();
  complain("The bot could not read what arrived, so it took nothing. Send it again; what you typed is still here.");
  $("send").focus();
}

function working(on) {
  $("value").readOnly = on;
  $("send").setAttribute("aria-disabled", String(on));
  $("send").textContent = on ? "Sending…" : "Send it";
  $("working").hidden = !on;
  $("working-text").textContent = on ? "Encrypting it in this browser and sending it." : "";
}

function busy(on) {
  $("unsure-again").setAttribute("aria-disabled", String(on));
  $("unsure-words").textContent = on ? "Looking what became of it…" : "The server does not answer.";
}

function showTyped() {
  $("value").classList.toggle("masked", !$("visible").checked);
}

// --- forgetting ---

function forget() {
  address?.key.fill(0);
  address = null;
  sealed = null;
  kept = null;
  $("value").value = "";
  guardLeaving(false);
}

$("form").addEventListener("submit", send);
$("value").addEventListener("input", () => { guardLeaving(value() !== ""); valueChanged(); });
$("visible").addEventListener("change", showTyped);
$("remove").addEventListener("click", removeDoubts);
$("keep").addEventListener("click", keepDoubts);
$("offline-again").addEventListener("click", look);
$("unsure-again").addEventListener("click", () => $("unsure-again").getAttribute("aria-disabled") === "true" || findOut());

// A browser that keeps what was ticked over a reload.
$("visible").checked = false;

let expiryWasSeen = false;

// Times pass while somebody fetches the value; when the box's has passed, the server says so.
setInterval(() => {
  if (header === null || shown !== "ready") return;
  fill({ expires: header.expires_at });
  if (now() < header.expires_at || expiryWasSeen || !$("working").hidden) return;
  expiryWasSeen = true;
  look();
}, 10_000);

start((whole) => {
  address = whole;
  look();
}, forget);
