// What the live-*.mjs programs share. They speak to a started Qkms, hold every answer against other software, and count what held.
// Input is JSON on standard input: { url, apiKey, keys: [{ kid, algorithm, … , privateKey }] }. Output is JSON: what was shown, and how often.
// Bytes are base64, as over HTTP. The private keys are those of test keys: no request of Qkms gives one.

import assert from 'node:assert/strict';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const input = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const counts = {};

export const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
export const base64 = (data) => Buffer.from(data).toString('base64');
export const utf8 = (text) => new Uint8Array(Buffer.from(text, 'utf8'));
export const keys = input.keys.map((key) => ({ ...key, privateKey: bytes(key.privateKey) }));

/** One more time. */
export const shown = (what) => {
  counts[what] = (counts[what] ?? 0) + 1;
};

export const report = () => process.stdout.write(JSON.stringify(counts));

/** Bytes that have to be equal. */
export const same = (actual, expected, what) => assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'), what);

/** The data of a success. What a key did has to say which key. */
export async function post(path, body) {
  const { status, json, text } = await send('POST', path, body);
  assert.equal(status, 200, `${path}: ${text}`);
  assert.deepEqual(Object.keys(json), ['data', 'request_id', 'timestamp'], path);
  return json.data;
}

/** The same, where a certain key has to have done it, with so many warnings. */
export async function use(key, path, body, warnings = 0) {
  const data = await post(path, { kid: key.kid, ...body });
  assert.deepEqual([data.kid, data.algorithm_id, data.warnings.length], [key.kid, key.algorithm, warnings], path);
  return data;
}

/** A ciphertext that does not open is refused without a reason. */
export async function doesNotOpen(path, body) {
  const { status, json, text } = await send('POST', path, body);
  assert.deepEqual([status, json.error?.error_code, json.error?.details], [400, 'ERR_KEM_001', []], `${path}: ${text}`);
}

/** A public key in every form in which it is served, after they were found to be the same. */
export async function publicKey({ kid, algorithm }) {
  const { status, json } = await send('GET', `/kms/keys/${kid}`);
  assert.deepEqual([status, json.data.kid, json.data.algorithm_id, json.data.status], [200, kid, algorithm, 'active']);
  const raw = bytes(json.data.public_key);
  const [pem, der, jwk] = await Promise.all(['pem', 'der', 'jwk'].map((format) => fetchKey(kid, format)));
  assert.equal(pem.toString('ascii').trim(), `-----BEGIN PUBLIC KEY-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END PUBLIC KEY-----`);
  shown('public keys, the same raw and as DER, PEM and JWK');
  return { raw, der: new Uint8Array(der), pem: pem.toString('ascii'), jwk: JSON.parse(jwk.toString('utf8')) };
}

async function fetchKey(kid, format) {
  const response = await fetch(`${input.url}/kms/keys/${kid}/public-key?format=${format}`, { headers: { 'x-api-key': input.apiKey } });
  assert.equal(response.status, 200, format);
  return Buffer.from(await response.arrayBuffer());
}

async function send(method, path, body) {
  const response = await fetch(input.url + path, {
    method,
    headers: { 'x-api-key': input.apiKey, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: JSON.parse(text), text };
}
