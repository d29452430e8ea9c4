// Writes ../Vectors/formats.json: what other software makes of the formats in docs/formats.md.
// Run: npm ci && npm run make
// Inputs are SHAKE256 of a label, and what is random by nature is fixed, so that every run writes the same bytes.

import { constants, createHash, createHmac, privateDecrypt, sign, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { openBlob, purposes, sealBlob } from './blob-v1.mjs';
import { canonicalContext } from './context.mjs';
import { openHpke, sealHpke } from './hpke.mjs';
import { oaepEncrypt, pssSign, testKey } from './rsa.mjs';

const kems = { 'ML-KEM-512': [ml_kem512, 0x0040], 'ML-KEM-768': [ml_kem768, 0x0041], 'ML-KEM-1024': [ml_kem1024, 0x0042] };
const signers = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 };
const preHashes = { 'ML-DSA-44': ['SHA-256', sha256], 'ML-DSA-65': ['SHA-384', sha384], 'ML-DSA-87': ['SHA-512', sha512] };

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const utf8 = (text) => new Uint8Array(Buffer.from(text, 'utf8'));
const none = new Uint8Array();
const counted = (label, length) => new Uint8Array(createHash('shake256', { outputLength: length }).update(label).digest());
const demand = (condition, what) => {
  if (!condition) throw new Error(`${what}: two implementations disagree`);
};

// Contexts as they are given, member after member. Sorting by UTF-16 units instead of UTF-8 bytes would exchange the members of "supplementary".
const contexts = {
  empty: [],
  one: [['tenant', '4711']],
  ordered: [['a', '1'], ['b', '2'], ['c', '3']],
  unordered: [['c', '3'], ['a', '1'], ['b', '2']],
  prefixes: [['ab', ''], ['a', 'b']],
  accents: [['zürich', 'é'], ['zurich', 'e\u0301'], ['Zürich', '']],
  supplementary: [['\u{1F600}', 'smile'], ['\uFF5E', 'tilde'], ['\uE000', 'private use']],
  long: [['value', 'x'.repeat(8192 - 4 - 8 - 5)]],
  many: Array.from({ length: 64 }, (_, i) => [`name ${63 - i}`, `${i}`]),
};
const refused = {
  emptyName: [['', 'value']],
  tooLong: [['value', 'x'.repeat(8192 - 4 - 8 - 4)]],
  tooMany: Array.from({ length: 65 }, (_, i) => [`name ${i}`, '']),
};

const contextCases = [
  ...Object.entries(contexts).map(([name, members]) => ({ name, members, canonical: hex(canonicalContext(Object.fromEntries(members))) })),
  ...Object.entries(refused).map(([name, members]) => {
    let accepted = true;
    try {
      canonicalContext(Object.fromEntries(members));
    } catch {
      accepted = false;
    }
    demand(!accepted, name);
    return { name, members, canonical: null };
  }),
];

// The key schedule once more, step by step after RFC 9180, sections 4 and 5.1, to have the numbers between.
function keySchedule(kemId, sharedSecret, info) {
  const suiteId = Buffer.concat([utf8('HPKE'), Buffer.from([0, kemId, 0, 1, 0, 2])]);
  const hmac = (key, ...parts) => parts.reduce((state, part) => state.update(part), createHmac('sha256', key)).digest();
  const extract = (salt, label, ikm) => hmac(salt, utf8('HPKE-v1'), suiteId, utf8(label), ikm);
  const expand = (prk, label, context, length) =>
    hmac(prk, Buffer.from([0, length]), utf8('HPKE-v1'), suiteId, utf8(label), context, Buffer.from([1])).subarray(0, length);
  const context = Buffer.concat([Buffer.from([0]), extract(none, 'psk_id_hash', none), extract(none, 'info_hash', info)]);
  const secret = extract(sharedSecret, 'secret', none);
  return { key: expand(secret, 'key', context, 32), baseNonce: expand(secret, 'base_nonce', context, 12) };
}

const aads = [
  ['/kem/encrypt without aad', '', none],
  ['/kem/encrypt with aad', '', utf8('header of the document')],
  ['/kem/encrypt with a long aad', '', counted('aad', 1000)],
  ['/crypto/encrypt without context', 'qkms/crypto/v1', canonicalContext({})],
  ['/crypto/encrypt with the context "unordered"', 'qkms/crypto/v1', canonicalContext(Object.fromEntries(contexts.unordered))],
  ['/crypto/encrypt with the context "supplementary"', 'qkms/crypto/v1', canonicalContext(Object.fromEntries(contexts.supplementary))],
  ['/kem/key/wrap', 'qkms/key-wrap/v1', none],
  ['/kem/key/wrap with aad', 'qkms/key-wrap/v1', utf8('header of the document')],
];

async function hpkeKey(algorithm, [kem, kemId]) {
  const seed = counted(`${algorithm} seed`, 64);
  const { publicKey, secretKey } = kem.keygen(seed);
  const messages = [];
  for (const [i, [use, infoText, aad]] of aads.entries()) {
    const info = utf8(infoText);
    const plaintext = use.startsWith('/kem/key/wrap') ? counted(`${algorithm} wrapped key`, 32) : counted(`${algorithm} plaintext ${i}`, [5, 0, 100, 32, 16, 1, 32][i]);
    const randomness = counted(`${algorithm} randomness ${i}`, 32);
    const ciphertext = await sealHpke({ algorithm, publicKey, info, aad, plaintext, randomness });
    demand(hex(await openHpke({ algorithm, seed, info, aad, ciphertext })) === hex(plaintext), use);

    const { cipherText: enc, sharedSecret } = kem.encapsulate(publicKey, randomness);
    demand(hex(ciphertext.subarray(0, enc.length)) === hex(enc) && hex(kem.decapsulate(enc, secretKey)) === hex(sharedSecret), algorithm);
    const { key, baseNonce } = keySchedule(kemId, sharedSecret, info);
    messages.push({
      use,
      info: hex(info),
      aad: hex(aad),
      plaintext: hex(plaintext),
      sharedSecret: hex(sharedSecret),
      key: hex(key),
      baseNonce: hex(baseNonce),
      ciphertext: hex(ciphertext),
    });
  }
  return { algorithm, seed: hex(seed), publicKey: hex(publicKey), messages };
}

async function blobCase(contextName, purpose, i) {
  const input = {
    key: counted('blob key', 32),
    versionId: '0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506',
    purpose: purposes[purpose],
    context: Object.fromEntries(contexts[contextName]),
    plaintext: purpose === 'dataKey' ? counted(`data key ${i}`, 32) : utf8(['', 'attack at dawn', 'naïve €', 'x'.repeat(300)][i % 4]),
    salt: counted(`salt ${contextName} ${purpose}`, 32),
  };
  const blob = await sealBlob(input);
  demand(hex(await openBlob({ ...input, blob })) === hex(input.plaintext), contextName);
  return { key: hex(input.key), versionId: input.versionId, purpose, context: contextName, salt: hex(input.salt), plaintext: hex(input.plaintext), blob: hex(blob) };
}

function oaepCase([name, hash]) {
  const plaintext = utf8('attack at dawn');
  const ciphertext = oaepEncrypt(hash, plaintext, counted(`OAEP seed ${name}`, createHash(hash).digest().length));
  demand(hex(privateDecrypt({ key: testKey, oaepHash: hash, padding: constants.RSA_PKCS1_OAEP_PADDING }, ciphertext)) === hex(plaintext), name);
  return { hash: name, plaintext: hex(plaintext), ciphertext: hex(ciphertext) };
}

function pssCase([name, hash]) {
  const message = utf8('a message');
  const digest = createHash(hash).update(message).digest();
  const signature = pssSign(hash, digest, counted(`PSS salt ${name}`, digest.length));
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  demand(verify(hash, message, { key: testKey, ...padding }, signature), name);
  return { hash: name, message: hex(message), digest: hex(digest), signature: hex(signature) };
}

// RSASSA-PKCS1-v1_5 leaves nothing to chance: OpenSSL, which node:crypto is, makes the same each time.
function pkcs1Case([name, hash]) {
  const message = utf8('a message');
  const digest = createHash(hash).update(message).digest();
  const key = { key: testKey, padding: constants.RSA_PKCS1_PADDING };
  const signature = sign(hash, message, key);
  demand(verify(hash, message, key, signature), name);
  return { hash: name, message: hex(message), digest: hex(digest), signature: hex(signature) };
}

// External mu: FIPS 204, Algorithm 7, line 6, with the formatted message of Algorithm 2, line 10. It signs the message that it stands for.
function externalMu(signer, publicKey, secretKey, context, message, signature, extraEntropy) {
  const shake = (...parts) => parts.reduce((state, part) => state.update(part), createHash('shake256', { outputLength: 64 })).digest();
  const mu = shake(shake(publicKey), Buffer.from([0, context.length]), context, message);
  const signed = signer.internal.sign(mu, secretKey, { externalMu: true, extraEntropy });
  demand(hex(signed) === hex(signature) && signer.internal.verify(signature, mu, publicKey, { externalMu: true }), 'mu');
  return mu;
}

function mlDsaKey([algorithm, signer]) {
  const seed = counted(`${algorithm} seed`, 32);
  const { publicKey, secretKey } = signer.keygen(seed);
  const message = utf8('a message');
  const [hash, hashFunction] = preHashes[algorithm];
  const signatures = ['', 'qkms.example/releases'].flatMap((text) => {
    const context = utf8(text);
    const options = { context, extraEntropy: counted(`${algorithm} randomness ${text}`, 32) };
    const pure = signer.sign(message, secretKey, options);
    const mu = externalMu(signer, publicKey, secretKey, context, message, pure, options.extraEntropy);
    return [
      { context: hex(context), preHash: null, mu: hex(mu), signature: hex(pure) },
      { context: hex(context), preHash: hash, digest: hex(hashFunction(message)), signature: hex(signer.prehash(hashFunction).sign(message, secretKey, options)) },
    ];
  });
  return { algorithm, seed: hex(seed), publicKey: hex(publicKey), message: hex(message), signatures };
}

const sequentially = async (items, make) => {
  const results = [];
  for (const item of items) results.push(await make(item));
  return results;
};

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const hashes = [['SHA-256', 'sha256'], ['SHA-384', 'sha384'], ['SHA-512', 'sha512']];
const blobInputs = Object.keys(contexts).flatMap((context, i) => Object.keys(purposes).map((purpose) => [context, purpose, i]));
const vectors = {
  madeBy: `Node.js with ${Object.entries(dependencies).map(([name, version]) => `${name} ${version}`).join(', ')}`,
  contexts: contextCases,
  hpke: await sequentially(Object.entries(kems), ([algorithm, kem]) => hpkeKey(algorithm, kem)),
  blobs: await sequentially(blobInputs, (input) => blobCase(...input)),
  rsa: {
    privateKeyPkcs8: hex(testKey.export({ format: 'der', type: 'pkcs8' })),
    oaep: [['SHA-1', 'sha1'], ...hashes].map(oaepCase),
    pss: hashes.map(pssCase),
    pkcs1: hashes.map(pkcs1Case),
  },
  mlDsa: Object.entries(signers).map(mlDsaKey),
};
writeFileSync(new URL('../Vectors/formats.json', import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
