// The steps of requests/quickstart.sh, by a client whose types are generated from openapi.yaml: that it compiles shows that the
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
  same('recommended', algorithms.filter(a => a.status === 'RECOMMENDED').map(a => a.algorithm), ['ML-KEM-768', 'ML-DSA-65']);

  const first = take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'Kyber768', name, kid: `${name}-kem` } })).data;
  same('first version', [first.key_version, first.algorithm, first.algorithm_id, first.status], [1, 'Kyber768', algorithm, 'active']);
  refused(409, 'ERR_KMS_004', await qkms.POST('/kms/keys/generate', { body: { algorithm, name } }));

  take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'ML-DSA-65', name, kid: `${name}-dsa` } }));
  const rsa = take(201, await qkms.POST('/kms/keys/generate', { body: { algorithm: 'RSA-2048', name } })).data;
  same('RSA', [rsa.use, rsa.oaep_hash], ['enc', 'SHA-256']);

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

  const revocation = await qkms.POST('/kms/keys/{kid}/actions/revoke', { params: { path: { kid: first.kid } }, body: { reason: 'The end of the quickstart.' } });
  same('revoked', revocation.response.status, 204);
  requests++;

  const revoked = take(200, await qkms.GET('/kms/keys/{key}', { params: { path: { key: first.kid } } })).data;
  same('what is left', [revoked.status, typeof revoked.revoked_at, revoked.next_kid], ['revoked', 'string', second.kid]);
  const left = await qkms.GET('/kms/keys/{kid}/public-key', { params: { path: { kid: first.kid }, query: { format: 'jwk' } } });
  same('its public key', keyType(take(200, left)), 'AKP');
  refused(409, 'ERR_KMS_006', await qkms.POST('/kms/keys/retire', { body: { algorithm, name, key_version: 1 } }));
  same('at the end', take(200, await qkms.GET('/kms/keys', { params: { query: { name } } })).data.keys.map(k => k.status), ['active', 'retired', 'active', 'revoked']);
  return requests;
}

// The operation answers in three media types, so its type is a union.
function keyType(key: string | components['schemas']['JsonWebKey']): string | undefined {
  return typeof key === 'string' ? undefined : key.kty;
}
