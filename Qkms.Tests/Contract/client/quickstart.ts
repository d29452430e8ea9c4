// The steps of requests/quickstart.sh and one request to every route that uses keys, by a client whose types are generated from openapi.yaml: that it compiles shows that the
// description can be used, that it runs shows that the description is right.
import createClient from 'openapi-fetch';
import type { components, paths } from '../generated/qkms.js';

type Refusal = components['schemas']['ErrorEnvelope'];
type Answer<T> = { data?: T; error?: Refusal; response: Response };

export async function quickstart(baseUrl: string, apiKey: string): Promise<number> {
  let requests = 0;
  const qkms = createClient<paths>({ baseUrl, headers: { 'x-api-key': apiKey } });
  const name = `client-${Date.now()}`;
  const algorithm = 'ML-KEM-768';

  // The answer when it has the wanted status; clients know refusals by their code.
  function take<T>(wanted: number, { data, response }: Answer<T>): T {
    requests++;
    if (response.status !== wanted || data === undefined)
      throw new Error(`${response.url}: wanted ${wanted}, got ${response.status}`);

    return data;
  }
  function refused(wanted: number, code: string, { error, response }: Answer<unknown>): void {
    requests++;
    if (response.status !== wanted || error?.error.error_code !== code)
      throw new Error(`${response.url}: wanted ${wanted} ${code}, got ${response.status} ${error?.error.error_code}`);
  }
  function same<T>(what: string, actual: T, wanted: T): void {
    if (JSON.stringify(actual) !== JSON.stringify(wanted))
      throw new Error(`${what}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(actual)}`);
  }

  same('readiness', take(200, await qkms.GET('/health/ready')).data.status, 'ready');
  const { algorithms } = take(200, await qkms.GET('/kms/supported-algorithms')).data;
  same('recommended', algorithms.filter(a => a.status === 'RECOMMENDED').map(a => a.algorithm), ['ML-KEM-768', 'ML-DSA-65', 'AES-256', 'HMAC-256']);

  const first = take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'Kyber768', name, kid: `${name}-kem` } })).data;
  same('first version', [first.key_version, first.algorithm, first.algorithm_id, first.status], [1, 'Kyber768', algorithm, 'active']);
  refused(409, 'ERR_KMS_004', await qkms.POST('/kms/keys/generate', { body: { algorithm, name } }));

  take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'ML-DSA-65', name, kid: `${name}-dsa` } }));
  const rsa = take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'RSA-2048', name } })).data;
  same('RSA', [rsa.use, rsa.oaep_hash], ['enc', 'SHA-256']);

  const once = { params: { header: { 'Idempotency-Key': `${name}-aes` } }, body: { algorithm: 'AES-256', name: `${name}-once` } } as const;
  const made = await qkms.POST('/kms/keys/generate', once);
  const again = await qkms.POST('/kms/keys/generate', once);
  same('sent twice, made once', take(201, again).data.kid, take(201, made).data.kid);
  same('the answer of before', [made, again].map(answer => answer.response.headers.get('Idempotency-Replayed')), [null, 'true']);

  same('list', take(200, await qkms.GET('/kms/keys', { params: { query: { name } } })).data.total, 3);
  const active = take(200, await qkms.GET('/kms/keys/active', { params: { query: { algorithm, name } } })).data;
  same('active', active.kid, first.kid);

  const rotation = { body: { algorithm, name, expected_key_version: 1 } } as const;
  const second = take(201, await qkms.POST('/kms/keys/rotate', rotation)).data;
  same('rotated', [second.key_version, second.old_key_version, second.previous_kid], [2, 1, first.kid]);
  refused(409, 'ERR_KMS_009', await qkms.POST('/kms/keys/rotate', rotation));
  const old = take(200, await qkms.GET('/kms/keys/{key}', { params: { path: { key: '1' }, query: { algorithm, name } } })).data;
  same('old version', [old.status, old.next_kid], ['retired', second.kid]);

  const retirement = { algorithm: 'RSA-2048', name, key_version: 1 } as const;
  refused(409, 'ERR_KMS_005', await qkms.POST('/kms/keys/retire', { body: retirement }));
  const retired = take(200, await qkms.POST('/kms/keys/retire', { body: { ...retirement, allow_no_active: true } })).data;
  same('retired', [retired.status, typeof retired.retired_at], ['retired', 'string']);

  const dsa = { path: { kid: `${name}-dsa` } };
  const pem = take(200, await qkms.GET('/kms/keys/{kid}/public-key', { params: dsa, parseAs: 'text' }));
  same('PEM', pem.split('\n')[0], '-----BEGIN PUBLIC KEY-----');
  const jwk = await qkms.GET('/kms/keys/{kid}/public-key', { params: { ...dsa, query: { format: 'jwk' } }, headers: { Accept: 'application/jwk+json' } });
  same('JWK', keyType(take(200, jwk)), 'AKP');

  await useKeys();

  const revocation = await qkms.POST('/kms/keys/{kid}/actions/revoke', { params: { path: { kid: first.kid } }, body: { reason: 'The end of the quickstart.' } });
  same('revoked', revocation.response.status, 204);
  requests++;

  const revoked = take(200, await qkms.GET('/kms/keys/{key}', { params: { path: { key: first.kid } } })).data;
  same('what is left', [revoked.status, typeof revoked.revoked_at, revoked.next_kid], ['revoked', 'string', second.kid]);
  const left = await qkms.GET('/kms/keys/{kid}/public-key', { params: { path: { kid: first.kid }, query: { format: 'jwk' } } });
  same('its public key', keyType(take(200, left)), 'AKP');
  refused(409, 'ERR_KMS_006', await qkms.POST('/kem/encapsulate', { body: { kid: first.kid } }));
  refused(409, 'ERR_KMS_006', await qkms.POST('/kms/keys/retire', { body: { algorithm, name, key_version: 1 } }));
  const statuses = take(200, await qkms.GET('/kms/keys', { params: { query: { name } } })).data.keys.map(k => k.status);
  same('at the end', statuses.toSorted(), ['active', 'active', 'active', 'retired', 'revoked']);

  const path = { path: { key: first.kid } };
  refused(409, 'ERR_KMS_005', await qkms.DELETE('/kms/keys/{key}', { params: { path: { key: second.kid } } }));
  const waiting = take(202, await qkms.DELETE('/kms/keys/{key}', { params: path, body: { waiting_days: 7, reason: 'The end of the quickstart.' } })).data;
  same('waiting', [waiting.status, typeof waiting.destroy_at], ['pending_destruction', 'string']);
  refused(409, 'ERR_KMS_010', await qkms.POST('/kem/encapsulate', { body: { kid: first.kid } }));
  const kept = take(200, await qkms.POST('/kms/keys/{kid}/actions/cancel-deletion', { params: { path: { kid: first.kid } } })).data;
  same('kept', [kept.status, kept.destroy_at], ['revoked', null]);
  return requests;

  async function useKeys(): Promise<void> {
    const plaintext = 'aGVsbG8=';
    const context = { table: 'customers' };

    take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'AES-256', name } }));
    const encrypted = take(200, await qkms.POST('/crypto/encrypt', { body: { name, plaintext, context } })).data;
    const { ciphertext } = given(encrypted);
    same('AES-256', take(200, await qkms.POST('/crypto/decrypt', { body: { ciphertext, context } })).data.plaintext, plaintext);
    refused(400, 'ERR_KEM_001', await qkms.POST('/crypto/decrypt', { body: { ciphertext } }));

    const batch = take(200, await qkms.POST('/crypto/encrypt', { body: { name, items: [{ plaintext }, { plaintext, context }] } })).data;
    const items = (batch.items ?? []).map((item, i) => ({ ...given(item), ...(i === 1 && { context }) }));
    const opened = take(200, await qkms.POST('/crypto/decrypt', { body: { items: [...items, { ciphertext: 'AAAA' }] } })).data;
    same('items', opened.items?.map(item => item.plaintext ?? item.error?.error_code), [plaintext, plaintext, 'ERR_INVALID_001']);

    const moved = take(200, await qkms.POST('/crypto/re-encrypt', { body: { ciphertext, context, destination: { algorithm, name, context: {} } } })).data;
    same('moved', [moved.source_kid, moved.algorithm_id], [encrypted.kid, algorithm]);
    same('after the move', take(200, await qkms.POST('/crypto/decrypt', { body: { ...given(moved), algorithm, name } })).data.plaintext, plaintext);

    const { shared_secret, kem_ciphertext, kid: encapsulatedTo } = take(200, await qkms.POST('/kem/encapsulate', { body: { name } })).data;
    same('shared secret', take(200, await qkms.POST('/kem/decapsulate', { body: { kid: encapsulatedTo, kem_ciphertext } })).data.shared_secret, shared_secret);

    // The first version is retired, so its successor encrypts.
    const aad = 'aW52b2ljZSA0Nw==';
    const sealed = take(200, await qkms.POST('/kem/encrypt', { body: { kid: first.kid, plaintext, aad } })).data;
    same('successor', [sealed.requested_kid, sealed.kid], [first.kid, second.kid]);
    same('HPKE', take(200, await qkms.POST('/kem/decrypt', { body: { kid: sealed.kid, ciphertext: sealed.ciphertext, aad } })).data.plaintext, plaintext);
    refused(409, 'ERR_KMS_008', await qkms.POST('/kem/encrypt', { body: { kid: first.kid, plaintext, strict: true } }));

    const { wrapped_key, wrapping_method } = take(200, await qkms.POST('/kem/key/wrap', { body: { name, symmetric_key: shared_secret } })).data;
    same('wrapped', wrapping_method, 'KEM-DEM');
    same('unwrapped', take(200, await qkms.POST('/kem/key/unwrap', { body: { name, wrapped_key } })).data.symmetric_key, shared_secret);

    const dataKey = take(200, await qkms.POST('/data-keys/generate', { body: { name, context, encoding: 'hex' } })).data;
    const recovered = take(200, await qkms.POST('/data-keys/decrypt', { body: { ...given(dataKey), context, encoding: 'hex' } })).data;
    same('data key', [recovered.plaintext, recovered.plaintext?.length], [dataKey.plaintext, 64]);

    const signature = present(take(200, await qkms.POST('/signature/sign', { body: { name, message: plaintext } })).data.signature);
    const verify = async (message: string) => take(200, await qkms.POST('/signature/verify', { body: { name, message, signature } })).data.valid;
    same('verdicts', [await verify(plaintext), await verify('aGFsbG8=')], [true, false]);

    const hashed = { name, hash: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=', hash_algorithm: 'SHA-256' } as const;
    const ofHash = take(200, await qkms.POST('/signature/sign-hash', { body: hashed })).data;
    same('warnings', ofHash.warnings.length, 1); // of a hash below the strength of the key
    const verdict = take(200, await qkms.POST('/signature/verify-hash', { body: { ...hashed, signature: present(ofHash.signature) } })).data;
    same('verdict', [verdict.valid, verdict.signature_type], [true, 'detached']);
  }
}

// One of two members is there: the other has to be asked for.
// A member that is absent only where the request had items.
function present<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error('a member of the answer is absent');

  return value;
}

function given({ ciphertext }: { ciphertext?: string }): { ciphertext: string } {
  if (ciphertext === undefined)
    throw new Error('an answer without ciphertext');

  return { ciphertext };
}

// The operation answers in three media types, so its type is a union.
function keyType(key: string | components['schemas']['JsonWebKey']): string | undefined {
  return typeof key === 'string' ? undefined : key.kty;
}
