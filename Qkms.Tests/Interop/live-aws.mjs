// A started Qkms and the unmodified AWS SDK for JavaScript. Input is JSON on standard input: { url, accessKeyId, secretAccessKey, keys }, where keys
// names the id of a key of each algorithm. Output is JSON: what was shown, and how often.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  CreateAliasCommand, DecapsulateCommand, DecryptCommand, DeleteAliasCommand, DescribeKeyCommand, EncapsulateCommand, EncryptCommand,
  GenerateDataKeyCommand, GenerateDataKeyWithoutPlaintextCommand, GenerateRandomCommand, GetPublicKeyCommand, KMSClient,
  ListResourceTagsCommand, SignCommand, TagResourceCommand, UntagResourceCommand, UpdateAliasCommand, VerifyCommand, paginateListAliases,
} from '@aws-sdk/client-kms';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, accessKeyId, secretAccessKey, keys } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const counts = {};
const shown = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
const clientOf = (credentials, more = {}) => new KMSClient({ endpoint: url, region: 'eu-central-1', credentials, maxAttempts: 1, ...more });
const client = clientOf({ accessKeyId, secretAccessKey });
const send = (Command, input, by = client) => by.send(new Command(input));
const refused = (name, Command, input, by = client) => assert.rejects(send(Command, input, by), { name });
const same = (actual, expected, what) => assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'), what);

const plaintext = randomBytes(100);
const EncryptionContext = { purpose: 'test', '\u{1F600}': 'smile' };
const aes = keys['AES-256'];
const encrypted = await send(EncryptCommand, { KeyId: aes, Plaintext: plaintext, EncryptionContext });
same((await send(DecryptCommand, { CiphertextBlob: encrypted.CiphertextBlob, EncryptionContext })).Plaintext, plaintext);
await refused('InvalidCiphertextException', DecryptCommand, { CiphertextBlob: encrypted.CiphertextBlob });
shown('encrypted and decrypted, not in another context');

const dataKey = await send(GenerateDataKeyCommand, { KeyId: aes, KeySpec: 'AES_256', EncryptionContext });
assert.equal(dataKey.Plaintext.length, 32);
same((await send(DecryptCommand, { CiphertextBlob: dataKey.CiphertextBlob, EncryptionContext })).Plaintext, dataKey.Plaintext);
const unseen = await send(GenerateDataKeyWithoutPlaintextCommand, { KeyId: aes, NumberOfBytes: 64 });
assert.equal((await send(DecryptCommand, { CiphertextBlob: unseen.CiphertextBlob, KeyId: aes })).Plaintext.length, 64);
shown('data keys, with and without plaintext');

assert.equal((await send(GenerateRandomCommand, { NumberOfBytes: 40 })).Plaintext.length, 40);
shown('random bytes');

for (const [algorithm, kem, prefix] of [['ML-KEM-512', ml_kem512, 22], ['ML-KEM-768', ml_kem768, 22], ['ML-KEM-1024', ml_kem1024, 22]]) {
  const KeyId = keys[algorithm];
  const { KeyMetadata } = await send(DescribeKeyCommand, { KeyId });
  assert.deepEqual(
    [KeyMetadata.KeySpec, KeyMetadata.KeyUsage, KeyMetadata.EncapsulationAlgorithms],
    [algorithm.replaceAll('-', '_'), 'ENCAPSULATE_DECAPSULATE', ['ML_KEM']]);
  const publicKey = (await send(GetPublicKeyCommand, { KeyId })).PublicKey.slice(prefix);
  const made = await send(EncapsulateCommand, { KeyId, EncapsulationAlgorithm: 'ML_KEM' });
  const opened = await send(DecapsulateCommand, {
    KeyId, SharedSecretCiphertextBlob: made.SharedSecretCiphertextBlob, EncapsulationAlgorithm: 'ML_KEM' });
  same(opened.SharedSecret, made.SharedSecret);
  const byNoble = kem.encapsulate(publicKey);
  same((await send(DecapsulateCommand, {
    KeyId, SharedSecretCiphertextBlob: byNoble.cipherText, EncapsulationAlgorithm: 'ML_KEM' })).SharedSecret, byNoble.sharedSecret);
  await refused('InvalidCiphertextException', DecapsulateCommand, {
    KeyId, SharedSecretCiphertextBlob: byNoble.cipherText.slice(1), EncapsulationAlgorithm: 'ML_KEM' });
  shown('encapsulated by Qkms and by noble, decapsulated by Qkms');
}

const Message = randomBytes(200);
const dsa = keys['ML-DSA-65'];
const { Signature } = await send(SignCommand, { KeyId: dsa, Message, SigningAlgorithm: 'ML_DSA_SHAKE_256' });
const dsaKey = (await send(GetPublicKeyCommand, { KeyId: dsa })).PublicKey.slice(-1952);
assert.ok(ml_dsa65.verify(Signature, Message, dsaKey));
assert.ok((await send(VerifyCommand, { KeyId: dsa, Message, Signature, SigningAlgorithm: 'ML_DSA_SHAKE_256' })).SignatureValid);
await refused('KMSInvalidSignatureException', VerifyCommand, {
  KeyId: dsa, Message: randomBytes(200), Signature, SigningAlgorithm: 'ML_DSA_SHAKE_256' });
shown('signed by Qkms, verified by noble and by Qkms');

for (const AliasName of ['alias/js/one', 'alias/js/two', 'alias/js/three']) await send(CreateAliasCommand, { AliasName, TargetKeyId: aes });
await refused('AlreadyExistsException', CreateAliasCommand, { AliasName: 'alias/js/one', TargetKeyId: aes });
const named = [];
for await (const page of paginateListAliases({ client, pageSize: 2 }, {})) named.push(...page.Aliases);
assert.deepEqual(named.map(({ AliasName }) => AliasName), ['alias/js/one', 'alias/js/three', 'alias/js/two']);
assert.ok(named.every(({ TargetKeyId, CreationDate }) => TargetKeyId === aes && CreationDate instanceof Date));
for (const KeyId of ['alias/js/one', named[0].AliasArn]) {
  const { CiphertextBlob } = await send(EncryptCommand, { KeyId, Plaintext: plaintext });
  same((await send(DecryptCommand, { CiphertextBlob, KeyId })).Plaintext, plaintext);
}
await refused('ValidationException', UpdateAliasCommand, { AliasName: 'alias/js/one', TargetKeyId: dsa });
await send(UpdateAliasCommand, { AliasName: 'alias/js/one', TargetKeyId: aes });
for (const { AliasName } of named) await send(DeleteAliasCommand, { AliasName });
await refused('NotFoundException', DescribeKeyCommand, { KeyId: 'alias/js/one' });
await send(TagResourceCommand, { KeyId: aes, Tags: [{ TagKey: 'team', TagValue: 'blue' }, { TagKey: 'empty', TagValue: '' }] });
await send(UntagResourceCommand, { KeyId: aes, TagKeys: ['empty'] });
assert.deepEqual((await send(ListResourceTagsCommand, { KeyId: aes })).Tags, [{ TagKey: 'team', TagValue: 'blue' }]);
shown('aliases and tags');

await refused('NotFoundException', DescribeKeyCommand, { KeyId: '00000000-0000-0000-0000-000000000000' });
await refused('InvalidKeyUsageException', SignCommand, { KeyId: aes, Message, SigningAlgorithm: 'ML_DSA_SHAKE_256' });
await refused('InvalidSignatureException', GenerateRandomCommand, { NumberOfBytes: 1 }, clientOf({ accessKeyId, secretAccessKey: 'a'.repeat(40) }));
await refused('UnrecognizedClientException', GenerateRandomCommand, { NumberOfBytes: 1 },
  clientOf({ accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey }));
await refused('InvalidSignatureException', GenerateRandomCommand, { NumberOfBytes: 1 },
  clientOf({ accessKeyId, secretAccessKey }, { systemClockOffset: -600_000 }));
shown('refused by the name of the exception');

process.stdout.write(JSON.stringify(counts));
