// What the service has said about key versions and made with them: where later plans find real kids and ciphertexts, and what later answers
// must not contradict.
import { Products } from './products.mjs';
import { Repeated } from './repeated.mjs';
import { canDo, familyOf, uses } from './uses.mjs';

const unusable = ['revoked', 'pending_destruction', 'destroyed'];
const fixed = ['key_id', 'key_version', 'name', 'algorithm_id', 'use', 'public_key', 'oaep_hash', 'created_at', 'previous_kid'];
const once = ['next_kid', 'retired_at', 'revoked_at'];

// How far a version is on the way that has no way back. To wait for destruction is beside it: that can be called off.
// So is to be expired: by other limits.
const order = ({ status, revoked_at: revokedAt, retired_at: retiredAt }) =>
  (status === 'revoked' || revokedAt !== null ? 2 : status === 'active' || (status === 'expired' && retiredAt === null) ? 0 : 1);

export class Memory {
  products = new Products();
  repeated = new Repeated();
  #versions = new Map();
  #kids = [];
  #cursors = [];
  #jobs = [];

  /** A kid, a rotation job or a cursor of the list of keys that the service has given; before there is one, a word that is none. */
  pick(kind, number) {
    const known = { kid: this.#kids, job: this.#jobs, cursor: this.#cursors }[kind];
    return known.length > 0 ? known[number % known.length] : 'unknown';
  }

  get kids() {
    return [...this.#versions.keys()];
  }

  version(kid) {
    return this.#versions.get(kid)?.version;
  }

  /** A version that can do an operation, mostly one that may; or undefined. */
  pickVersion(operation, number) {
    const fit = this.#kids.map(kid => this.version(kid)).filter(version => canDo(version, operation));
    return this.#mostlyUsable(fit, number, version => version);
  }

  /** Something that a key has made and an operation opens, mostly with a key that may; or undefined. */
  pickProduct(operation, number) {
    return this.#mostlyUsable(this.products.recent(operation), number, product => this.version(product.kid));
  }

  /** What an answer to the use of a key says that cannot be, after what was known before it was asked for. */
  learnUse(operation, json, data, asked) {
    return [...this.#contradictionsOfUse(operation, json, data, asked), ...this.products.learn(operation, json, data)];
  }

  /** A revocation answers nothing. */
  learnRevocation(kid) {
    const known = this.#versions.get(kid);
    if (known)
      this.#versions.set(kid, { version: { ...known.version, status: 'revoked' }, at: performance.now(), partly: true });
  }

  /** Takes in the versions of an answer; returns what contradicts an answer that was complete before this one was asked for. */
  learn(data, asked) {
    if (data?.next_cursor && data.keys)
      this.#remember(this.#cursors, data.next_cursor);

    if (data?.scheduled_at)
      this.#remember(this.#jobs, data.id);

    return (data?.keys ?? data?.versions ?? [data]).flatMap(version => (version?.key_id ? this.#learnVersion(version, asked) : []));
  }

  /** What a JWK set shows that it should not: symmetric keys, and versions that were known to be revoked. */
  contradictionsOfSet(keys, asked) {
    return keys.flatMap(({ kid }) => {
      const { version, at } = this.#versions.get(kid) ?? {};
      return [
        ...(version && ['AES', 'HMAC'].includes(familyOf(version.algorithm_id)) ? ['a JWK set shows a symmetric key'] : []),
        ...(version && at < asked && order(version) === 2 ? ['a JWK set shows a revoked version'] : []),
      ];
    });
  }

  #learnVersion(version, asked) {
    const known = this.#versions.get(version.kid);
    const faults = known ? contradictions(known, version, asked) : [];
    if (!known)
      this.#remember(this.#kids, version.kid);

    if (!known || order(version) >= order(known.version))
      this.#versions.set(version.kid, { version, at: performance.now() });

    // Whatever has a successor is active no more.
    const previous = this.#versions.get(version.previous_kid);
    if (previous?.version.status === 'active')
      this.#versions.set(version.previous_kid, { version: { ...previous.version, status: 'retired' }, at: performance.now(), partly: true });

    return faults;
  }

  #contradictionsOfUse(operation, { kid, key_version: number }, data, asked) {
    if (data.kid === undefined) // a batch to open: each item names its own
      return data.items.flatMap(item => (item.kid === undefined ? [] : this.#contradictionsOfKey(operation, item, asked)));

    const faults = this.#contradictionsOfKey(operation, data, asked);
    const followed = data.requested_kid != null;
    const asks = operation === 'ReEncrypt' ? data.source_kid : followed ? data.requested_kid : data.kid;
    if (kid != null && asks !== kid)
      faults.push(`${operation} uses another kid than was asked for`);
    if (followed && data.kid === data.requested_kid)
      faults.push(`${operation} says that it followed, and did not`);
    if (number != null && kid == null && operation !== 'ReEncrypt' && data.key_version !== number)
      faults.push(`${operation} uses another version than was asked for`);
    if (operation === 'ReEncrypt')
      faults.push(...this.#contradictionsOfKey('Decrypt', { kid: data.source_kid }, asked));

    return faults;
  }

  #contradictionsOfKey(operation, { kid, key_version: number }, asked) {
    const { version, at } = this.#versions.get(kid) ?? {};
    if (!version)
      return [];

    const creates = uses[operation].creates || operation === 'ReEncrypt';
    return [
      ...(canDo(version, operation) ? [] : [`${operation} uses a key for ${version.algorithm_id} (${version.use})`]),
      ...(number === undefined || number === version.key_version ? [] : [`${operation} gives another number than ${kid} has`]),
      ...(at < asked && order(version) === 2 ? [`${operation} uses a revoked version`] : []),
      ...(at < asked && creates && order(version) === 1 ? [`${operation} makes something new with a retired version`] : []),
    ];
  }

  #mostlyUsable(list, number, versionOf) {
    const usable = number % 10 === 0 ? list : list.filter(one => !unusable.includes(versionOf(one)?.status));
    return usable[number % usable.length];
  }

  // The last few hundred: old versions are met through lists and numbers.
  #remember(list, value) {
    list.push(value);
    if (list.length > 200)
      list.shift();
  }
}

function contradictions({ version: before, at, partly }, after, asked) {
  const changed = fixed.filter(name => before[name] !== after[name]);
  if (at < asked) {
    changed.push(...(partly ? [] : once).filter(name => before[name] !== null && before[name] !== after[name]));
    if (order(after) < order(before))
      changed.push('status');
  }
  return changed.map(name => `${name} of a version changed from ${JSON.stringify(before[name])} to ${JSON.stringify(after[name])}`);
}
