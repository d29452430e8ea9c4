// What a request may be refused for although every part of it is as described: rules between fields, which schemas do not say.
import { mayRefuseUse } from './refusable-uses.mjs';
import { bytesOf, uses } from './uses.mjs';

// The default of Qkms:Devices:MaxCiphertext, in bytes.
const mostFromDevice = 2048;

// Qkms.Core/Names/Kid.cs; kids stand where these do, and routes do not mind upper case.
const routeWords = ['active', 'generate', 'rotate', 'retire', 'revoke', 'import', 'actions', 'rotations', 'chain', 'public-key', 'jwks'];

export function mayRefuse(facts, plan, request, code, memory) {
  const { operation, json, query, key } = facts;
  if (operation.id === 'DecryptFromDevice' && ['ERR_KEM_001', 'ERR_INVALID_002'].includes(code))
    return code === 'ERR_KEM_001' || bytesOf(json.ciphertext).length > mostFromDevice || plan.oddities.length !== undefined;

  if (code === 'ERR_KEM_001' || code === 'ERR_SIG_001') // whatever the form
    return uses[operation.id] ? mayRefuseUse(operation.id, json, code, memory) : hasNoPublicKey(facts, memory);

  if (code === 'ERR_INVALID_002') // a body that is too long is not as described; the head may announce one
    return plan.oddities.length !== undefined;

  return oddForm(plan, json, request)
    || [json?.kid, json?.destination?.kid, query.kid].some(kid => routeWords.includes(kid?.toLowerCase()))
    || (uses[operation.id] ? mayRefuseUse(operation.id, json, code, memory) : useWithoutAlgorithm(json ?? query) || hashWithoutOaep(json))
    || limitsDoNotFit(operation.id, json)
    || ('cursor' in query && (operation.id !== 'ListKeys' || madeUp(plan)))
    || (['CreateApiKey', 'UpdateApiKey', 'RotateApiKey'].includes(operation.id) && apiKeyRules(json))
    || (operation.id === 'ListEvents' && eventRules(query))
    || (operation.id === 'RotateVersion' && rotationRules(json))
    || (operation.id === 'GetKey' && keyRules(key, query))
    || (['DestroyKey', 'DeleteTenant'].includes(operation.id) && 'waiting_days' in query && json?.waiting_days != null && Number(query.waiting_days) !== json.waiting_days);
}

// Headers that are odd in themselves, and JSON that serializers do not write (1.0 for 1, a byte order mark) or that is no Unicode.
function oddForm({ oddities }, json, { body }) {
  const odd = ['contentType', 'accept', 'header', 'length', 'chunked'].some(name => oddities[name] !== undefined);
  const text = body?.toString('utf8') ?? '';
  return odd || /\\ud[89a-f]/i.test(text) || (text !== '' && !isWrittenSo(json, text));
}

// What is nested too deeply is read without recursion, but not written.
function isWrittenSo(json, text) {
  try {
    return JSON.stringify(json) === text;
  } catch (error) {
    if (error instanceof RangeError)
      return false;

    throw error;
  }
}

function useWithoutAlgorithm({ algorithm, use }) {
  const wrong = { enc: /DSA|Dilithium|^EC-|Ed25519|HMAC/, sig: /KEM|Kyber|AES/, kem: /DSA|Dilithium|^EC-|Ed25519|RSA|AES|HMAC/ }[use];
  return wrong?.test(algorithm) ?? false;
}

function hashWithoutOaep(json) {
  return json?.oaep_hash != null && (!/RSA/.test(json.algorithm) || json.use === 'sig');
}

// Qkms.Core/Keys/KeyLimits.cs. What a rotation says has to fit to what the version before it has.
const limits = ['soft_usage_limit', 'max_usage_limit', 'soft_limit_expiration', 'expires_at', 'process_until'];

function limitsDoNotFit(operation, json) {
  const given = limits.filter(name => json?.[name] != null);
  const time = name => Date.parse(json?.[name] ?? NaN);
  const century = new Date().setUTCFullYear(new Date().getUTCFullYear() + 100);
  return (['RotateKey', 'UpdateKey'].includes(operation) && [...limits, 'labels'].some(name => json?.[name] !== undefined))
    || given.filter(name => typeof json[name] === 'string').some(name => time(name) <= Date.now() || time(name) > century)
    || (given.includes('max_usage_limit') && json.soft_usage_limit > json.max_usage_limit)
    || time('soft_limit_expiration') > time('expires_at')
    || (given.includes('process_until') && !(time('process_until') >= time('expires_at')));
}

// Qkms.Api/ApiKeys/ApiKeyFields.cs. Lists have no word twice, a name is no longer without a folder's end than with it, and an id is no URN.
function apiKeyRules(json) {
  const lists = [json?.roles, json?.permissions, json?.key_names].filter(Array.isArray);
  return lists.some(list => new Set(list).size < list.length)
    || (json?.key_names ?? []).some(name => name?.replace(/\/\*$/, '').length > 128)
    || /^urn:/i.test(json?.api_key_id ?? '');
}

// A cursor belongs to a stream and an order, and an end comes after its beginning.
function eventRules({ cursor, since, until }) {
  return cursor !== undefined || (since !== undefined && until !== undefined && !(Date.parse(since) < Date.parse(until)));
}

// Qkms.Core/Lifecycle/Successors.cs and KeyRotations.cs. A new algorithm and limits have to fit to the version, and a time has to come soon.
function rotationRules(json) {
  const given = json?.new_key ?? {};
  const at = Date.parse(json?.scheduled_at ?? NaN);
  return given.algorithm != null
    || routeWords.includes(given.kid?.toLowerCase?.())
    || [...limits, 'rotation_period', 'auto_rotate'].some(name => given[name] !== undefined)
    || at <= Date.now() + 1000 || at > Date.now() + (3649 * 24 * 60 * 60 * 1000);
}

// A number needs an algorithm; beside a kid, filters have to agree with its version.
function keyRules(key, query) {
  return /^\d+$/.test(key) ? !('algorithm' in query) : Object.keys(query).length > 0;
}

// Symmetric keys have none.
function hasNoPublicKey({ operation, kid }, memory) {
  const version = memory.version(kid);
  return operation.id === 'GetPublicKey' && (version === undefined || /^(AES|HMAC)-/.test(version.algorithm_id));
}

// A cursor carries a proof that the service made it.
function madeUp(plan) {
  return !plan.query.some(([name, value]) => name === 'cursor' && value.known);
}
