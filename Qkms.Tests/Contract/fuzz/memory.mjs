// What the service has said about key versions: where later plans find real kids, and what later answers must not contradict.

const fixed = ['key_id', 'key_version', 'name', 'algorithm_id', 'use', 'public_key', 'oaep_hash', 'created_at', 'previous_kid'];
const once = ['next_kid', 'retired_at', 'revoked_at'];
const order = { active: 0, retired: 1, revoked: 2 };

export class Memory {
  #versions = new Map();
  #kids = [];
  #cursors = [];

  /** A kid or a cursor that the service has given; before there is one, a word that is none. */
  pick(kind, number) {
    const known = kind === 'kid' ? this.#kids : this.#cursors;
    return known.length > 0 ? known[number % known.length] : 'unknown';
  }

  get kids() {
    return [...this.#versions.keys()];
  }

  /** Takes in the versions of an answer; returns what contradicts an answer that was complete before this one was asked for. */
  learn(data, asked) {
    if (data?.next_cursor)
      this.#remember(this.#cursors, data.next_cursor);

    return (data?.keys ?? [data]).flatMap(version => (version?.key_id ? this.#learnVersion(version, asked) : []));
  }

  #learnVersion(version, asked) {
    const known = this.#versions.get(version.kid);
    const faults = known ? contradictions(known, version, asked) : [];
    if (!known)
      this.#remember(this.#kids, version.kid);

    if (!known || order[version.status] >= order[known.version.status])
      this.#versions.set(version.kid, { version, at: performance.now() });

    return faults;
  }

  // The last few hundred: old versions are met through lists and numbers.
  #remember(list, value) {
    list.push(value);
    if (list.length > 200)
      list.shift();
  }
}

function contradictions({ version: before, at }, after, asked) {
  const changed = fixed.filter(name => before[name] !== after[name]);
  if (at < asked) {
    changed.push(...once.filter(name => before[name] !== null && before[name] !== after[name]));
    if (order[after.status] < order[before.status])
      changed.push('status');
  }
  return changed.map(name => `${name} of a version changed from ${JSON.stringify(before[name])} to ${JSON.stringify(after[name])}`);
}
