// Writes known-answers.json: what @noble/post-quantum answers for counted inputs, for every parameter set of FIPS 203 and FIPS 204.
// Run: npm ci && npm run make
// The inputs are SHAKE256 of a label, so that the file needs no random numbers and every run writes the same bytes.
// Of keys, ciphertexts and signatures only SHA-256 is kept: a digest is as good a proof of equality as the bytes.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha3_256, sha3_384, sha3_512, shake128_32, shake256, shake256_64 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';

const KEM_CASES = 20;
const DSA_CASES = 12;

const kems = { 'ML-KEM-512': ml_kem512, 'ML-KEM-768': ml_kem768, 'ML-KEM-1024': ml_kem1024 };
const signers = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 };

// Object identifiers of the hashes (NIST, Computer Security Objects Register), and the least set whose strength each of them has.
const hashes = [
  { name: 'SHA-256', oid: '2.16.840.1.101.3.4.2.1', hash: sha256, strength: 128 },
  { name: 'SHA-384', oid: '2.16.840.1.101.3.4.2.2', hash: sha384, strength: 192 },
  { name: 'SHA-512', oid: '2.16.840.1.101.3.4.2.3', hash: sha512, strength: 256 },
  { name: 'SHA3-256', oid: '2.16.840.1.101.3.4.2.8', hash: sha3_256, strength: 128 },
  { name: 'SHA3-384', oid: '2.16.840.1.101.3.4.2.9', hash: sha3_384, strength: 192 },
  { name: 'SHA3-512', oid: '2.16.840.1.101.3.4.2.10', hash: sha3_512, strength: 256 },
  { name: 'SHAKE128', oid: '2.16.840.1.101.3.4.2.11', hash: shake128_32, strength: 128 },
  { name: 'SHAKE256', oid: '2.16.840.1.101.3.4.2.12', hash: shake256_64, strength: 256 },
];
const strengths = { 'ML-DSA-44': 128, 'ML-DSA-65': 192, 'ML-DSA-87': 256 };

const counted = (label, length) => shake256(utf8ToBytes(label), { dkLen: length });
const digest = (bytes) => bytesToHex(sha256(bytes));
const flipped = (bytes, offset, mask) => {
  const changed = Uint8Array.from(bytes);
  changed[offset] ^= mask;
  return changed;
};

function kemCase(name, kem, i) {
  const seed = counted(`${name} seed ${i}`, 64);
  const message = counted(`${name} message ${i}`, 32);
  const { publicKey, secretKey } = kem.keygen(seed);
  const { cipherText, sharedSecret } = kem.encapsulate(publicKey, message);
  if (bytesToHex(kem.decapsulate(cipherText, secretKey)) !== bytesToHex(sharedSecret)) throw new Error(`${name} ${i}: decapsulation differs`);

  // Implicit rejection: one bit changed at a place that depends on the case, and a ciphertext that nobody made.
  const offset = (i * 7919) % cipherText.length;
  const mask = 1 << (i % 8);
  const random = counted(`${name} ciphertext ${i}`, cipherText.length);
  return {
    seed: bytesToHex(seed),
    encapsulationKeySha256: digest(publicKey),
    decapsulationKeySha256: digest(secretKey),
    message: bytesToHex(message),
    ciphertextSha256: digest(cipherText),
    sharedSecret: bytesToHex(sharedSecret),
    changed: { offset, mask, sharedSecret: bytesToHex(kem.decapsulate(flipped(cipherText, offset, mask), secretKey)) },
    random: { ciphertextLabel: `${name} ciphertext ${i}`, sharedSecret: bytesToHex(kem.decapsulate(random, secretKey)) },
  };
}

function dsaCase(name, signer, i) {
  const seed = counted(`${name} seed ${i}`, 32);
  const message = counted(`${name} message ${i}`, 1 + 37 * i);
  const context = counted(`${name} context ${i}`, [0, 1, 16, 255][i % 4]);
  const randomness = counted(`${name} randomness ${i}`, 32);
  const { publicKey, secretKey } = signer.keygen(seed);
  const deterministic = signer.sign(message, secretKey, { context, extraEntropy: false });
  const hedged = signer.sign(message, secretKey, { context, extraEntropy: randomness });

  // Where verification says no and where it says yes, over the whole signature: challenge, z, hint positions, hint counts.
  const verdicts = [];
  for (let k = 0; k < 16; k++) {
    const offset = k < 12 ? (i * 131 + k * 977) % deterministic.length : deterministic.length - 1 - 5 * (k - 12);
    const mask = 1 << ((i + k) % 8);
    verdicts.push({ offset, mask, valid: signer.verify(flipped(deterministic, offset, mask), message, publicKey, { context }) });
  }
  if (!signer.verify(deterministic, message, publicKey, { context })) throw new Error(`${name} ${i}: own signature refused`);

  const preHash = hashes
    .filter(({ strength }) => strength >= strengths[name])
    .map(({ name: hash, oid, hash: function_ }) => ({
      hash,
      oid,
      digest: bytesToHex(function_(message)),
      signatureSha256: digest(signer.prehash(function_).sign(message, secretKey, { context, extraEntropy: false })),
    }));
  return {
    seed: bytesToHex(seed),
    publicKeySha256: digest(publicKey),
    privateKeySha256: digest(secretKey),
    message: bytesToHex(message),
    context: bytesToHex(context),
    signatureSha256: digest(deterministic),
    randomness: bytesToHex(randomness),
    hedgedSignatureSha256: digest(hedged),
    verdicts,
    preHash,
  };
}

const cases = (sets, count, make) =>
  Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, Array.from({ length: count }, (_, i) => make(name, set, i))]));

const { dependencies } = createRequire(import.meta.url)('./package.json');
const answers = {
  madeBy: `@noble/post-quantum ${dependencies['@noble/post-quantum']}`,
  mlKem: cases(kems, KEM_CASES, kemCase),
  mlDsa: cases(signers, DSA_CASES, dsaCase),
};
writeFileSync(new URL('known-answers.json', import.meta.url), `${JSON.stringify(answers, null, 1)}\n`);
