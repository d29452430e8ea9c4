// A started Qkms and the unmodified AWS SDK for JavaScript, which makes keys of every kind and changes them. Input is JSON on standard input:
// { url, accessKeyId, secretAccessKey }. Output is JSON: what was shown, and how often.

import assert from 'node:assert/strict';
import {
  CancelKeyDeletionCommand, CreateKeyCommand, DecapsulateCommand, DescribeKeyCommand, DisableKeyCommand, EnableKeyCommand, EncapsulateCommand,
  GenerateDataKeyCommand, GenerateMacCommand, KMSClient, ScheduleKeyDeletionCommand, SignCommand, UpdateKeyDescriptionCommand, VerifyCommand,
  VerifyMacCommand, paginateListKeys,
} from '@aws-sdk/client-kms';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, accessKeyId, secretAccessKey } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const counts = {};
const shown = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
const client = new KMSClient({ endpoint: url, region: 'eu-central-1', credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
const send = (Command, input) => client.send(new Command(input));
const refused = (name, Command, input) => assert.rejects(send(Command, input), { name });

const kinds = [
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'], ['RSA_2048', 'SIGN_VERIFY'], ['RSA_2048', 'ENCRYPT_DECRYPT'],
  ['ECC_NIST_P256', 'SIGN_VERIFY'], ['ECC_NIST_P384', 'SIGN_VERIFY'], ['ECC_NIST_P521', 'SIGN_VERIFY'], ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'],
  ['HMAC_256', 'GENERATE_VERIFY_MAC'], ['HMAC_512', 'GENERATE_VERIFY_MAC'],
  ['ML_DSA_44', 'SIGN_VERIFY'], ['ML_DSA_65', 'SIGN_VERIFY'], ['ML_DSA_87', 'SIGN_VERIFY'],
  ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE'], ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'], ['ML_KEM_1024', 'ENCAPSULATE_DECAPSULATE'],
];
const made = {};
for (const [KeySpec, KeyUsage] of kinds) {
  const { KeyMetadata } = await send(CreateKeyCommand, { KeySpec, KeyUsage, Description: `${KeySpec} \u{1F511}` });
  assert.deepEqual([KeyMetadata.KeySpec, KeyMetadata.KeyUsage, KeyMetadata.KeyState], [KeySpec, KeyUsage, 'Enabled']);
  assert.deepEqual((await send(DescribeKeyCommand, { KeyId: KeyMetadata.Arn })).KeyMetadata, KeyMetadata);
  made[KeySpec] = KeyMetadata.KeyId;
}

const listed = [];
for await (const page of paginateListKeys({ client, pageSize: 4 }, {})) {
  assert.ok(page.Keys.length <= 4);
  listed.push(...page.Keys);
}

for (const { KeyId, KeyArn } of listed) {
  assert.ok(KeyArn.endsWith(`:key/${KeyId}`));
  shown('made, described and listed in pages');
}

const Message = Buffer.from('hello');
const signed = await send(SignCommand, { KeyId: made.ECC_NIST_P256, Message, SigningAlgorithm: 'ECDSA_SHA_256' });
assert.ok((await send(VerifyCommand, {
  KeyId: made.ECC_NIST_P256, Message, Signature: signed.Signature, SigningAlgorithm: 'ECDSA_SHA_256' })).SignatureValid);
shown('used at once');
const { Mac } = await send(GenerateMacCommand, { KeyId: made.HMAC_256, Message, MacAlgorithm: 'HMAC_SHA_256' });
assert.ok((await send(VerifyMacCommand, { KeyId: made.HMAC_256, Message, Mac, MacAlgorithm: 'HMAC_SHA_256' })).MacValid);
shown('used at once');
const secret = await send(EncapsulateCommand, { KeyId: made.ML_KEM_1024, EncapsulationAlgorithm: 'ML_KEM' });
assert.deepEqual((await send(DecapsulateCommand, {
  KeyId: made.ML_KEM_1024, SharedSecretCiphertextBlob: secret.SharedSecretCiphertextBlob, EncapsulationAlgorithm: 'ML_KEM' })).SharedSecret,
secret.SharedSecret);
shown('used at once');

const KeyId = made.SYMMETRIC_DEFAULT;
await send(DisableKeyCommand, { KeyId });
await refused('DisabledException', GenerateDataKeyCommand, { KeyId, KeySpec: 'AES_256' });
await send(EnableKeyCommand, { KeyId });
await send(GenerateDataKeyCommand, { KeyId, KeySpec: 'AES_256' });
await send(UpdateKeyDescriptionCommand, { KeyId, Description: '' });
assert.equal((await send(DescribeKeyCommand, { KeyId })).KeyMetadata.Description, '');
shown('switched off and on');

const { DeletionDate, KeyState } = await send(ScheduleKeyDeletionCommand, { KeyId, PendingWindowInDays: 8 });
assert.equal(KeyState, 'PendingDeletion');
assert.ok(Math.abs(DeletionDate.getTime() - Date.now() - 8 * 86_400_000) < 600_000);
await refused('KMSInvalidStateException', GenerateDataKeyCommand, { KeyId, KeySpec: 'AES_256' });
await send(CancelKeyDeletionCommand, { KeyId });
assert.equal((await send(DescribeKeyCommand, { KeyId })).KeyMetadata.KeyState, 'Disabled');
shown('deletion scheduled and cancelled');

await refused('KMSInvalidStateException', CancelKeyDeletionCommand, { KeyId });
await refused('NotFoundException', EnableKeyCommand, { KeyId: '00000000-0000-0000-0000-000000000000' });
await refused('UnsupportedOperationException', CreateKeyCommand, { Origin: 'EXTERNAL' });
await refused('ValidationException', CreateKeyCommand, { KeySpec: 'RSA_2048' });
await refused('ValidationException', ScheduleKeyDeletionCommand, { KeyId, PendingWindowInDays: 3 });
shown('refused by the name of the exception');

console.log(JSON.stringify(counts));
