// What a request may be refused for although every part of it is as described: rules between fields, which schemas do not say.
import { mayRefuseUse } from './refusable-uses.mjs';
import { uses } from './uses.mjs';

// Qkms.Core/Names/Kid.cs; kids stand where these do, and routes do not mind upper case.
const routeWords = ['active', 'generate', 'rotate', 'retire', 'revoke', 'import', 'actions', 'rotations', 'chain', 'public-key', 'jwks'];

export function mayRefuse(facts, plan, request, code, memory) {
  const { operation, json, query, key } = facts;
  if (code === 'ERR_KEM_001' || code === 'ERR_SIG_001') // whatever the form
    return uses[operation.id] ? mayRefuseUse(operation.id, json, code, memory) : hasNoPublicKey(facts, memory);

  if (code === 'ERR_INVALID_002') // a body that is too long is not as described; the head may announce one
    return plan.oddities.length !== undefined;

  return oddForm(plan, json, request)
    || [json?.kid, json?.destination?.kid].some(kid => routeWords.includes(kid?.toLowerCase()))
    || (uses[operation.id] ? mayRefuseUse(operation.id, json, code, memory) : useWithoutAlgorithm(json ?? query) || hashWithoutOaep(json))
    || ('cursor' in query && madeUp(plan))
    || (operation.id === 'GetKey' && keyRules(key, query))
    || (operation.id === 'DestroyKey' && 'waiting_days' in query && json?.waiting_days != null && Number(query.waiting_days) !== json.waiting_days);
}

// Headers that are odd in themselves, and JSON that serializers do not write (1.0 for 1, a byte order mark) or that is no Unicode.
function oddForm({ oddities }, json, { body }) {
  const odd = ['contentType', 'accept', 'header', 'length', 'chunked'].some(name => oddities[name] !== undefined);
  const text = body?.toString('utf8') ?? '';
  return odd || /\\ud[89a-f]/i.test(text) || (text !== '' && JSON.stringify(json) !== text);
}

function useWithoutAlgorithm({ algorithm, use }) {
  const wrong = { enc: /DSA|Dilithium|Ed25519/, sig: /KEM|Kyber|AES/, kem: /DSA|Dilithium|Ed25519|RSA|AES/ }[use];
  return wrong?.test(algorithm) ?? false;
}

function hashWithoutOaep(json) {
  return json?.oaep_hash != null && (!/RSA/.test(json.algorithm) || json.use === 'sig');
}

// A number needs an algorithm; beside a kid, filters have to agree with its version.
function keyRules(key, query) {
  return /^\d+$/.test(key) ? !('algorithm' in query) : Object.keys(query).length > 0;
}

// Symmetric keys have none.
function hasNoPublicKey({ operation, kid }, memory) {
  const version = memory.version(kid);
  return operation.id === 'GetPublicKey' && (version === undefined || version.algorithm_id === 'AES-256');
}

// A cursor carries a proof that the service made it.
function madeUp(plan) {
  return !plan.query.some(([name, value]) => name === 'cursor' && value.known);
}
