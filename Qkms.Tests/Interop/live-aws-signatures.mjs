// A started Qkms and the unmodified AWS SDK for JavaScript: signatures and MACs, and requests that are not as they were signed. Input is JSON on
// standard input: { url, accessKeyId, secretAccessKey, keys }, where keys names the id of a key of each algorithm. Output is JSON: what was
// shown, and how often.

import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import {
  GenerateMacCommand, GenerateRandomCommand, GetPublicKeyCommand, KMSClient, SignCommand, VerifyCommand, VerifyMacCommand,
} from '@aws-sdk/client-kms';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, accessKeyId, secretAccessKey, keys } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const counts = {};
const shown = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
const clientOf = (credentials, more = {}) => new KMSClient({ endpoint: url, region: 'eu-central-1', credentials, maxAttempts: 1, ...more });
const client = clientOf({ accessKeyId, secretAccessKey });
const send = (Command, input, by = client) => by.send(new Command(input));
const refused = (name, Command, input, by = client) => assert.rejects(send(Command, input, by), { name });
const Message = randomBytes(200);

// DER signatures, and PSS with a salt as long as the hash, as node:crypto (OpenSSL) has them.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
for (const [algorithm, SigningAlgorithm, hash, options] of [
  ['EC-P256', 'ECDSA_SHA_256', 'sha256'], ['EC-P384', 'ECDSA_SHA_384', 'sha384'], ['EC-P521', 'ECDSA_SHA_512', 'sha512'],
  ['Ed25519', 'ED25519_SHA_512', null], ['RSA-2048', 'RSASSA_PSS_SHA_256', 'sha256', pss], ['RSA-2048', 'RSASSA_PSS_SHA_512', 'sha512', pss],
  ['RSA-2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
]) {
  const KeyId = keys[algorithm];
  const described = await send(GetPublicKeyCommand, { KeyId });
  assert.ok(described.SigningAlgorithms.includes(SigningAlgorithm), `${described.SigningAlgorithms} of ${algorithm}`);
  const key = { key: createPublicKey({ key: Buffer.from(described.PublicKey), format: 'der', type: 'spki' }), ...options };
  const made = await send(SignCommand, { KeyId, Message, SigningAlgorithm });
  assert.ok(verify(hash, Message, key, made.Signature), SigningAlgorithm);
  assert.ok((await send(VerifyCommand, { KeyId, Message, Signature: made.Signature, SigningAlgorithm })).SignatureValid);
  await refused('KMSInvalidSignatureException', VerifyCommand, {
    KeyId, Message: randomBytes(200), Signature: made.Signature, SigningAlgorithm });
  if (hash !== null) {
    const digest = createHash(hash).update(Message).digest();
    const ofDigest = await send(SignCommand, { KeyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm });
    assert.ok(verify(hash, Message, key, ofDigest.Signature), `${SigningAlgorithm} of a hash`);
  }
  shown('signed by Qkms, verified by node:crypto and by Qkms');
}

for (const [algorithm, MacAlgorithm, length] of [['HMAC-256', 'HMAC_SHA_256', 32], ['HMAC-384', 'HMAC_SHA_384', 48], ['HMAC-512', 'HMAC_SHA_512', 64]]) {
  const KeyId = keys[algorithm];
  const { Mac } = await send(GenerateMacCommand, { KeyId, Message, MacAlgorithm });
  assert.equal(Mac.length, length);
  assert.ok((await send(VerifyMacCommand, { KeyId, Message, Mac, MacAlgorithm })).MacValid);
  await refused('KMSInvalidMacException', VerifyMacCommand, { KeyId, Message: randomBytes(200), Mac, MacAlgorithm });
  shown('MACs');
}

for (const [name, credentials, more] of [
  ['InvalidSignatureException', { accessKeyId, secretAccessKey: 'a'.repeat(40) }],
  ['UnrecognizedClientException', { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey }],
  ['UnrecognizedClientException', { accessKeyId, secretAccessKey, sessionToken: 'of a session' }],
  ['InvalidSignatureException', { accessKeyId, secretAccessKey }, { systemClockOffset: -600_000 }],
  ['InvalidSignatureException', { accessKeyId, secretAccessKey }, { systemClockOffset: 600_000 }],
]) {
  await refused(name, GenerateRandomCommand, { NumberOfBytes: 1 }, clientOf(credentials, more));
  shown('refused strangers');
}

// What another one changes on the way, after the client has signed it.
async function refusedWhenChanged(name, change) {
  const changed = clientOf({ accessKeyId, secretAccessKey });
  changed.middlewareStack.addRelativeTo(
    (next) => (args) => { change(args.request); return next(args); },
    { name: 'onTheWay', relation: 'after', toMiddleware: 'httpSigningMiddleware' });
  await refused(name, GenerateRandomCommand, { NumberOfBytes: 8 }, changed);
  shown('changed on the way and refused');
}

await refusedWhenChanged('InvalidSignatureException', (request) => { request.headers['x-amz-target'] = 'TrentService.GenerateDataKey'; });
await refusedWhenChanged('InvalidSignatureException', (request) => { request.body = '{"NumberOfBytes":9}'; });
await refusedWhenChanged('InvalidSignatureException', (request) => { request.headers['x-amz-user-agent'] = 'another'; });
await refusedWhenChanged('InvalidSignatureException', (request) => { request.headers['x-amz-added'] = 'x'; });
await refusedWhenChanged('MissingAuthenticationTokenException', (request) => { delete request.headers.authorization; });

process.stdout.write(JSON.stringify(counts));
