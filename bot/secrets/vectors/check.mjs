// Recomputes link.json and drop_box.json with WebCrypto and nothing else: `node bot/secrets/vectors/check.mjs`.
// It shares no code with the Rust side nor with the pages. Then it lets the page of links read phrases, by the very text
// of its script, and compares that with the same vectors. Exits 1 at the first value that is another one.

import { readFileSync } from "node:fs";

const { subtle } = globalThis.crypto;
const utf8 = new TextEncoder();

const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const toText = (bytes) => {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const fromText = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
};
const sha256 = async (bytes) => toHex(await subtle.digest("SHA-256", bytes));

let checked = 0;
function same(where, found, written) {
  if (found !== written) {
    console.error(`${where}: ${found} instead of ${written}`);
    process.exit(1);
  }
  checked += 1;
}
async function refused(where, promise) {
  const opened = await promise.then(() => true, () => false);
  same(where, opened, false);
}

async function hkdf(salt, ikm, info, length) {
  const key = await subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8.encode(info) };
  return new Uint8Array(await subtle.deriveBits(how, key, length * 8));
}
async function hmac(key, bytes) {
  const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, bytes));
}
async function stretch(phrase, salt, iterations) {
  const key = await subtle.importKey("raw", utf8.encode(phrase), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256));
}
async function aes(key, nonce, header) {
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  const how = { name: "AES-GCM", iv: nonce, additionalData: utf8.encode(header), tagLength: 128 };
  return {
    encrypt: async (text) => new Uint8Array(await subtle.encrypt(how, imported, text)),
    decrypt: async (text) => new Uint8Array(await subtle.decrypt(how, imported, text)),
  };
}

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DROPPED = /[\s\u0085\u00ad\u058a\u200b-\u200f\u2010-\u2015\u2043\u2060\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d\ufeff-]/u;

// The character of a phrase that was meant, or null.
function meant(character) {
  let point = character.codePointAt(0);
  if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;
  if (point > 0x7e) return null;
  const read = String.fromCodePoint(point).toUpperCase().replace("O", "0").replace(/[IL]/, "1");
  return ALPHABET.includes(read) ? read : null;
}

function typed(text) {
  let phrase = "";
  for (const character of text) {
    if (DROPPED.test(character)) continue;
    const read = meant(character);
    if (read === null) return { why: `character ${phrase.length + 1}` };
    phrase += read;
  }
  if (phrase === "") return { why: "empty" };
  return phrase.length === 16 ? { phrase } : { why: `length ${phrase.length}` };
}

function shown(random) {
  const bits = Array.from(random, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const characters = bits.match(/.{5}/g).map((five) => ALPHABET[parseInt(five, 2)]);
  return characters.join("").match(/.{4}/g).join("-");
}

async function plaintext({ text, seed, length }) {
  if (text !== undefined) return utf8.encode(text);
  const blocks = [];
  for (let n = 0; n * 32 < length; n += 1) {
    const input = join(utf8.encode(seed), Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n));
    blocks.push(new Uint8Array(await subtle.digest("SHA-256", input)));
  }
  return join(...blocks).slice(0, length);
}

function pad(bytes) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 1) / 1024) * 1024);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  return padded;
}
function unpad(bytes) {
  let end = bytes.length - 1;
  while (end >= 0 && bytes[end] === 0) end -= 1;
  if (bytes[end] !== 0x80) throw new Error("not padded");
  return bytes.slice(0, end);
}

// Members in order, nothing between them: canonical, as long as there are only texts, whole numbers and null.
function canonical(where, header, members) {
  const read = JSON.parse(header);
  const sorted = Object.fromEntries(Object.keys(read).sort().map((name) => [name, read[name]]));
  same(`${where} header`, JSON.stringify(sorted), header);
  same(`${where} header's members`, Object.keys(read).sort().join(), members);
  same(`${where} header's id`, read.v === 1 && read.id, read.id);
  return read;
}

async function locked(where, vector, box) {
  const text = await plaintext(vector.plaintext);
  const padded = pad(text);
  same(`${where} padded`, padded.length, vector.padded);
  const ciphertext = await box.encrypt(padded);
  same(`${where} length`, ciphertext.length, vector.locked.length);
  same(`${where} ciphertext's digest`, await sha256(ciphertext), vector.locked.sha256);
  if (vector.locked.ct !== undefined) same(`${where} ciphertext`, toText(ciphertext), vector.locked.ct);
  same(`${where} plaintext`, toHex(unpad(await box.decrypt(ciphertext))), toHex(text));
  const changed = ciphertext.slice();
  changed[changed.length >> 1] ^= 1;
  await refused(`${where} with a changed byte`, box.decrypt(changed));
  return ciphertext;
}

async function link(vector) {
  const where = `link "${vector.name}":`;
  const id = fromText(vector.id);
  const key = fromText(vector.key);
  same(`${where} sizes`, `${id.length} ${key.length}`, "16 32");
  same(`${where} url`, `https://ops.example.org/s/${vector.id}#${vector.key}`, vector.url);
  const proof = await hkdf(id, key, "csl1/link", 32);
  same(`${where} link`, toHex(proof), vector.link);
  same(`${where} link's digest`, await sha256(proof), vector.link_digest);
  const salt = await hkdf(id, key, "csl1/pwsalt", 16);
  same(`${where} salt`, toHex(salt), vector.salt);
  same(`${where} rounds`, vector.rounds, 600_000);
  const pw = await stretch(vector.phrase, salt, 600_000);
  same(`${where} pw`, toHex(pw), vector.pw);
  const ikm = join(key, pw);
  same(`${where} prk`, toHex(await hmac(id, ikm)), vector.prk);
  const enc = await hkdf(id, ikm, "csl1/enc", 32);
  same(`${where} enc`, toHex(enc), vector.enc);
  const auth = await hkdf(id, ikm, "csl1/auth", 32);
  same(`${where} auth`, toHex(auth), vector.auth);
  same(`${where} auth's digest`, await sha256(auth), vector.auth_digest);
  const members = "access_id,expires_at,from,id,mime,recipient,request_digest,title,v";
  same(`${where} header's id`, canonical(where, vector.header, members).id, vector.id);
  const nonce = fromHex(vector.nonce);
  const ciphertext = await locked(where, vector, await aes(enc, nonce, vector.header));
  await refused(`${where} with another header`, (await aes(enc, nonce, `${vector.header} `)).decrypt(ciphertext));
}

// PKCS #8 of a P-256 key without its public half: WebCrypto computes that.
const PKCS8 = fromHex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420");
const P256 = { name: "ECDH", namedCurve: "P-256" };

async function pair(scalar) {
  const key = await subtle.importKey("pkcs8", join(PKCS8, fromHex(scalar)), P256, true, ["deriveBits"]);
  const { x, y } = await subtle.exportKey("jwk", key);
  return { key, point: join(Uint8Array.of(4), fromText(x), fromText(y)) };
}
async function ecdh(mine, theirs) {
  const theirKey = await subtle.importKey("raw", theirs, P256, false, []);
  return new Uint8Array(await subtle.deriveBits({ name: "ECDH", public: theirKey }, mine, 256));
}

async function dropBox(vector) {
  const where = `drop box "${vector.name}":`;
  const id = fromText(vector.id);
  same(`${where} url`, `https://ops.example.org/d/${vector.id}#${vector.key}`, vector.url);
  same(`${where} link`, toHex(await hkdf(id, fromText(vector.key), "csl1/link", 32)), vector.link);
  const members = "expires_at,id,purpose,subject,v";
  same(`${where} header's id`, canonical(where, vector.header, members).id, vector.id);
  const bot = await pair(vector.private);
  same(`${where} public`, toText(bot.point), vector.public);
  const form = await pair(vector.ephemeral_private);
  same(`${where} ephemeral public`, toText(form.point), vector.ephemeral_public);
  const x = await ecdh(form.key, bot.point);
  same(`${where} x`, toHex(x), vector.x);
  same(`${where} x from the other side`, toHex(await ecdh(bot.key, form.point)), vector.x);
  const enc = await hkdf(id, x, "csl1/drop", 32);
  same(`${where} enc`, toHex(enc), vector.enc);
  const nonce = fromHex(vector.nonce);
  const ciphertext = await locked(where, vector, await aes(enc, nonce, vector.header));
  same(`${where} filling's digest`, await sha256(join(form.point, nonce, ciphertext)), vector.filling_sha256);
}

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

// Compares how somebody reads phrases with the vectors. `one` gives for a character "" (dropped), that of a phrase, or null.
function phrases(who, vectors, whole, one) {
  for (const { typed: text, phrase } of vectors.typed) same(`${who}: typed ${JSON.stringify(text)}`, whole(text).phrase, phrase);
  for (const { typed: text, why } of vectors.refused) same(`${who}: typed ${JSON.stringify(text)}`, whole(text).why, why);
  const all = new Map();
  for (let point = 0; point <= 0x10ffff; point += 1) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const character = String.fromCodePoint(point);
    const read = one(character);
    if (read !== null) all.set(read, (all.get(read) ?? "") + character);
  }
  same(`${who}: dropped characters`, JSON.stringify(all.get("")), JSON.stringify(vectors.dropped));
  for (const { character, typed: text } of vectors.read) {
    same(`${who}: read as ${character}`, JSON.stringify(all.get(character)), JSON.stringify(text));
  }
  same(`${who}: characters of phrases`, Array.from(all.keys()).sort().join(""), ALPHABET);
}

// How the page reads phrases: the part of its script between two headings, as it stands there.
function page() {
  const pages = new URL("../../web/pages/", import.meta.url);
  const script = readFileSync(new URL("link.js", pages), "utf8");
  const part = script.match(/^\/\/ --- the phrase[^\n]* ---\n(.*?)^\/\/ --- /ms)?.[1];
  const counted = readFileSync(new URL("shared.js", pages), "utf8").match(/^const counted = .*;$/m)?.[0];
  if (!part || !counted) throw new Error("the part on the phrase is not where it was in the page's script");
  const made = new Function(`"use strict"; ${counted}\n${part}\nreturn { phraseChars, phraseProblem, strangerIn };`);
  const { phraseChars, phraseProblem, strangerIn } = made();
  const one = (character) => (strangerIn(character) === undefined ? phraseChars(character).join("") : null);
  const whole = (text) => {
    const chars = phraseChars(text);
    if (phraseProblem(text, true) === "") return { phrase: chars.join("") };
    const stranger = strangerIn(text);
    if (stranger !== undefined) return { why: `character ${chars.indexOf(stranger) + 1}` };
    return { why: chars.length === 0 ? "empty" : `length ${chars.length}` };
  };
  return { whole, one };
}

const links = read("link.json");
for (const { random, shown: written } of links.phrases.made) same("phrase made", shown(fromHex(random)), written);
phrases("csl1", links.phrases, typed, (character) => (DROPPED.test(character) ? "" : meant(character)));
const onThePage = page();
phrases("the page", links.phrases, onThePage.whole, onThePage.one);
for (const vector of links.links) await link(vector);
same("most in a link", links.most, 65536);

const boxes = read("drop_box.json");
for (const vector of boxes.boxes) await dropBox(vector);
same("most in a drop box", boxes.most, 16384);

if (links.links.length < 6 || boxes.boxes.length < 5 || links.phrases.typed.length < 8 || links.phrases.read.length !== 32) {
  console.error("vectors are missing");
  process.exit(1);
}
console.log(`${links.links.length} links, ${boxes.boxes.length} drop boxes, ${checked} values: all as written`);
