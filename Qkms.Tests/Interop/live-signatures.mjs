// ML-DSA keys of a started Qkms, with @noble/post-quantum: signed by one, verified by the other. Input and output: live.mjs.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { getMessagePrehash } from '@noble/post-quantum/utils.js';
import { base64, bytes, keys, publicKey, report, same, shown, use, utf8 } from './live.mjs';

const signers = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 };
// docs/formats.md: what stands before the key of FIPS 204 in SubjectPublicKeyInfo.
const prefixes = {
  'ML-DSA-44': '30820532300b06096086480165030403110382052100',
  'ML-DSA-65': '308207b2300b0609608648016503040312038207a100',
  'ML-DSA-87': '30820a32300b060960864801650304031303820a2100',
};
const hashes = { 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 };
const messages = [new Uint8Array(), utf8('a message'), new Uint8Array(randomBytes(100_000))];
const contexts = [undefined, utf8('qkms.example/releases'), new Uint8Array(randomBytes(255))];
const otherMessage = utf8('another message');
const otherContext = utf8('another context');
const hedges = { hedged: undefined, deterministic: false };

for (const key of keys) {
  const signer = signers[key.algorithm];
  const served = await publicKey(key);
  const { publicKey: exported, secretKey } = signer.keygen(key.privateKey);
  same(served.raw, exported, 'the exported seed is that of the key');
  same(served.der, Buffer.concat([Buffer.from(prefixes[key.algorithm], 'hex'), served.raw]));
  assert.deepEqual(served.jwk, { ...served.jwk, kty: 'AKP', alg: key.algorithm, pub: Buffer.from(served.raw).toString('base64url') });

  const verifiesHere = async (path, body, warnings) => (await use(key, path, body, warnings)).valid;

  for (const context of contexts) {
    const signature_context = context && base64(context);
    const other = { signature_context: base64(otherContext) };

    for (const message of messages) {
      const here = bytes((await use(key, '/signature/sign', { message: base64(message), signature_context })).signature);
      assert.equal(here.length, signer.lengths.signature);
      assert.equal(signer.verify(here, message, served.raw, { context }), true);
      shown('signed by Qkms, verified by noble');
      assert.equal(signer.verify(here, otherMessage, served.raw, { context }), false);
      assert.equal(signer.verify(here, message, served.raw, { context: otherContext }), false);
      shown('signed by Qkms, not valid at noble for another message and in another context');

      const mu = base64(muOf(served.raw, context ?? new Uint8Array(), message));
      const ofMu = bytes((await use(key, '/signature/sign-mu', { mu })).signature);
      assert.equal(signer.verify(ofMu, message, served.raw, { context }), true);
      assert.equal(signer.verify(ofMu, otherMessage, served.raw, { context }), false);
      shown('signed by Qkms by its mu, verified by noble, not valid for another message');

      const ofMessage = base64(signer.sign(message, secretKey, { context }));
      const otherMu = base64(muOf(served.raw, otherContext, message));
      assert.equal(await verifiesHere('/signature/verify-mu', { mu, signature: ofMessage }), true);
      assert.equal(await verifiesHere('/signature/verify-mu', { mu: otherMu, signature: ofMessage }), false);
      shown('signed by noble, verified by Qkms by its mu, not valid for another one');

      for (const [hedge, extraEntropy] of Object.entries(hedges)) {
        const signature = base64(signer.sign(message, secretKey, { context, extraEntropy }));
        assert.equal(await verifiesHere('/signature/verify', { message: base64(message), signature, signature_context }), true);
        shown(`signed by noble, ${hedge}, verified by Qkms`);
        assert.equal(await verifiesHere('/signature/verify', { message: base64(otherMessage), signature, signature_context }), false);
        assert.equal(await verifiesHere('/signature/verify', { message: base64(message), signature, ...other }), false);
        shown(`signed by noble, ${hedge}, not valid at Qkms for another message and in another context`);
      }
    }

    for (const [name, hash] of Object.entries(hashes)) {
      const message = messages[1];
      const weak = hash.outputLen * 4 < signer.securityLevel;
      const preHash = weak ? belowTheStrength(signer, hash) : signer.prehash(hash);
      if (weak) assert.throws(() => signer.prehash(hash), /strength/i, 'noble too finds the hash weak');
      const warnings = weak ? 1 : 0;
      const kind = weak ? 'HashML-DSA, with the warning of a weak hash' : 'HashML-DSA';
      const hashed = { hash: base64(hash(message)), hash_algorithm: name };

      const here = bytes((await use(key, '/signature/sign-hash', { ...hashed, signature_context }, warnings)).signature);
      assert.equal(preHash.verify(here, message, served.raw, { context }), true);
      shown(`${kind}: signed by Qkms, verified by noble`);
      assert.equal(preHash.verify(here, otherMessage, served.raw, { context }), false);
      assert.equal(preHash.verify(here, message, served.raw, { context: otherContext }), false);
      assert.equal(signer.verify(here, message, served.raw, { context }), false);
      assert.equal(signer.verify(here, hash(message), served.raw, { context }), false);
      shown(`${kind}: signed by Qkms, not valid at noble for another message, in another context and as a pure signature`);

      const signature = base64(preHash.sign(message, secretKey, { context }));
      assert.equal(await verifiesHere('/signature/verify-hash', { ...hashed, signature, signature_context }, warnings), true);
      shown(`${kind}: signed by noble, verified by Qkms`);
      assert.equal(await verifiesHere('/signature/verify-hash', { ...hashed, hash: base64(hash(otherMessage)), signature, signature_context }, warnings), false);
      assert.equal(await verifiesHere('/signature/verify-hash', { ...hashed, signature, ...other }, warnings), false);
      assert.equal(await verifiesHere('/signature/verify', { message: base64(message), signature, signature_context }), false);
      assert.equal(await verifiesHere('/signature/verify', { message: hashed.hash, signature, signature_context }), false);
      shown(`${kind}: signed by noble, not valid at Qkms for another message, in another context and as a pure signature`);
    }
  }
}

report();

// docs/formats.md: what a caller computes of a message that is too large to send.
function muOf(publicKey, context, message) {
  const shake = (...parts) => parts.reduce((state, part) => state.update(part), createHash('shake256', { outputLength: 64 })).digest();
  return shake(shake(publicKey), Uint8Array.of(0, context.length), context, message);
}

// FIPS 204, Algorithms 4 and 5, for hashes that noble's prehash() refuses: its own M' under its own internal algorithms.
function belowTheStrength(signer, hash) {
  return {
    sign: (message, secretKey, { context }) => signer.internal.sign(getMessagePrehash(hash, message, context), secretKey),
    verify: (signature, message, publicKey, { context }) => signer.internal.verify(signature, getMessagePrehash(hash, message, context), publicKey),
  };
}
