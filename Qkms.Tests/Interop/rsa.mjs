// RSA-OAEP and RSA-PSS of RFC 8017 with chosen seed and salt, so that vectors come out the same each time. Numbers are BigInt and take their
// time with the key: for test keys only.

import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

const jwk = JSON.parse(readFileSync(new URL('rsa-test-key.json', import.meta.url), 'utf8'));
const number = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const [n, e, d] = [jwk.n, jwk.e, jwk.d].map((member) => number(Buffer.from(member, 'base64url')));
const size = Buffer.from(jwk.n, 'base64url').length;

/** The test key of all RSA vectors; it protects nothing. */
export const testKey = createPrivateKey({ key: jwk, format: 'jwk' });

/** RSAES-OAEP-ENCRYPT, section 7.1.1, with the empty label, MGF1 with the same hash. */
export function oaepEncrypt(hash, plaintext, seed) {
  const labelHash = digest(hash);
  const padding = Buffer.alloc(size - plaintext.length - 2 * labelHash.length - 2);
  const block = Buffer.concat([labelHash, padding, Buffer.from([1]), plaintext]);
  const maskedBlock = xor(block, mgf1(hash, seed, block.length));
  const maskedSeed = xor(seed, mgf1(hash, maskedBlock, labelHash.length));
  return i2osp(power(number(Buffer.concat([Buffer.alloc(1), maskedSeed, maskedBlock])), e));
}

/** RSASSA-PSS-SIGN, section 8.1.1, of a message's hash, MGF1 with the same hash. */
export function pssSign(hash, messageHash, salt) {
  const h = digest(hash, Buffer.alloc(8), messageHash, salt);
  const block = Buffer.concat([Buffer.alloc(size - salt.length - h.length - 2), Buffer.from([1]), salt]);
  const masked = xor(block, mgf1(hash, h, block.length));
  masked[0] &= 0x7f; // the encoded message has one bit less than the modulus
  return i2osp(power(number(Buffer.concat([masked, h, Buffer.from([0xbc])])), d));
}

const digest = (hash, ...parts) => parts.reduce((state, part) => state.update(part), createHash(hash)).digest();

const xor = (one, other) => Buffer.from(one.map((byte, i) => byte ^ other[i]));

/** Appendix B.2.1. */
function mgf1(hash, seed, length) {
  let mask = Buffer.alloc(0);
  for (let counter = 0; mask.length < length; counter++) mask = Buffer.concat([mask, digest(hash, seed, Buffer.from([0, 0, 0, counter]))]);
  return mask.subarray(0, length);
}

function power(base, exponent) {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % n) if (rest & 1n) result = (result * square) % n;
  return result;
}

const i2osp = (value) => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
