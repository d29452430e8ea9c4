// What a request may be refused for although every part of it is as described: rules between fields, which schemas do not say.

// Qkms.Core/Keys/Kid.cs; kids stand where these do, and routes do not mind upper case.
const routeWords = ['active', 'generate', 'rotate', 'retire', 'revoke', 'import', 'actions', 'rotations', 'chain', 'public-key'];

export function mayRefuse({ operation, json, query, key }, plan, request) {
  return oddForm(plan, json, request)
    || useWithoutAlgorithm(json ?? query)
    || hashWithoutOaep(json)
    || routeWords.includes(json?.kid?.toLowerCase())
    || ('cursor' in query && madeUp(plan))
    || (operation.id === 'GetKey' && keyRules(key, query));
}

// Headers that are odd in themselves, and JSON that serializers do not write (1.0 for 1, a byte order mark) or that is no Unicode.
function oddForm({ oddities }, json, { body }) {
  const odd = ['contentType', 'accept', 'header', 'length', 'chunked'].some(name => oddities[name] !== undefined);
  const text = body?.toString('utf8') ?? '';
  return odd || /\\ud[89a-f]/i.test(text) || (text !== '' && JSON.stringify(json) !== text);
}

function useWithoutAlgorithm({ algorithm, use }) {
  const wrong = { enc: /DSA|Dilithium/, sig: /KEM|Kyber/ }[use];
  return wrong?.test(algorithm) ?? false;
}

function hashWithoutOaep(json) {
  return json?.oaep_hash != null && (!/RSA/.test(json.algorithm) || json.use === 'sig');
}

// A number needs an algorithm; beside a kid, filters have to agree with its version.
function keyRules(key, query) {
  return /^\d+$/.test(key) ? !('algorithm' in query) : Object.keys(query).length > 0;
}

// A cursor carries a proof that the service made it.
function madeUp(plan) {
  return !plan.query.some(([name, value]) => name === 'cursor' && value.known);
}
