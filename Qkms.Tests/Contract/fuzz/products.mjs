// What keys have made: where later plans find ciphertexts and signatures that open, and what later answers must not contradict.
import { createHash } from 'node:crypto';
import { bytesOf, canonicalName, contextBytes, familyOf, hasAad, openings, uses } from './uses.mjs';

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
    const [{ text, bound, aad }] = openings(operation, json);
    const product = this.#find(text);
    if (aad && json.algorithm == null && json.kid == null) // then it is ML-KEM-768 that is meant
      return true;
    if (operation === 'Decapsulate' && hasSizeOf(json, text, memory))
      return false;

    return !product || !fits(product, operation, bound) || !means(json, operation, product, memory);
  }

  #find(text) {
    return typeof text === 'string' ? this.#byText.get(digest(text)) : undefined;
  }

  // HMAC, Ed25519 (RFC 8032) and RSA's PKCS #1 v1.5 leave nothing to chance: the same key signs the same message the same.
  #isSignedAgain(text, signed, { algorithm_id: algorithm, kid }) {
    const before = this.#find(text);
    return (algorithm === 'Ed25519' || familyOf(algorithm) === 'HMAC' || /pkcs1$/.test(signed)) && before.kid === kid && before.signed === signed;
  }

  #learnMade(operation, json, data) {
    const made = madeBy(operation, json, data).filter(({ text }) => text !== undefined);
    const faults = made.filter(({ text, signed }) => this.#find(text) && !this.#isSignedAgain(text, signed, data)).map(() => `${operation} makes the same again`);
    for (const { members, secret, fresh, ...product } of made) {
      if (fresh)
        faults.push(...this.#learnFresh(operation, secret));

      const source = operation === 'ReEncrypt' ? this.#find(product.from) : undefined;
      const known = { ...product, kid: data.kid, key_version: data.key_version, algorithm: data.algorithm_id, secret: source ? source.secret : secret };
      if (['data key', 'wrapped key'].includes(source?.kind))
        known.kind = source.kind;

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
    if (/^Verify/.test(operation)) {
      return json.items
        ? json.items.flatMap((item, i) => (data.items[i].error ? [] : this.#judgeVerdict(operation, { ...json, ...item }, { ...data.items[i], padding: data.padding, hash_algorithm: data.hash_algorithm })))
        : this.#judgeVerdict(operation, json, data);
    }

    const results = json.items ? data.items : [data];
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
    const product = this.#find(json.signature ?? json.mac);
    const right = product !== undefined && product.kid === data.kid && product.signed === signedBy(operation, { ...json, padding: data.padding }, product.algorithm);
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
      return json.items ? [] : [moved(json, data)];
    case 'KemEncrypt':
      return [{ kind: 'hpke with aad', text: data.ciphertext, bound: digest(bytesOf(json.aad)), secret: digest(bytesOf(json.plaintext)), members: { ciphertext: data.ciphertext, aad: json.aad } }];
    case 'WrapKey':
      return [{ kind: 'wrapped key', text: data.wrapped_key, bound: digest(bytesOf(json.aad)), secret: digest(bytesOf(json.symmetric_key)), members: { wrapped_key: data.wrapped_key, aad: json.aad } }];
    case 'Encapsulate':
      return [{ kind: 'kem', text: data.kem_ciphertext, bound: digest(''), secret: secretOf(operation, data), fresh: true, members: { kem_ciphertext: data.kem_ciphertext } }];
    case 'GenerateDataKey':
      return (json.items ?? [json]).map(({ context }, i) => dataKey(json.items ? data.items[i] : data, context, json.encoding));
    case 'GenerateMac':
      return [{ kind: 'mac', text: data.mac, signed: signedBy(operation, json, data.algorithm_id), members: { message: json.message, mac: data.mac } }];
    case 'Sign':
    case 'SignHash':
    case 'SignMu':
      return (json.items ?? [json]).map((item, i) => signature(operation, { ...json, ...item }, json.items ? data.items[i].signature : data.signature, data));
  }
}

function dataKey(made, context, encoding) {
  return { kind: 'data key', text: made.ciphertext, bound: digest(contextBytes(context)), secret: secretOf('GenerateDataKey', made, encoding), fresh: true, members: { ciphertext: made.ciphertext, context } };
}

function signature(operation, json, text, data) {
  const { message, hash_algorithm, signature_context, mu } = json;
  const hash = json.hash ?? digest(bytesOf(message), hashes[hash_algorithm ?? ownHash(data.algorithm_id)]); // verify-hash of RSA and EC takes it too
  const kind = { Sign: 'signature', SignHash: 'signature of a hash', SignMu: 'signature of mu' }[operation];
  const members = { message, hash, hash_algorithm, signature_context, mu, padding: data.padding, signature: text };
  return { kind, text, signed: signedBy(operation, { ...json, padding: data.padding }, data.algorithm_id), members };
}

function moved(json, data) {
  const text = data.ciphertext ?? data.wrapped_key;
  const from = json.ciphertext ?? json.wrapped_key;
  const { context, aad } = json.destination ?? {};
  const getsAad = aad != null || (context == null && hasAad(json));
  if (!getsAad)
    return { ...encrypted(text, context ?? json.context, data), from };

  const bytes = bytesOf(aad ?? json.aad);
  const members = { [data.wrapped_key ? 'wrapped_key' : 'ciphertext']: text, aad: bytes.toString('base64') };
  return { kind: 'hpke with aad', text, bound: digest(bytes), from, members };
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

/** The hash with which a key signs a message when the request names none. */
const ownHash = algorithm => ({ 'EC-P384': 'SHA-384', 'EC-P521': 'SHA-512' })[algorithm] ?? 'SHA-256';

/** What a signature is of, so that a message and its hash are the same to RSA and EC and not to ML-DSA. */
function signedBy(operation, { message, hash, hash_algorithm: algorithm, signature_context: context, mu, padding }, keyAlgorithm) {
  if (/Mac$/.test(operation))
    return ['mac', digest(bytesOf(message))].join();
  if (/Mu$/.test(operation))
    return ['mu', digest(bytesOf(mu))].join();

  const ofMessage = operation === 'Sign' || operation === 'Verify';
  const function_ = algorithm ?? (ofMessage ? ownHash(keyAlgorithm) : undefined);
  if (['RSA', 'EC'].includes(familyOf(keyAlgorithm)))
    return [function_, ofMessage ? digest(bytesOf(message), hashes[function_]) : hash, padding].join();

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
