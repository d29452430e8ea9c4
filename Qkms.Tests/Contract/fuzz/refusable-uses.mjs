// What the use of a key may be refused for although every part of the request is as described. Each rule asks what the service has said of
// the key: only where the fuzzer cannot know it, a refusal passes.
import { bytesOf, canDo, canonicalName, contextBytes, familyOf, hasAad, openings, uses } from './uses.mjs';

const mostContextBytes = 8192;
const payload = 1024 * 1024;

// Base64 comes in steps of three bytes; the service counts bytes.
const most = { aad: 8192, symmetric_key: 1024, plaintext: payload, message: payload, ciphertext: payload + 4096, kem_ciphertext: 8192, wrapped_key: 8192 };
const mostOf = { DecryptDataKey: { ciphertext: 101 + 1024 } };

const hashSizes = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64, 'SHA-1': 20 };
const blob = Buffer.from([...Buffer.from('QK'), 1, 1]);
const leastBlob = 101;
const dataKey = Buffer.from([...blob, 2]);

export function mayRefuseUse(operation, json, code, memory) {
  switch (code) {
    case 'ERR_KEM_001':
      return uses[operation].opens !== undefined && memory.products.mayFail(operation, json, memory);
    case 'ERR_SIG_001':
      if (operation === 'ReEncrypt' && (hasAad(json) || json.destination?.aad != null)) // the new key has to be ML-KEM's, and is AES's unless said
        return true;

      return choices(json).some(choice => mayBeUnfit(choice, actualOperation(operation, json), memory));
    default:
      return choices(json).some(choice => mayDisagree(choice, memory)) || wrongShape(operation, json) || tooLong(operation, json) || unlikeTheKey(operation, json, memory) || leavesKeyOpen(operation, json);
  }
}

// Which version decapsulates has to be said where there have been several, and which key decrypts where the ciphertext does not say it.
function leavesKeyOpen(operation, json) {
  const { kid, key_version: number, algorithm } = json;
  if (kid != null)
    return false;

  const unnamed = number == null && algorithm == null && ['Decrypt', 'ReEncrypt'].includes(operation);
  return operation === 'Decapsulate' || (unnamed && openings(operation, json).some(({ text, aad }) => !aad && !isBlob(bytesOf(text))));
}

const choices = json => [json, ...(namesKey(json.destination) ? [json.destination] : [])];

const namesKey = destination => destination != null && ['kid', 'key_version', 'algorithm', 'name'].some(name => destination[name] != null);

// A wrapped data key stays one.
const actualOperation = (operation, { ciphertext }) => (operation === 'ReEncrypt' && bytesOf(ciphertext).subarray(0, 5).equals(dataKey) ? 'DecryptDataKey' : operation);

const isBlob = bytes => bytes.length >= leastBlob && bytes.subarray(0, 4).equals(blob) && [1, 2].includes(bytes[4]);

function mayBeUnfit({ kid, algorithm }, operation, memory) {
  if (kid == null)
    return !uses[operation].families.includes(familyOf(algorithm ?? uses[operation].algorithm));

  const version = memory.version(kid);
  return version === undefined || !canDo(version, operation) || mayFollow(version, operation);
}

// Where something new is made, the end of its chain stands for a version that is not active, and that may be of another algorithm.
const making = ['Encrypt', 'ReEncrypt', 'GenerateDataKey', 'Encapsulate', 'KemEncrypt', 'WrapKey', 'Sign', 'SignHash', 'SignMu', 'GenerateMac'];
const mayFollow = (version, operation) => version.status !== 'active' && making.includes(operation);

function mayDisagree({ kid, key_version: number, algorithm, name }, memory) {
  if (kid == null || [number, algorithm, name].every(value => value == null))
    return false;

  const version = memory.version(kid);
  return version === undefined
    || (number != null && number !== version.key_version)
    || (algorithm != null && canonicalName(algorithm) !== version.algorithm_id)
    || (name != null && name !== version.name);
}

// One or many, and a context where its plaintext is; a hash as long as its function makes it.
const one = { Encrypt: ['plaintext'], Decrypt: ['ciphertext'], DecryptDataKey: ['ciphertext'], GenerateDataKey: [], Sign: ['message'], Verify: ['message', 'signature'], SignHash: ['hash'], VerifyHash: ['hash', 'signature'], SignMu: ['mu'], VerifyMu: ['mu', 'signature'] };
const ofItems = ['context', 'signature_context', 'bytes', 'aad'];

function wrongShape(operation, json) {
  const { items, hash_algorithm: algorithm } = json;
  if (operation === 'ReEncrypt')
    return wrongMove(json);

  const members = one[operation];
  const batch = members && (members.some(name => (json[name] == null) === (items == null)) || (items != null && ofItems.some(name => json[name] != null && name !== 'plaintext')));
  return batch || (items ?? [json]).some(({ hash }) => hash != null && bytesOf(hash).length !== hashSizes[algorithm]);
}

// A ciphertext or a wrapped key, each with what belongs to it, or many of them; and nothing at the destination that the new form does not have.
function wrongMove(json) {
  const { destination } = json;
  const wrong = ({ ciphertext, wrapped_key: wrapped, context, aad }) => (ciphertext == null) === (wrapped == null)
    || (context != null && (aad != null || wrapped != null))
    || (wrapped != null && destination?.context != null)
    || (destination?.aad != null && bytesOf(ciphertext).subarray(0, 5).equals(dataKey));
  return (json.items ?? [json]).some(item => wrong(item))
    || (json.items != null && ['ciphertext', 'wrapped_key', 'context', 'aad'].some(name => json[name] != null))
    || (destination?.context != null && destination.aad != null);
}

function tooLong(operation, json) {
  const parts = [json, json.destination ?? {}, ...(json.items ?? [])];
  const limits = { ...most, ...mostOf[operation] };
  return parts.some(part => contextBytes(part.context).length > mostContextBytes
    || Object.entries(limits).some(([name, limit]) => typeof part[name] === 'string' && bytesOf(part[name]).length > limit));
}

// What RSA does not have, what ML-DSA does not have, what EC does not have, and Ed25519 neither.
function unlikeTheKey(operation, json, memory) {
  const { plaintext, context, destination, hash_algorithm: hash, signature_context: signatureContext } = json;
  const [source, target = source] = choices(json).map(choice => keyOf(choice, operation, memory));
  const newContext = destination?.context ?? context;
  switch (operation) {
    case 'Encrypt':
      return source.mayBe('RSA') && (!isEmpty(context) || bytesOf(plaintext).length > source.mostPlaintext);
    case 'Decrypt':
      return source.mayBe('RSA') && !isEmpty(context);
    case 'ReEncrypt': // how long the plaintext is, only the service knows
      return target.mayBe('RSA') || (source.mayBe('RSA') && !(isEmpty(context) && isEmpty(newContext)));
    case 'Sign':
    case 'Verify':
      return ((source.mayBe('ML-DSA') || source.mayBe('Ed25519')) && (hash != null || json.padding != null))
        || (source.mayBe('EC') && json.padding != null)
        || ((source.mayBe('RSA') || source.mayBe('EC') || source.mayBe('Ed25519')) && bytesOf(signatureContext).length > 0);
    case 'SignHash':
    case 'VerifyHash':
      return ((source.mayBe('ML-DSA') || source.mayBe('EC')) && json.padding != null)
        || ((source.mayBe('RSA') || source.mayBe('EC')) && bytesOf(signatureContext).length > 0);
    default:
      return false;
  }
}

const isEmpty = context => Object.keys(context ?? {}).length === 0;

/** The key that is meant as far as it can be known: which families it may have, and how much RSA-OAEP takes at least (RFC 8017, 7.1.1). */
function keyOf({ kid, algorithm }, operation, memory) {
  const version = kid == null ? undefined : memory.version(kid);
  const known = version !== undefined && !mayFollow(version, operation);
  const name = kid == null ? canonicalName(algorithm ?? uses[operation].algorithm) : known ? version.algorithm_id : undefined;
  const hash = hashSizes[version?.oaep_hash ?? 'SHA-512'];
  return {
    mayBe: family => name === undefined || familyOf(name) === family,
    mostPlaintext: name === undefined ? 0 : Number(name.split('-')[1]) / 8 - 2 * hash - 2,
  };
}
