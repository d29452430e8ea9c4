// What must be true of the keys when the attack is over.

export async function checkInvariants(get, memory) {
  const faults = [];
  const versions = await listAll(get, faults);
  const byKey = groupByKey(versions);
  const byKid = new Map(versions.map(version => [version.kid, version]));

  if (byKid.size !== versions.length)
    faults.push('the list has a kid twice');

  const addresses = new Set([...byKey.values()].map(([first]) => `${first.name} ${first.algorithm_id} ${first.use}`));
  if (addresses.size !== byKey.size)
    faults.push('two keys have one name, algorithm and use');

  for (const [keyId, list] of byKey)
    faults.push(...checkKey(keyId, list));

  for (const version of versions)
    faults.push(...checkChain(version, byKid));

  for (const list of byKey.values())
    faults.push(...await checkActive(get, list));

  faults.push(...memory.kids.filter(kid => !byKid.has(kid)).map(kid => `${kid} was shown once and is gone`));
  return { faults, keys: byKey.size, versions: versions.length };
}

function groupByKey(versions) {
  const groups = new Map();
  for (const version of versions)
    groups.set(version.key_id, [...(groups.get(version.key_id) ?? []), version]);

  return groups;
}

async function listAll(get, faults) {
  const versions = [];
  let cursor = '';
  do {
    const { status, json } = await get(`/kms/keys?limit=500${cursor}`);
    if (status !== 200) {
      faults.push(`the list answers ${status}`);
      return versions;
    }
    versions.push(...json.data.keys);
    if (json.data.unreadable.length > 0)
      faults.push(`unreadable rows: ${json.data.unreadable}`);

    cursor = json.data.next_cursor && `&cursor=${json.data.next_cursor}`;
    if (!cursor && json.data.total !== versions.length)
      faults.push(`the list has ${versions.length} versions and says ${json.data.total}`);
  } while (cursor);
  return versions;
}

function checkKey(keyId, list) {
  const numbers = list.map(version => version.key_version).sort((a, b) => a - b);
  const active = list.filter(version => version.status === 'active').length;
  return [
    ...(numbers.some((number, i) => number !== i + 1) ? [`versions of ${keyId} have gaps: ${numbers}`] : []),
    ...(active > 1 ? [`${keyId} has ${active} active versions`] : []),
  ];
}

function checkChain(version, byKid) {
  const faults = [];
  if (version.next_kid && byKid.get(version.next_kid)?.previous_kid !== version.kid)
    faults.push(`the chain is broken after ${version.kid}`);
  if (version.previous_kid && byKid.get(version.previous_kid)?.next_kid !== version.kid)
    faults.push(`the chain is broken before ${version.kid}`);
  if (version.revoked_at === null ? version.status === 'revoked' : !['revoked', 'pending_destruction'].includes(version.status))
    faults.push(`${version.kid} is ${version.status} and was revoked at ${version.revoked_at}`);
  if ((version.status === 'pending_destruction') !== (version.destroy_at !== null))
    faults.push(`${version.kid} is ${version.status} and will be destroyed at ${version.destroy_at}`);
  if (version.destroyed_at !== null) // nobody can wait so long
    faults.push(`${version.kid} was destroyed at ${version.destroyed_at}`);
  return faults;
}

async function checkActive(get, list) {
  const [{ name, algorithm_id: algorithm, use }] = list;
  const { status, json } = await get(`/kms/keys/active?${new URLSearchParams({ name, algorithm, use })}`);
  const shown = status === 200 ? json.data.kid : undefined;
  const listed = list.find(version => version.status === 'active' || (version.status === 'expired' && version.retired_at === null))?.kid;
  return shown === listed && [200, 404].includes(status) ? [] : [`the active version of ${name} is ${listed} in the list and ${shown} (${status}) when asked for`];
}
