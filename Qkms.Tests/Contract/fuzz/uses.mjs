// What the routes that use keys do with them. The schemas do not say it: this is the fuzzer's own reading of docs/formats.md and README.md.

const encryption = ['AES', 'ML-KEM', 'RSA'];

/** For each operation: the families and the uses of its keys, the algorithm when none is named, and whether it makes something new. */
export const uses = {
  Encrypt: { families: encryption, use: 'enc', algorithm: 'AES-256', creates: true },
  Decrypt: { families: encryption, use: 'enc', algorithm: 'AES-256', opens: ['blob', 'hpke', 'oaep'] },
  ReEncrypt: { families: encryption, use: 'enc', algorithm: 'AES-256', opens: ['blob', 'hpke', 'oaep', 'data key', 'hpke with aad', 'wrapped key'] },
  KemEncrypt: { families: ['ML-KEM'], use: 'enc', algorithm: 'ML-KEM-768', creates: true },
  KemDecrypt: { families: ['ML-KEM'], use: 'enc', algorithm: 'ML-KEM-768', opens: ['hpke with aad'] },
  WrapKey: { families: ['ML-KEM'], use: 'enc', algorithm: 'ML-KEM-768', creates: true },
  UnwrapKey: { families: ['ML-KEM'], use: 'enc', algorithm: 'ML-KEM-768', opens: ['wrapped key'] },
  Encapsulate: { families: ['ML-KEM'], use: 'enc kem', algorithm: 'ML-KEM-768', creates: true },
  Decapsulate: { families: ['ML-KEM'], use: 'enc kem', algorithm: 'ML-KEM-768', opens: ['kem'] },
  GenerateDataKey: { families: ['AES'], use: 'enc', algorithm: 'AES-256', creates: true },
  DecryptDataKey: { families: ['AES'], use: 'enc', algorithm: 'AES-256', opens: ['data key'] },
  Sign: { families: ['ML-DSA', 'RSA', 'EC', 'Ed25519'], use: 'sig', algorithm: 'ML-DSA-65', creates: true },
  SignHash: { families: ['ML-DSA', 'RSA', 'EC'], use: 'sig', algorithm: 'ML-DSA-65', creates: true },
  Verify: { families: ['ML-DSA', 'RSA', 'EC', 'Ed25519'], use: 'sig', algorithm: 'ML-DSA-65', opens: ['signature'] },
  SignMu: { families: ['ML-DSA'], use: 'sig', algorithm: 'ML-DSA-65', creates: true },
  VerifyMu: { families: ['ML-DSA'], use: 'sig', algorithm: 'ML-DSA-65', opens: ['signature of mu'] },
  GenerateMac: { families: ['HMAC'], use: 'sig', algorithm: 'HMAC-256', creates: true },
  VerifyMac: { families: ['HMAC'], use: 'sig', algorithm: 'HMAC-256', opens: ['mac'] },
  VerifyHash: { families: ['ML-DSA', 'RSA', 'EC'], use: 'sig', algorithm: 'ML-DSA-65', opens: ['signature of a hash', 'signature'] },
};

const aliases = { Kyber512: 'ML-KEM-512', Kyber768: 'ML-KEM-768', Kyber1024: 'ML-KEM-1024', Dilithium2: 'ML-DSA-44', Dilithium3: 'ML-DSA-65', Dilithium5: 'ML-DSA-87' };

const hashes = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];
const spellings = [...Object.entries(aliases).flat(), 'RSA-2048', 'RSA-3072', 'RSA-4096', 'AES-256', 'HMAC-256', 'HMAC-384', 'HMAC-512', 'EC-P256', 'EC-P384', 'EC-P521', 'Ed25519', ...hashes];
const inAnyCase = new Map(spellings.map(spelling => [spelling.toLowerCase(), spelling]));
const namesOfAlgorithms = ['algorithm', 'hash_algorithm', 'oaep_hash'];

export const canonicalName = algorithm => aliases[algorithm] ?? algorithm;

/** A request as the service understands it: names of algorithms may have any case, which schemas cannot say of words. */
export function inCatalogueCase(json) {
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return json;

  const changed = Object.entries(json).map(([name, value]) => [
    name,
    namesOfAlgorithms.includes(name) && typeof value === 'string' ? inAnyCase.get(value.toLowerCase()) ?? value
      : name === 'destination' || name === 'new_key' ? inCatalogueCase(value)
        : value,
  ]);
  return Object.fromEntries(changed);
}

export const familyOf = algorithm => canonicalName(algorithm).replace(/-P?\d+$/, '');

/** Whether a key version can do an operation at all. */
export function canDo(version, operation) {
  const { families, use } = uses[operation];
  return use.split(' ').includes(version.use) && families.includes(familyOf(version.algorithm_id));
}

/** The bytes that a context stands for: as many as it has members, then each name and value with its length, sorted by name (docs/formats.md). */
export function contextBytes(context) {
  const members = Object.entries(context ?? {}).map(pair => pair.map(text => Buffer.from(text, 'utf8')));
  members.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([number(members.length), ...members.flat().flatMap(part => [number(part.length), part])]);
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const bytesOf = text => Buffer.from(text ?? '', 'base64');

/** Whether what is moved has associated data instead of a context. */
export const hasAad = ({ wrapped_key: wrapped, aad }) => wrapped != null || aad != null;

/** What a request gives to be opened: each ciphertext with the bytes that have to be authenticated with it. */
export function openings(operation, json) {
  switch (operation) {
    case 'Decrypt':
    case 'DecryptDataKey':
      return (json.items ?? [json]).map(({ ciphertext, context }) => ({ text: ciphertext, bound: contextBytes(context) }));
    case 'ReEncrypt':
      return (json.items ?? [json]).map(moved => ({ text: moved.ciphertext ?? moved.wrapped_key, bound: hasAad(moved) ? bytesOf(moved.aad) : contextBytes(moved.context), aad: hasAad(moved) }));
    case 'KemDecrypt':
      return [{ text: json.ciphertext, bound: bytesOf(json.aad) }];
    case 'UnwrapKey':
      return [{ text: json.wrapped_key, bound: bytesOf(json.aad) }];
    case 'Decapsulate':
      return [{ text: json.kem_ciphertext, bound: Buffer.alloc(0) }];
    default:
      return [];
  }
}
