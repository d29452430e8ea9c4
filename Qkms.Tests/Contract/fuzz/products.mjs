// What keys have made: where later plans find ciphertexts and signatures that open, and what later answers must not contradict.
import { createHash } from 'node:crypto';
import { bytesOf, canonicalName, contextBytes, familyOf, openings, uses } from './uses.mjs';

const digest = (bytes, algorithm = 'sha256') => createHash(algorithm).update(bytes).digest('base64');
const hashes = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
const kept = 60;

export class Products {
  #byText = new Map(); // all, without their secrets
  #recent = new Map(); // kind → the last of them, with the members of a request that opens them
  #secrets = new Set(); // digests of everything that has to be fresh

  /** The last products that an operation can open. */
  recent(operation) {
    return uses[operation].opens.flatMap(kind => this.#recent.get(kind) ?? []);
  }

  /** Takes in an answer; returns what is wrong with it. */
  learn(operation, json, data) {
    const { opens } = uses[operation];
    return [
      ...(opens ? this.#learnOpened(operation, json, data) : []),
      ...(opens && operation !== 'ReEncrypt' ? [] : this.#learnMade(operation, json, data)),
    ];
  }

  /** Whether a request to open something may be answered with ERR_KEM_001: not when it gives what a key has made, as it was made, and means that key. */
  mayFail(operation, json, memory) {
    const [{ text, bound }] = openings(operation, json);
    const product = this.#find(text);
    if (operation === 'Decapsulate' && hasSizeOf(json, text, memory))
      return false;

    return !product || !fits(product, operation, bound) || !means(json, operation, product, memory);
  }

  #find(text) {
    return typeof text === 'string' ? this.#byText.get(digest(text)) : undefined;
  }

  // Ed25519 leaves nothing to chance (RFC 8032): the same key signs the same message the same.
  #isSignedAgain(text, signed, { algorithm_id: algorithm, kid }) {
    const before = this.#find(text);
    return algorithm === 'Ed25519' && before.kid === kid && before.signed === signed;
  }

  #learnMade(operation, json, data) {
    const made = madeBy(operation, json, data);
    const faults = made.filter(({ text, signed }) => this.#find(text) && !this.#isSignedAgain(text, signed, data)).map(() => `${operation} makes the same again`);
    for (const { members, secret, fresh, ...product } of made) {
      if (fresh)
        faults.push(...this.#learnFresh(operation, secret));

      const source = operation === 'ReEncrypt' ? this.#find(json.ciphertext) : undefined;
      const known = { ...product, kid: data.kid, key_version: data.key_version, algorithm: data.algorithm_id, secret: source ? source.secret : secret };
      if (source?.kind === 'data key')
        known.kind = 'data key';

      this.#byText.set(digest(product.text), { ...known, text: undefined });
      this.#remember(known.kind, { ...known, members });
    }
    return faults;
  }

  #learnFresh(operation, secret) {
    if (secret === undefined)
      return [];

    const again = this.#secrets.has(secret);
    this.#secrets.add(secret);
    return again ? [`${operation} gives a secret that it gave before`] : [];
  }

  #learnOpened(operation, json, data) {
    if (operation === 'Verify' || operation === 'VerifyHash')
      return this.#judgeVerdict(operation, json, data);

    const results = operation === 'Decrypt' && json.items ? data.items : [data];
    const given = openings(operation, json);
    if (results?.length !== given.length)
      return [`${operation} answers ${results?.length} items for ${given.length}`];

    return results.flatMap((result, i) => (result.error ? [] : this.#judgeOpened(operation, given[i], result, json)));
  }

  #judgeOpened(operation, { text, bound }, result, json) {
    const product = this.#find(text);
    const opened = operation === 'ReEncrypt' ? undefined : secretOf(operation, result, json.encoding);
    const kid = result.source_kid ?? result.kid;
    if (operation === 'Decapsulate' && product?.kid !== kid)
      return this.#secrets.has(opened) ? ['Decapsulate gives a secret of another key or ciphertext'] : []; // implicit rejection

    if (!product)
      return [`${operation} opens what was never made`];
    if (!fits(product, operation, bound))
      return [`${operation} opens a ${product.kind} with other authenticated bytes or of another kind`];
    if (product.kid !== kid)
      return [`${operation} opens with another key than the one that made it`];
    if (opened !== undefined && product.secret !== undefined && product.secret !== opened)
      return [`${operation} gives another plaintext than was put in`];

    product.secret ??= opened;
    return [];
  }

  // A verdict has to be right whatever was asked: true for what the key signed, false for all else.
  #judgeVerdict(operation, json, data) {
    const product = this.#find(json.signature);
    const right = product !== undefined && product.kid === data.kid && product.signed === signedBy(operation, json, data.algorithm_id);
    return data.valid === right ? [] : [`${operation} says ${data.valid} of a signature that is ${right ? 'the key\'s' : 'none of the key\'s'}`];
  }

  #remember(kind, product) {
    const list = this.#recent.get(kind) ?? [];
    this.#recent.set(kind, list);
    list.push(product);
    if (list.length > kept)
      list.shift();
  }
}

const fits = (product, operation, bound) => uses[operation].opens.includes(product.kind) && product.bound === digest(bound);

/** What an answer made, each with its kind, text, authenticated bytes, and the members of the request that opens it. */
function madeBy(operation, json, data) {
  switch (operation) {
    case 'Encrypt':
      return json.items
        ? data.items.flatMap((item, i) => (item.ciphertext === undefined ? [] : [encrypted(item.ciphertext, json.items[i].context, data, json.items[i].plaintext)]))
        : [encrypted(data.ciphertext, json.context, data, json.plaintext)];
    case 'ReEncrypt':
      return [encrypted(data.ciphertext, json.destination?.context ?? json.context, data)];
    case 'KemEncrypt':
      return [{ kind: 'hpke with aad', text: data.ciphertext, bound: digest(bytesOf(json.aad)), secret: digest(bytesOf(json.plaintext)), members: { ciphertext: data.ciphertext, aad: json.aad } }];
    case 'WrapKey':
      return [{ kind: 'wrapped key', text: data.wrapped_key, bound: digest(bytesOf(json.aad)), secret: digest(bytesOf(json.symmetric_key)), members: { wrapped_key: data.wrapped_key, aad: json.aad } }];
    case 'Encapsulate':
      return [{ kind: 'kem', text: data.kem_ciphertext, bound: digest(''), secret: secretOf(operation, data), fresh: true, members: { kem_ciphertext: data.kem_ciphertext } }];
    case 'GenerateDataKey':
      return [{ kind: 'data key', text: data.ciphertext, bound: digest(contextBytes(json.context)), secret: secretOf(operation, data, json.encoding), fresh: true, members: { ciphertext: data.ciphertext, context: json.context } }];
    case 'Sign':
    case 'SignHash': {
      const { message, hash_algorithm, signature_context } = json;
      const hash = json.hash ?? digest(bytesOf(message), hashes[hash_algorithm ?? 'SHA-256']); // RSA's verify-hash takes it too
      const members = { message, hash, hash_algorithm, signature_context, signature: data.signature };
      return [{ kind: operation === 'Sign' ? 'signature' : 'signature of a hash', text: data.signature, signed: signedBy(operation, json, data.algorithm_id), members }];
    }
  }
}

function encrypted(text, context, { algorithm_id: algorithm }, plaintext) {
  const kind = { AES: 'blob', 'ML-KEM': 'hpke', RSA: 'oaep' }[familyOf(algorithm)];
  const bound = contextBytes(context);
  return { kind, text, bound: digest(bound), secret: plaintext === undefined ? undefined : digest(bytesOf(plaintext)), members: { ciphertext: text, context } };
}

function secretOf(operation, data, encoding) {
  const text = data.plaintext ?? data.symmetric_key ?? data.shared_secret;
  return text == null ? undefined : digest(Buffer.from(text, encoding === 'hex' && /DataKey$/.test(operation) ? 'hex' : 'base64'));
}

/** What a signature is of, so that a message and its hash are the same to RSA-PSS and not to ML-DSA. */
function signedBy(operation, { message, hash, hash_algorithm: algorithm, signature_context: context }, keyAlgorithm) {
  const ofMessage = operation === 'Sign' || operation === 'Verify';
  const function_ = algorithm ?? (ofMessage ? 'SHA-256' : undefined);
  if (familyOf(keyAlgorithm) === 'RSA')
    return [function_, ofMessage ? digest(bytesOf(message), hashes[function_]) : hash].join();

  return [ofMessage ? 'message' : algorithm, bytesOf(context).toString('base64'), digest(bytesOf(ofMessage ? message : hash))].join();
}

/** Whether a request means the key that made a product, by its kid, by its number, or because a blob names it. */
function means({ kid, key_version: number, algorithm, name }, operation, product, memory) {
  const version = memory.version(product.kid);
  if (kid != null)
    return kid === product.kid;
  if (!version)
    return false;

  const meant = canonicalName(algorithm ?? uses[operation].algorithm);
  const sameKey = meant === product.algorithm && (name ?? 'default') === version.name;
  const namesItself = number == null && meant === 'AES-256' && product.algorithm === 'AES-256';
  return namesItself ? sameKey || (algorithm == null && name == null) : sameKey && number === product.key_version;
}

const sizes = { 'ML-KEM-512': 768, 'ML-KEM-768': 1088, 'ML-KEM-1024': 1568 };

// Every ciphertext of the right length decapsulates (FIPS 203, 6.3).
function hasSizeOf({ kid, algorithm }, text, memory) {
  const known = kid == null ? canonicalName(algorithm ?? 'ML-KEM-768') : memory.version(kid)?.algorithm_id;
  return known !== undefined && bytesOf(text).length === sizes[known];
}
