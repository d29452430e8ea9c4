// What a request may be refused for although every part of it is as described: rules between fields, which schemas do not say.

export function mayRefuse({ operation, json, query, key }, plan, request) {
  return oddForm(plan, json, request)
    || useWithoutAlgorithm(json ?? query)
    || hashWithoutOaep(json)
    || ('cursor' in query && madeUp(plan))
    || (operation.id === 'GetKey' && keyRules(key, query));
}

// Headers that are odd in themselves, and JSON that serializers do not write (1.0 for 1, a byte order mark).
function oddForm({ oddities }, json, { body }) {
  const odd = ['contentType', 'accept', 'header', 'length', 'chunked'].some(name => oddities[name] !== undefined);
  return odd || (body?.length > 0 && JSON.stringify(json) !== body.toString('utf8'));
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
