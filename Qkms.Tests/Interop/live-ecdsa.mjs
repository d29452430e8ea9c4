// ECDSA keys of a started Qkms, with Node's crypto and with the openssl command: signed by one, verified by the other. Input and output: live.mjs.

import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { base64, bytes, keys, publicKey, report, same, shown, use, utf8 } from './live.mjs';
import { inFolder, openssl, removeFolder } from './openssl.mjs';

// RFC 7518, sections 3.4 and 6.2: the hash, the curve, the algorithm, and the bytes of a coordinate.
const curves = {
  'EC-P256': { hash: 'SHA-256', crv: 'P-256', alg: 'ES256', size: 32 },
  'EC-P384': { hash: 'SHA-384', crv: 'P-384', alg: 'ES384', size: 48 },
  'EC-P521': { hash: 'SHA-512', crv: 'P-521', alg: 'ES512', size: 66 },
};
const messages = [new Uint8Array(), utf8('a message'), new Uint8Array(randomBytes(100_000))];
const otherMessage = utf8('another message');

try {
  for (const key of keys) {
    const { hash, crv, alg, size } = curves[key.algorithm];
    const served = await publicKey(key);
    const privateKey = createPrivateKey({ key: Buffer.from(key.privateKey), format: 'der', type: 'pkcs8' });
    const fromJwk = createPublicKey({ key: served.jwk, format: 'jwk' });
    same(served.der, served.raw);
    same(served.der, createPublicKey(privateKey).export({ format: 'der', type: 'spki' }), 'the exported key is that of the public one');
    same(served.der, fromJwk.export({ format: 'der', type: 'spki' }), 'JWK');
    assert.deepEqual(served.jwk, { ...served.jwk, kty: 'EC', crv, alg });
    assert.equal(Buffer.from(served.jwk.x, 'base64url').length, size);
    assert.equal(Buffer.from(served.jwk.y, 'base64url').length, size);
    const files = { public: inFolder('public.pem', served.pem), private: inFolder('private.pem', privateKey.export({ format: 'pem', type: 'pkcs8' })) };

    for (const message of messages) {
      const digest = createHash(hash.replace('-', '')).update(message).digest();
      const made = [
        await use(key, '/signature/sign', { message: base64(message) }),
        await use(key, '/signature/sign-hash', { hash: base64(digest), hash_algorithm: hash }),
      ];
      for (const { signature } of made) {
        for (const client of ['Node', 'openssl']) {
          const verifies = client === 'Node' ? verifiesInNode(fromJwk, hash) : verifiesInOpenSsl(files.public, hash);
          assert.equal(verifies(bytes(signature), message), true, client);
          assert.equal(verifies(bytes(signature), otherMessage), false, client);
          shown(`signed by Qkms, verified by ${client}, not valid for another message`);
        }
      }

      for (const client of ['Node', 'openssl']) {
        const signature = base64(client === 'Node' ? sign(nodeHash(hash), message, privateKey) : signInOpenSsl(files.private, hash, message));
        const body = { message: base64(message), signature };
        assert.equal((await use(key, '/signature/verify', body)).valid, true, client);
        assert.equal((await use(key, '/signature/verify', { ...body, message: base64(otherMessage) })).valid, false, client);
        assert.equal((await use(key, '/signature/verify-hash', { hash: base64(digest), hash_algorithm: hash, signature })).valid, true, client);
        shown(`signed by ${client}, verified by Qkms, not valid for another message`);
      }
    }
  }
} finally {
  removeFolder();
}

report();

function nodeHash(hash) {
  return hash.replace('-', '').toLowerCase();
}

function verifiesInNode(key, hash) {
  return (signature, message) => verify(nodeHash(hash), message, key, signature);
}

function verifiesInOpenSsl(key, hash) {
  return (signature, message) => {
    const files = ['-signature', inFolder('signature', signature), inFolder('message', message)];
    const { status, stdout, stderr } = openssl(['dgst', `-${nodeHash(hash)}`, '-verify', key, ...files]);
    const verdict = /^Verified OK$/m.test(stdout);
    assert.equal([verdict, /^Verification failure$/im.test(`${stdout}${stderr}`)].filter(Boolean).length, 1, `openssl: ${stdout}${stderr}`);
    assert.equal(status === 0, verdict);
    return verdict;
  };
}

function signInOpenSsl(key, hash, message) {
  const { status, stdout, stderr } = openssl(['dgst', `-${nodeHash(hash)}`, '-sign', key, inFolder('message', message)]);
  assert.equal(status, 0, `openssl: ${stderr}`);
  return stdout;
}
