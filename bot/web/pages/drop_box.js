// The page of a drop box: says what the box is for, takes one value, seals it to the bot's key, sends it once.

let botKey = null; // the public half of the key that only the bot can open with: base64url of 65 bytes
let maxBytes = 0;
let sealed = null; // { value, key, nonce, ct, sha256 }: what was sent or is about to be
let kept = null; // the value whose white space was looked at and meant

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

// --- the form ---

function ready(body, wasUnsure) {
  botKey = body.public_key;
  maxBytes = body.max_bytes;
  showForm();
  if (wasUnsure) complain("It did not arrive. Send it again; what you typed is still here.");
}

function showForm() {
  show("ready", { title: header.purpose.charAt(0).toUpperCase() + header.purpose.slice(1) });
  working(false);
  valueChanged();
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
  fill({ digits: digits(filling.sha256) });
  const answer = await ask(address, "fill", { link: await proof(), key, nonce, ct });
  if (answer.status === 200) return taken(filling, answer.body);
  if (answer.status === 422) return unreadable();
  return undone(answer, showForm);
}

function taken(filling, body) {
  dropSecretPart("done");
  const ours = body.sha256 === filling.sha256;
  forget();
  show(ours ? "sent" : "other-number", { theirs: digits(String(body.sha256)) });
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

function showTyped() {
  $("value").classList.toggle("masked", !$("visible").checked);
}

// --- forgetting ---

function forget() {
  forgetAddress();
  sealed = null;
  kept = null;
  guardLeaving(false);
}

$("form").addEventListener("submit", send);
$("value").addEventListener("input", () => { guardLeaving(value() !== ""); valueChanged(); });
$("visible").addEventListener("change", showTyped);
$("remove").addEventListener("click", removeDoubts);
$("keep").addEventListener("click", keepDoubts);

// A browser that keeps what was ticked over a reload.
$("visible").checked = false;

start({
  input: "value",
  live: "open",
  spent: "filled",
  lost: "filled-unsure",
  another: "another drop box",
  facts: ({ subject }) => ({ subject }),
  ready,
  forget,
});
