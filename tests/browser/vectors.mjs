// The vectors of csl1, computed by the script of a page, in the page: what people's browsers run is what is checked.

// Gives a line for each value that is another one than in the vectors, and how many were compared.
export async function wrongVectors(page, kind, vectors) {
  return page.evaluate(kind === "link" ? linkVectors : boxVectors, vectors);
}

/* global address: writable, header: writable, botKey: writable, maxBytes: writable, crypto */
/* global linkProof, deriveKeys, decrypt, phraseChars, phraseProblem, hkdf, fromBase64Url, toBase64Url, toHex, padded, unpadded */
/* global toUtf8, joined, seal, digits, sealed: writable */

async function linkVectors({ phrases, links }) {
  const wrong = [];
  let compared = 0;
  const same = (what, found, written) => {
    compared += 1;
    if (found !== written) wrong.push(`${what}: ${found} instead of ${written}`);
  };
  const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  for (const { typed, phrase } of phrases.typed) {
    same(`typed ${typed}`, phraseChars(typed).join(""), phrase);
    same(`typed ${typed}`, phraseProblem(typed, true), "");
  }
  same("what is dropped", phraseChars(phrases.dropped).length, 0);
  for (const { typed } of phrases.refused) same(`refused ${typed}`, phraseProblem(typed, true) !== "", true);
  for (const { shown } of phrases.made) same(`made ${shown}`, phraseProblem(shown, true), "");
  for (const vector of links) {
    const { name, id, key, phrase } = vector;
    address = { path: `/s/${id}`, id, idBytes: fromBase64Url(id), key: fromBase64Url(key) };
    header = { text: vector.header };
    same(`${name} link`, toHex(fromBase64Url(await linkProof(address))), vector.link);
    const keys = await deriveKeys(phrase);
    same(`${name} auth`, toHex(fromBase64Url(keys.auth)), vector.auth);
    if (vector.locked.ct === undefined) continue;
    const opened = await decrypt(keys.enc, { nonce: toBase64Url(fromHex(vector.nonce)), ct: vector.locked.ct });
    if (vector.plaintext.text !== undefined) same(`${name} plaintext`, new TextDecoder().decode(opened), vector.plaintext.text);
    header = { text: `${vector.header} ` };
    const other = await decrypt(keys.enc, { nonce: toBase64Url(fromHex(vector.nonce)), ct: vector.locked.ct }).then(() => "opened", () => "refused");
    same(`${name} with another header`, other, "refused");
  }
  return { compared, wrong };
}

async function boxVectors({ boxes }) {
  const wrong = [];
  let compared = 0;
  const same = (what, found, written) => {
    compared += 1;
    if (found !== written) wrong.push(`${what}: ${found} instead of ${written}`);
  };
  const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const { subtle } = crypto;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const privateKey = (scalar, point) => {
    const bytes = fromBase64Url(point);
    const jwk = { kty: "EC", crv: "P-256", d: toBase64Url(fromHex(scalar)), x: toBase64Url(bytes.slice(1, 33)), y: toBase64Url(bytes.slice(33)) };
    return subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]);
  };
  const { generateKey, exportKey } = SubtleCrypto.prototype;
  const { getRandomValues } = Crypto.prototype;
  for (const vector of boxes) {
    const { name, id, key } = vector;
    address = { path: `/d/${id}`, id, idBytes: fromBase64Url(id), key: fromBase64Url(key) };
    header = { text: vector.header };
    botKey = vector.public;
    sealed = null;
    same(`${name} link`, toHex(fromBase64Url(await linkProof(address))), vector.link);
    if (vector.plaintext.text === undefined || vector.locked.ct === undefined) continue;
    // The page draws its own key and nonce; here it draws those of the vector.
    const drawn = { privateKey: await privateKey(vector.ephemeral_private, vector.ephemeral_public), publicKey: "drawn" };
    SubtleCrypto.prototype.generateKey = async () => drawn;
    SubtleCrypto.prototype.exportKey = async () => fromBase64Url(vector.ephemeral_public).buffer;
    Crypto.prototype.getRandomValues = (bytes) => { bytes.set(fromHex(vector.nonce)); return bytes; };
    const made = await seal(vector.plaintext.text);
    Object.assign(SubtleCrypto.prototype, { generateKey, exportKey });
    Object.assign(Crypto.prototype, { getRandomValues });
    same(`${name} ct`, made.ct, vector.locked.ct);
    same(`${name} sha256`, made.sha256, vector.filling_sha256);
    same(`${name} digits`, digits(made.sha256), `${vector.filling_sha256.slice(0, 4)} ${vector.filling_sha256.slice(4, 8)}`);
  }
  return { compared, wrong };
}
