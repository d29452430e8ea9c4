// The life of keys with the unmodified AWS SDK for JavaScript, in two parts with a restart of Qkms between them. Input is JSON on standard
// input: { url, accessKeyId, secretAccessKey, kept }, where kept is what the first part gave, and null for it. Output is JSON:
// { counts, kept }, what was shown, how often, and what the second part needs.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import * as sdk from '@aws-sdk/client-kms';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, accessKeyId, secretAccessKey, kept } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const counts = {};
const shown = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
const client = new sdk.KMSClient({ endpoint: url, region: 'eu-central-1', credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
const send = (operation, input = {}) => client.send(new sdk[`${operation}Command`](input));
const refused = (name, operation, input) => assert.rejects(send(operation, input), { name });
const same = (actual, expected, what) => assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'), what);
const describe = async (KeyId) => (await send('DescribeKey', { KeyId })).KeyMetadata;
const all = async (pages, member) => {
  const found = [];
  for await (const page of pages) found.push(...page[member]);
  return found;
};
const unknown = '00000000-0000-4000-8000-000000000000';
const EncryptionContext = { purpose: 'orders', '\u{1F600}': 'smile' };

async function before() {
  const made = {};
  for (const [spec, usage] of [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'], ['RSA_2048', 'ENCRYPT_DECRYPT'], ['RSA_3072', 'SIGN_VERIFY'], ['ECC_NIST_P256', 'SIGN_VERIFY'],
    ['ECC_NIST_P384', 'SIGN_VERIFY'], ['ECC_NIST_P521', 'SIGN_VERIFY'], ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'],
    ['HMAC_256', 'GENERATE_VERIFY_MAC'], ['HMAC_384', 'GENERATE_VERIFY_MAC'], ['HMAC_512', 'GENERATE_VERIFY_MAC'],
    ['ML_DSA_44', 'SIGN_VERIFY'], ['ML_DSA_65', 'SIGN_VERIFY'], ['ML_DSA_87', 'SIGN_VERIFY'],
    ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE'], ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'], ['ML_KEM_1024', 'ENCAPSULATE_DECAPSULATE'],
  ]) {
    const { KeyMetadata } = await send('CreateKey', { KeySpec: spec, KeyUsage: usage, Description: `a key, ${spec}` });
    assert.deepEqual(
      [KeyMetadata.KeySpec, KeyMetadata.KeyUsage, KeyMetadata.KeyState, KeyMetadata.Enabled, KeyMetadata.Description, KeyMetadata.MultiRegion],
      [spec, usage, 'Enabled', true, `a key, ${spec}`, false]);
    assert.ok(Math.abs(KeyMetadata.CreationDate - Date.now()) < 600_000, `${KeyMetadata.CreationDate}`);
    assert.deepEqual(await describe(KeyMetadata.KeyId), KeyMetadata);
    made[spec] = KeyMetadata.KeyId;
    shown('created and described');
  }

  await refused('ValidationException', 'CreateKey', { KeySpec: 'ML_KEM_768', KeyUsage: 'ENCRYPT_DECRYPT' });
  const listed = (await all(sdk.paginateListKeys({ client, pageSize: 3 }, {}), 'Keys')).map((key) => key.KeyId);
  assert.deepEqual([...new Set(listed)].length, listed.length);
  assert.deepEqual(Object.values(made).filter((id) => !listed.includes(id)), []);
  await refused('InvalidMarkerException', 'ListKeys', { Marker: 'bm9uZQ==' });
  shown('listed in pages');

  const aes = made.SYMMETRIC_DEFAULT;
  await aliases(aes, made.ECC_NIST_P256);
  await send('TagResource', { KeyId: aes, Tags: [{ TagKey: 'team', TagValue: 'shop' }, { TagKey: 'spec', TagValue: 'aes' }] });
  await send('UntagResource', { KeyId: aes, TagKeys: ['spec'] });
  assert.deepEqual((await send('ListResourceTags', { KeyId: aes })).Tags, [{ TagKey: 'team', TagValue: 'shop' }]);
  shown('tagged');

  const dataKey = await send('GenerateDataKey', { KeyId: 'alias/orders', KeySpec: 'AES_256', EncryptionContext });
  await rotate(aes, dataKey);
  await moveAndPair(aes);
  await encapsulate(made.ML_KEM_768);
  const { Mac } = await send('GenerateMac', { KeyId: made.HMAC_384, Message: Buffer.from('text'), MacAlgorithm: 'HMAC_SHA_384' });
  await changeStates(aes);
  await policies(aes);

  const leaves = (await send('CreateKey')).KeyMetadata.KeyId;
  const scheduled = await send('ScheduleKeyDeletion', { KeyId: leaves, PendingWindowInDays: 7 });
  assert.deepEqual([scheduled.KeyState, scheduled.PendingWindowInDays], ['PendingDeletion', 7]);
  return {
    made, leaves, blob: Buffer.from(dataKey.CiphertextBlob).toString('base64'), plaintext: Buffer.from(dataKey.Plaintext).toString('base64'),
    mac: Buffer.from(Mac).toString('base64'), publicKey: Buffer.from((await send('GetPublicKey', { KeyId: made.ML_DSA_65 })).PublicKey).toString('base64'),
  };
}

async function aliases(first, second) {
  await send('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: first });
  await send('CreateAlias', { AliasName: 'alias/moves', TargetKeyId: first });
  const { Arn, KeyId } = await describe('alias/orders');
  assert.equal(KeyId, first);
  assert.equal((await describe(Arn.replace(/key\/.*/, 'alias/orders'))).KeyId, first);
  await refused('AlreadyExistsException', 'CreateAlias', { AliasName: 'alias/orders', TargetKeyId: second });
  await refused('NotFoundException', 'CreateAlias', { AliasName: 'alias/none', TargetKeyId: unknown });
  await refused('NotFoundException', 'DescribeKey', { KeyId: 'alias/none' });
  await refused('NotFoundException', 'DeleteAlias', { AliasName: 'alias/none' });
  const found = await all(sdk.paginateListAliases({ client, pageSize: 1 }, {}), 'Aliases');
  assert.deepEqual(found.filter((alias) => alias.TargetKeyId === first).map((alias) => alias.AliasName).sort(), ['alias/moves', 'alias/orders']);
  assert.deepEqual((await send('ListAliases', { KeyId: second })).Aliases, []);
  await send('DeleteAlias', { AliasName: 'alias/moves' });
  await refused('NotFoundException', 'DescribeKey', { KeyId: 'alias/moves' });
  shown('named by an alias');
}

async function rotate(KeyId, dataKey) {
  await send('RotateKeyOnDemand', { KeyId });
  same((await send('Decrypt', { CiphertextBlob: dataKey.CiphertextBlob, EncryptionContext })).Plaintext, dataKey.Plaintext);
  await refused('InvalidCiphertextException', 'Decrypt', { CiphertextBlob: dataKey.CiphertextBlob, EncryptionContext: { purpose: 'invoices' } });
  const { Rotations } = await send('ListKeyRotations', { KeyId });
  assert.deepEqual(Rotations.map((one) => [one.KeyId.endsWith(KeyId), one.RotationType]), [[true, 'ON_DEMAND']]);
  await send('EnableKeyRotation', { KeyId, RotationPeriodInDays: 180 });
  const on = await send('GetKeyRotationStatus', { KeyId });
  assert.deepEqual([on.KeyRotationEnabled, on.RotationPeriodInDays, on.NextRotationDate > new Date()], [true, 180, true]);
  await send('DisableKeyRotation', { KeyId });
  assert.equal((await send('GetKeyRotationStatus', { KeyId })).KeyRotationEnabled, false);
  shown('rotated, and opened what was made before');
}

async function moveAndPair(KeyId) {
  const text = Buffer.from('the order is 42');
  const other = (await send('CreateKey')).KeyMetadata.KeyId;
  const made = await send('Encrypt', { KeyId, Plaintext: text, EncryptionContext });
  const moved = await send('ReEncrypt', {
    CiphertextBlob: made.CiphertextBlob, SourceEncryptionContext: EncryptionContext, DestinationKeyId: other });
  assert.deepEqual([moved.SourceKeyId.endsWith(KeyId), moved.KeyId.endsWith(other)], [true, true]);
  same((await send('Decrypt', { CiphertextBlob: moved.CiphertextBlob, KeyId: other })).Plaintext, text);
  await refused('IncorrectKeyException', 'Decrypt', { CiphertextBlob: moved.CiphertextBlob, KeyId });
  shown('moved to another key');

  for (const KeyPairSpec of ['ECC_NIST_P256', 'RSA_2048']) {
    const pair = await send('GenerateDataKeyPair', { KeyId, KeyPairSpec, EncryptionContext });
    same((await send('Decrypt', { CiphertextBlob: pair.PrivateKeyCiphertextBlob, EncryptionContext })).Plaintext, pair.PrivateKeyPlaintext);
    const privateKey = createPrivateKey({ key: Buffer.from(pair.PrivateKeyPlaintext), format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey({ key: Buffer.from(pair.PublicKey), format: 'der', type: 'spki' });
    assert.ok(verify('sha256', text, publicKey, sign('sha256', text, privateKey)));
    const unseen = await send('GenerateDataKeyPairWithoutPlaintext', { KeyId, KeyPairSpec, EncryptionContext });
    assert.equal(unseen.PrivateKeyPlaintext, undefined);
    const opened = await send('Decrypt', { CiphertextBlob: unseen.PrivateKeyCiphertextBlob, EncryptionContext });
    assert.ok(createPublicKey({ key: Buffer.from(unseen.PublicKey), format: 'der', type: 'spki' }).equals(
      createPublicKey(createPrivateKey({ key: Buffer.from(opened.Plaintext), format: 'der', type: 'pkcs8' }))));
    shown('pairs, whose private key node:crypto uses');
  }
}

async function encapsulate(KeyId) {
  const { PublicKey } = await send('GetPublicKey', { KeyId });
  const byNoble = ml_kem768.encapsulate(PublicKey.slice(-1184));
  const opened = await send('Decapsulate', { KeyId, SharedSecretCiphertextBlob: byNoble.cipherText, EncapsulationAlgorithm: 'ML_KEM' });
  same(opened.SharedSecret, byNoble.sharedSecret);
  shown('encapsulated by noble for a key that the SDK made');
}

async function changeStates(KeyId) {
  const Plaintext = randomBytes(10);
  await send('UpdateKeyDescription', { KeyId, Description: 'described again' });
  await send('DisableKey', { KeyId });
  assert.deepEqual([(await describe(KeyId)).KeyState, (await describe(KeyId)).Enabled], ['Disabled', false]);
  await refused('DisabledException', 'Encrypt', { KeyId, Plaintext });
  await send('EnableKey', { KeyId });
  const { CiphertextBlob } = await send('Encrypt', { KeyId, Plaintext });
  await send('ScheduleKeyDeletion', { KeyId });
  const waiting = await describe(KeyId);
  assert.equal(waiting.KeyState, 'PendingDeletion');
  assert.ok(waiting.DeletionDate > new Date(Date.now() + 29 * 86_400_000));
  await refused('KMSInvalidStateException', 'Decrypt', { CiphertextBlob });
  await refused('KMSInvalidStateException', 'EnableKey', { KeyId });
  await send('CancelKeyDeletion', { KeyId });
  assert.equal((await describe(KeyId)).KeyState, 'Disabled');
  await send('EnableKey', { KeyId });
  same((await send('Decrypt', { CiphertextBlob })).Plaintext, Plaintext);
  await refused('KMSInvalidStateException', 'CancelKeyDeletion', { KeyId });
  shown('disabled, enabled, deleted and taken back');
}

async function policies(KeyId) {
  assert.deepEqual((await send('ListKeyPolicies', { KeyId })).PolicyNames, ['default']);
  assert.equal(JSON.parse((await send('GetKeyPolicy', { KeyId })).Policy).Version, '2012-10-17');
  shown('policies');
}

async function after({ made, leaves, blob, plaintext, mac, publicKey }) {
  const opened = await send('Decrypt', { CiphertextBlob: Buffer.from(blob, 'base64'), EncryptionContext });
  same(opened.Plaintext, Buffer.from(plaintext, 'base64'));
  assert.ok(opened.KeyId.endsWith(made.SYMMETRIC_DEFAULT));
  const described = await describe('alias/orders');
  assert.deepEqual([described.KeyId, described.Description, described.KeyState], [made.SYMMETRIC_DEFAULT, 'described again', 'Enabled']);
  assert.equal((await describe(leaves)).KeyState, 'PendingDeletion');
  assert.deepEqual((await send('ListResourceTags', { KeyId: made.SYMMETRIC_DEFAULT })).Tags, [{ TagKey: 'team', TagValue: 'shop' }]);
  assert.ok((await send('VerifyMac', {
    KeyId: made.HMAC_384, Message: Buffer.from('text'), Mac: Buffer.from(mac, 'base64'), MacAlgorithm: 'HMAC_SHA_384' })).MacValid);
  same((await send('GetPublicKey', { KeyId: made.ML_DSA_65 })).PublicKey, Buffer.from(publicKey, 'base64'));
  shown('found again after a restart');
  return null;
}

const left = kept === null ? await before() : await after(kept);
process.stdout.write(JSON.stringify({ counts, kept: left }));
