// ML-KEM keys of a started Qkms, with @noble/post-quantum (shared secrets) and @hpke/core (ciphertexts, wrapped keys). Input and output: live.mjs.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { canonicalContext } from './context.mjs';
import { openHpke, sealHpke } from './hpke.mjs';
import { base64, bytes, doesNotOpen, keys, post, publicKey, report, same, shown, use, utf8 } from './live.mjs';

const ROUNDS = 10;
const LONGEST_KEY = 1024;
const kems = { 'ML-KEM-512': ml_kem512, 'ML-KEM-768': ml_kem768, 'ML-KEM-1024': ml_kem1024 };
// docs/formats.md: what stands before the key of FIPS 203 in SubjectPublicKeyInfo.
const prefixes = {
  'ML-KEM-512': '30820332300b06096086480165030404010382032100',
  'ML-KEM-768': '308204b2300b0609608648016503040402038204a100',
  'ML-KEM-1024': '30820632300b06096086480165030404030382062100',
};
const random = (length) => new Uint8Array(randomBytes(length));
const wrapInfo = utf8('qkms/key-wrap/v1');
const contextInfo = utf8('qkms/crypto/v1');
const plaintexts = [0, 17, 100_000].map(random);
const aads = [undefined, utf8('header of the document'), random(8192)];
const contexts = [undefined, { c: '3', a: '1', b: '2' }, { '\u{1F600}': 'smile', '\uFF5E': 'tilde', '\uE000': 'private use' }];
const otherContext = { other: 'context' };

for (const key of keys) {
  const { algorithm, privateKey: seed } = key;
  const kem = kems[algorithm];
  const served = await publicKey(key);
  const exported = kem.keygen(seed);
  same(served.raw, exported.publicKey, 'the exported seed is that of the key');
  same(served.der, Buffer.concat([Buffer.from(prefixes[algorithm], 'hex'), served.raw]));
  assert.deepEqual(served.jwk, { ...served.jwk, kty: 'AKP', alg: algorithm, pub: Buffer.from(served.raw).toString('base64url') });

  const seal = (options) => sealHpke({ algorithm, publicKey: served.raw, ...options });
  const open = (options) => openHpke({ algorithm, seed, ...options });

  for (let i = 0; i < ROUNDS; i++) {
    const there = kem.encapsulate(served.raw);
    same(bytes((await use(key, '/kem/decapsulate', { kem_ciphertext: base64(there.cipherText) })).shared_secret), there.sharedSecret);
    shown('encapsulated by noble, decapsulated by Qkms');

    const here = await use(key, '/kem/encapsulate', {});
    same(kem.decapsulate(bytes(here.kem_ciphertext), exported.secretKey), bytes(here.shared_secret));
    shown('encapsulated by Qkms, decapsulated by noble');

    // FIPS 203, Algorithm 18: a damaged ciphertext gives a secret made of the ciphertext and z, the same for everybody who has the key.
    const damaged = new Uint8Array(there.cipherText);
    damaged[(i * 71) % damaged.length] ^= 1;
    const rejected = bytes((await use(key, '/kem/decapsulate', { kem_ciphertext: base64(damaged) })).shared_secret);
    same(rejected, kem.decapsulate(damaged, exported.secretKey));
    assert.notDeepEqual(rejected, there.sharedSecret);
    shown('rejected implicitly by both with the same secret');
  }

  for (const plaintext of plaintexts) {
    for (const aad of aads) {
      const sent = aad && base64(aad);
      const there = base64(await seal({ aad, plaintext }));
      same(bytes((await use(key, '/kem/decrypt', { ciphertext: there, aad: sent })).plaintext), plaintext);
      shown('sealed by @hpke, decrypted by /kem/decrypt');
      await doesNotOpen('/kem/decrypt', { kid: key.kid, ciphertext: there, aad: base64(utf8('other')) });
      if (plaintext.length <= LONGEST_KEY) // more is too long for a wrapped key
        await doesNotOpen('/kem/key/unwrap', { kid: key.kid, wrapped_key: there, aad: sent });
      shown('sealed by @hpke, refused with another aad and as a wrapped key');

      const here = bytes((await use(key, '/kem/encrypt', { plaintext: base64(plaintext), aad: sent })).ciphertext);
      same(await open({ aad, ciphertext: here }), plaintext);
      shown('encrypted by /kem/encrypt, opened by @hpke');
      await assert.rejects(open({ aad: utf8('other'), ciphertext: here }));
      await assert.rejects(open({ aad, info: wrapInfo, ciphertext: here }));
      shown('encrypted by /kem/encrypt, refused by @hpke with another aad and as a wrapped key');
    }

    for (const context of contexts) {
      const aad = canonicalContext(context);
      const there = base64(await seal({ info: contextInfo, aad, plaintext }));
      same(bytes((await use(key, '/crypto/decrypt', { ciphertext: there, context })).plaintext), plaintext);
      shown('sealed by @hpke, decrypted by /crypto/decrypt');
      await doesNotOpen('/crypto/decrypt', { kid: key.kid, ciphertext: there, context: otherContext });
      shown('sealed by @hpke, refused in another context');
      await doesNotOpen('/kem/decrypt', { kid: key.kid, ciphertext: there, aad: base64(aad) });
      await doesNotOpen('/crypto/decrypt', { kid: key.kid, ciphertext: base64(await seal({ aad, plaintext })), context });
      shown('sealed by @hpke for /crypto/decrypt, refused by /kem/decrypt, and the other way round');

      const here = bytes((await use(key, '/crypto/encrypt', { plaintext: base64(plaintext), context })).ciphertext);
      same(await open({ info: contextInfo, aad, ciphertext: here }), plaintext);
      shown('encrypted by /crypto/encrypt, opened by @hpke');
      await assert.rejects(open({ info: contextInfo, aad: canonicalContext(otherContext), ciphertext: here }));
      await assert.rejects(open({ aad, ciphertext: here }));
      shown('encrypted by /crypto/encrypt, refused by @hpke in another context');
    }
  }

  // Many in one request, each with its own context.
  const items = await Promise.all(plaintexts.map(async (plaintext, i) => ({
    ciphertext: base64(await seal({ info: contextInfo, aad: canonicalContext(contexts[i]), plaintext })),
    context: contexts[i],
  })));
  const opened = await post('/crypto/decrypt', { kid: key.kid, items });
  assert.equal(opened.items.length, items.length);
  for (const [i, item] of opened.items.entries()) {
    assert.equal(item.kid, key.kid);
    same(bytes(item.plaintext), plaintexts[i]);
    shown('sealed by @hpke, decrypted as an item');
  }

  for (const symmetricKey of [1, 32, 1024].map(random)) {
    for (const aad of aads) {
      const sent = aad && base64(aad);
      const here = await use(key, '/kem/key/wrap', { symmetric_key: base64(symmetricKey), aad: sent });
      assert.equal(here.wrapping_method, 'KEM-DEM');
      same(await open({ info: wrapInfo, aad, ciphertext: bytes(here.wrapped_key) }), symmetricKey);
      shown('wrapped by Qkms, opened by @hpke');
      await assert.rejects(open({ aad, ciphertext: bytes(here.wrapped_key) }));
      await doesNotOpen('/kem/decrypt', { kid: key.kid, ciphertext: here.wrapped_key, aad: sent });
      shown('wrapped by Qkms, refused by @hpke and Qkms as a ciphertext');

      const there = base64(await seal({ info: wrapInfo, aad, plaintext: symmetricKey }));
      same(bytes((await use(key, '/kem/key/unwrap', { wrapped_key: there, aad: sent })).symmetric_key), symmetricKey);
      shown('wrapped by @hpke, unwrapped by Qkms');
    }
  }
}

report();
