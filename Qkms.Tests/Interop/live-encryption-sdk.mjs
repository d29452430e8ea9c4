// A started Qkms and the unmodified AWS Encryption SDK for JavaScript. Input is JSON on standard input: { url, apiKey, accessKeyId,
// secretAccessKey, keys: [arn, arn], rotates: { algorithm, name } }, where the first key is rotated midway. Output is JSON: what was shown,
// and how often.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { CommitmentPolicy, KMS, KmsKeyringNode, buildClient } from '@aws-crypto/client-node';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, apiKey, accessKeyId, secretAccessKey, keys, rotates } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const counts = {};
const shown = (what) => { counts[what] = (counts[what] ?? 0) + 1; };

// The keyring takes the region from the ARN of the key.
const regions = new Set();
const clientProvider = (region) => {
  regions.add(region);
  return new KMS({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
};
const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const keyringOf = (generatorKeyId, keyIds) => new KmsKeyringNode({ clientProvider, generatorKeyId, keyIds });
const opensWith = (keyIds) => new KmsKeyringNode({ clientProvider, keyIds });

const [first, second] = keys;
const context = { purpose: 'test', '\u{1F600}': 'smile' };
const plaintext = randomBytes(10_000);

async function opens(keyring, ciphertext, what) {
  const opened = await decrypt(keyring, ciphertext);
  assert.ok(plaintext.equals(opened.plaintext), what);
  for (const [name, value] of Object.entries(context)) assert.equal(opened.messageHeader.encryptionContext[name], value, what);
  shown(what);
}

// The default suite signs, and puts the public key of its signature into the encryption context.
const one = (await encrypt(keyringOf(first), plaintext, { encryptionContext: context })).result;
await opens(opensWith([first]), one, 'opened by the key that made it');
await opens(new KmsKeyringNode({ clientProvider, discovery: true }), one, 'opened by a keyring that takes the key from the message');
await assert.rejects(decrypt(opensWith([second]), one), /unencryptedDataKey has not been set/);
shown('not opened by another key');

const two = (await encrypt(keyringOf(first, [second]), plaintext, { encryptionContext: context })).result;
await opens(opensWith([first]), two, 'opened by the first of two keys');
await opens(opensWith([second]), two, 'opened by the second of two keys');

// The context of the data key is in the head of the message: a change of it is found by Qkms before the library looks.
const changed = Buffer.from(one);
const at = changed.indexOf('purpose') + 'purpose'.length + 2;
assert.equal(changed.toString('utf8', at, at + 4), 'test');
changed.write('tost', at, 'utf8');
await assert.rejects(decrypt(opensWith([first]), changed), /InvalidCiphertextException/);
shown('not opened in another context');

const rotation = await fetch(`${url}/kms/keys/rotate`, {
  method: 'POST',
  headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
  body: JSON.stringify(rotates),
});
assert.equal(rotation.status, 201, await rotation.text());
await opens(opensWith([first]), one, 'opened after a rotation');
const later = (await encrypt(keyringOf(first), plaintext, { encryptionContext: context })).result;
await opens(opensWith([first]), later, 'made and opened after a rotation');

const wrong = (region) => new KMS({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey: 'a'.repeat(40) }, maxAttempts: 1 });
await assert.rejects(
  encrypt(new KmsKeyringNode({ clientProvider: wrong, generatorKeyId: first }), plaintext), { name: 'InvalidSignatureException' });
shown('refused with a wrong secret');

assert.deepEqual([...regions], ['eu-central-1']);
process.stdout.write(JSON.stringify(counts));
