// Fills bodies that use keys with what only the service can know: kids that fit, and what keys have made.

const besideItems = ['plaintext', 'ciphertext', 'context', 'wrapped_key', 'aad', 'message', 'hash', 'mu', 'signature', 'signature_context', 'bytes'];
// Where many can be opened or checked at once: what an item has of its own. All else stands beside the items.
const ofItems = {
  Decrypt: ['ciphertext', 'context'],
  DecryptDataKey: ['ciphertext', 'context'],
  Verify: ['message', 'signature', 'signature_context'],
  VerifyHash: ['hash', 'signature', 'signature_context'],
  VerifyMu: ['mu', 'signature'],
};
const selectors = ['kid', 'key_version', 'algorithm', 'name'];

/** The members of a body as text: those of the plan, what its `key` and `product` stand for, and at last what it wants to have in any case. */
export function membersOf({ members, key, product, late = [] }, operation, memory) {
  const filled = new Map(members);
  const wanted = product && memory.pickProduct(operation.id, product.pick);
  if (wanted)
    fill(filled, wanted, product, operation, memory);

  const version = key && (wanted ? memory.version(wanted.kid) : memory.pickVersion(operation.id, key.pick));
  if (version)
    choose(filled, version, key.how);

  for (const [name] of late)
    (name === '"items"' ? [...besideItems.map(member => JSON.stringify(member)), name] : [name]).forEach(other => filled.delete(other));

  return [...(filled.size === members.length || key || product ? filled : members), ...late];
}

function fill(members, wanted, { pick, spoil, many }, operation, memory) {
  const names = Object.keys(wanted.members).filter(name => operation.body.schema.properties[name] && wanted.members[name] != null);
  for (const name of [...names, 'ciphertext', 'wrapped_key', 'context', 'aad', 'items', 'signature_context', 'hash_algorithm', 'padding'])
    members.delete(JSON.stringify(name));

  if (many > 0 && ofItems[operation.id]) {
    fillMany(members, wanted, { pick, spoil, many }, operation, memory);
    return;
  }
  const given = spoilt(wanted.members, spoil);
  if (operation.id === 'VerifyHash')
    given.hash_algorithm ??= 'SHA-256';

  for (const name of [...names, 'hash_algorithm', 'padding', ...(spoil === 'bound' ? ['context', 'aad'] : [])].filter(name => given[name] != null && operation.body.schema.properties[name]))
    members.set(JSON.stringify(name), JSON.stringify(given[name]));
}

// The first is spoilt and the others are whole: one that fails spoils no other. With a signature come its hash and its padding, which all
// items share, so those are of one signature; ciphertexts are of any keys that can be had.
function fillMany(members, wanted, { pick, spoil, many }, operation, memory) {
  const shared = ['hash_algorithm', 'padding'].filter(name => operation.body.schema.properties[name]);
  const products = Array.from({ length: many }, (_, i) => (wanted.members.signature ? wanted : memory.pickProduct(operation.id, pick + i) ?? wanted));
  const items = products.map((product, i) => {
    const given = spoilt(product.members, i === 0 ? spoil : 'nothing');
    return Object.fromEntries(ofItems[operation.id].filter(name => given[name] != null).map(name => [name, given[name]]));
  });
  ofItems[operation.id].forEach(name => members.delete(JSON.stringify(name)));
  members.set('"items"', JSON.stringify(items));
  const beside = { ...(operation.id === 'VerifyHash' && { hash_algorithm: 'SHA-256' }), ...wanted.members };
  shared.filter(name => beside[name] != null).forEach(name => members.set(JSON.stringify(name), JSON.stringify(beside[name])));
}

/** The same members with one of them wrong. */
function spoilt(members, how) {
  const main = ['signature', 'mac', 'ciphertext', 'wrapped_key', 'kem_ciphertext'].find(name => members[name]);
  switch (how) {
    case 'a bit':
      return { ...members, [main]: changed(members[main], bytes => (bytes[bytes.length >> 1] ^= 1)) };
    case 'the end':
      return { ...members, [main]: changed(members[main], bytes => (bytes[bytes.length - 1] ^= 0x80)) };
    case 'length':
      return { ...members, [main]: Buffer.from(members[main], 'base64').subarray(0, -1).toString('base64') };
    case 'bound':
      return { ...members, context: { ...members.context, more: '1' }, aad: 'bW9yZQ==', ...(members.message && { message: 'bW9yZQ==' }) };
    default:
      return { ...members };
  }
}

function changed(text, change) {
  const bytes = Buffer.from(text, 'base64');
  change(bytes);
  return bytes.toString('base64');
}

function choose(members, version, how) {
  if (how === 'as it is')
    return;

  const { kid, key_version, algorithm_id: algorithm, name } = version;
  const given = { kid: { kid }, agreeing: { kid, key_version, algorithm, name }, number: { key_version, algorithm, name }, active: { algorithm, name }, nothing: {} }[how];
  selectors.forEach(selector => members.delete(JSON.stringify(selector)));
  for (const [selector, value] of Object.entries(given))
    members.set(JSON.stringify(selector), JSON.stringify(value));
}
