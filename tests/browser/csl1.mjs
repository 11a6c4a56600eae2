// The protocol csl1 as the bot and its server speak it, on node:crypto: made apart from the pages' WebCrypto, so that each
// checks the other.

import {
  createCipheriv, createDecipheriv, createECDH, createHash, hkdfSync, pbkdf2Sync, randomBytes,
} from "node:crypto";

const PHRASE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const toBase64url = (bytes) => Buffer.from(bytes).toString("base64url");
export const fromBase64url = (text) => Buffer.from(text, "base64url");
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

const hkdf = (ikm, salt, info, length) => Buffer.from(hkdfSync("sha256", ikm, salt, info, length));

// JSON as RFC 8785 wants it, for what headers hold: texts, whole numbers and null.
export const canonical = (value) => JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));

export function pad(content) {
  const whole = Buffer.alloc((Math.floor(content.length / 1024) + 1) * 1024);
  content.copy(whole);
  whole[content.length] = 0x80;
  return whole;
}

export function unpad(whole) {
  let end = whole.length - 1;
  while (end > 0 && whole[end] === 0) end -= 1;
  if (whole[end] !== 0x80) throw new Error("the padding is damaged");
  return whole.subarray(0, end);
}

export function newPhrase() {
  const chars = Array.from(randomBytes(16), (byte) => PHRASE_ALPHABET[byte & 31]).join("");
  return chars.match(/.{4}/g).join("-");
}

export const linkProof = (id, key) => hkdf(key, id, "csl1/link", 32);

function linkKeys(id, key, phrase) {
  const stretched = pbkdf2Sync(phrase.replaceAll("-", ""), hkdf(key, id, "csl1/pwsalt", 16), 600_000, 32, "sha256");
  const both = Buffer.concat([key, stretched]);
  return { enc: hkdf(both, id, "csl1/enc", 32), auth: hkdf(both, id, "csl1/auth", 32) };
}

function encrypt(key, header, content) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(header));
  return { nonce, ct: Buffer.concat([cipher.update(pad(content)), cipher.final(), cipher.getAuthTag()]) };
}

// Locks a content for a link: what the server keeps, and what two messages carry.
export function lock(id, header, content) {
  const key = randomBytes(32);
  const phrase = newPhrase();
  const { enc, auth } = linkKeys(id, key, phrase);
  const { nonce, ct } = encrypt(enc, header, Buffer.from(JSON.stringify(content)));
  return { fragment: toBase64url(key), phrase, kept: { header, nonce, ct, link: sha256(linkProof(id, key)), auth: sha256(auth) } };
}

export function newBoxKeys() {
  const pair = createECDH("prime256v1");
  pair.generateKeys();
  return { pair, public: pair.getPublicKey() };
}

// Opens what a page sealed for a drop box; throws if it was not sealed for this box.
export function openBox(pair, id, header, { key, nonce, ct }) {
  const enc = hkdf(pair.computeSecret(key), id, "csl1/drop", 32);
  const cipher = createDecipheriv("aes-256-gcm", enc, nonce);
  cipher.setAAD(Buffer.from(header));
  cipher.setAuthTag(ct.subarray(-16));
  return unpad(Buffer.concat([cipher.update(ct.subarray(0, -16)), cipher.final()]));
}
