// AES-256 keys of a started Qkms: blobs and data keys made by one, opened by the other, with WebCrypto after docs/formats.md.
// Input and output: live.mjs; the keys are two versions of one key, the retired one first.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openBlob, purposes, sealBlob, versionId } from './blob-v1.mjs';
import { base64, bytes, doesNotOpen, keys, post, report, same, shown, use } from './live.mjs';

const random = (length) => new Uint8Array(randomBytes(length));
const plaintexts = [0, 1, 17, 100_000].map(random);
const contexts = [
  undefined,
  {},
  { tenant: '4711' },
  { c: '3', a: '1', b: '2' },
  { '\u{1F600}': 'smile', '\uFF5E': 'tilde', '\uE000': 'private use' },
  Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`name ${63 - i}`, `${i}`])),
];
const otherContext = { other: 'context' };
const { encryption, dataKey } = purposes;
const [retired, active] = keys;

const open = (key, purpose, blob, context) => openBlob({ key: key.privateKey, purpose, context, blob });
const seal = async (key, purpose, plaintext, context) => base64(await sealBlob({ key: key.privateKey, purpose, versionId: key.versionId, context, plaintext }));

const sealed = [];
for (const context of contexts) {
  for (const plaintext of plaintexts) {
    const here = bytes((await use(active, '/crypto/encrypt', { plaintext: base64(plaintext), context })).ciphertext);
    assert.equal(versionId(here), active.versionId);
    same(await open(active, encryption, here, context), plaintext);
    shown('encrypted by Qkms, opened in Node');
    await assert.rejects(open(active, encryption, here, otherContext));
    await assert.rejects(open(active, dataKey, here, context));
    await assert.rejects(open(retired, encryption, here, context), /another key/);
    shown('encrypted by Qkms, refused in Node in another context, as a data key and under another key');

    // The blob says which version opens it; no request names it.
    for (const key of keys) {
      const ciphertext = await seal(key, encryption, plaintext, context);
      const opened = await post('/crypto/decrypt', { ciphertext, context });
      assert.equal(opened.kid, key.kid);
      same(bytes(opened.plaintext), plaintext);
      shown('sealed in Node, decrypted by Qkms');
      await doesNotOpen('/crypto/decrypt', { ciphertext, context: otherContext });
      await doesNotOpen('/data-keys/decrypt', { ciphertext: await seal(key, encryption, random(32), context), context });
      shown('sealed in Node, refused by Qkms in another context and as a data key');
      sealed.push({ key, plaintext, item: { ciphertext, context } });
    }

    const moved = await post('/crypto/re-encrypt', { ciphertext: await seal(retired, encryption, plaintext, context), context });
    assert.deepEqual([moved.kid, moved.source_kid], [active.kid, retired.kid]);
    same(await open(active, encryption, bytes(moved.ciphertext), context), plaintext);
    shown('sealed in Node under the retired version, re-encrypted by Qkms, opened in Node under the active one');
  }

  for (const length of [16, 32, 1024]) {
    for (const encoding of ['base64', 'hex']) {
      const made = await use(active, '/data-keys/generate', { bytes: length, encoding, context });
      const key = await open(active, dataKey, bytes(made.ciphertext), context);
      assert.equal(key.length, length);
      assert.equal(Buffer.from(key).toString(encoding), made.plaintext);
      shown('data key made by Qkms, opened in Node');
      await assert.rejects(open(active, encryption, bytes(made.ciphertext), context));
      await doesNotOpen('/crypto/decrypt', { ciphertext: made.ciphertext, context });
      shown('data key made by Qkms, refused in Node and by Qkms as a ciphertext');
    }

    const unseen = await use(active, '/data-keys/generate', { bytes: length, plaintext: false, context });
    assert.equal(unseen.plaintext, null);
    const recovered = await post('/data-keys/decrypt', { ciphertext: unseen.ciphertext, context });
    same(await open(active, dataKey, bytes(unseen.ciphertext), context), bytes(recovered.plaintext));
    shown('data key made by Qkms unseen, opened the same in Node and by Qkms');

    for (const key of keys) {
      const mine = random(length);
      const opened = await post('/data-keys/decrypt', { ciphertext: await seal(key, dataKey, mine, context), context });
      assert.equal(opened.kid, key.kid);
      same(bytes(opened.plaintext), mine);
      shown('data key sealed in Node, opened by Qkms');
    }
  }
}

const answered = await post('/crypto/decrypt', { items: sealed.filter(({ plaintext }) => plaintext.length < 100).map(({ item }) => item) });
for (const [i, { key, plaintext }] of sealed.filter((one) => one.plaintext.length < 100).entries()) {
  assert.equal(answered.items[i].kid, key.kid);
  same(bytes(answered.items[i].plaintext), plaintext);
  shown('sealed in Node, decrypted by Qkms as an item');
}

const asked = contexts.flatMap((context) => plaintexts.slice(0, 3).map((plaintext) => ({ plaintext: base64(plaintext), context })));
const encrypted = await post('/crypto/encrypt', { kid: active.kid, items: asked });
for (const [i, { plaintext, context }] of asked.entries()) {
  same(await open(active, encryption, bytes(encrypted.items[i].ciphertext), context), bytes(plaintext));
  shown('encrypted by Qkms as an item, opened in Node');
}

report();
