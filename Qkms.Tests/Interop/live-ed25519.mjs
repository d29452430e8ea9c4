// Ed25519 keys of a started Qkms, with Node's crypto and with the openssl command: signed by one, verified by the other. Input and output: live.mjs.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { base64, bytes, keys, publicKey, report, same, shown, use, utf8 } from './live.mjs';
import { inFolder, openssl, removeFolder } from './openssl.mjs';

// RFC 8410: what stands before the key in SubjectPublicKeyInfo and in PrivateKeyInfo.
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const messages = [new Uint8Array(), utf8('a message'), new Uint8Array(randomBytes(100_000))];
const otherMessage = utf8('another message');

try {
  for (const key of keys) {
    const served = await publicKey(key);
    const privateKey = createPrivateKey({ key: Buffer.concat([privatePrefix, key.privateKey]), format: 'der', type: 'pkcs8' });
    const fromJwk = createPublicKey({ key: served.jwk, format: 'jwk' });
    same(served.der, Buffer.concat([publicPrefix, served.raw]));
    same(served.der, createPublicKey(privateKey).export({ format: 'der', type: 'spki' }), 'the exported seed is that of the key');
    same(served.der, fromJwk.export({ format: 'der', type: 'spki' }), 'JWK');
    assert.deepEqual(served.jwk, { ...served.jwk, kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519', x: Buffer.from(served.raw).toString('base64url') });
    const files = { public: inFolder('public.pem', served.pem), private: inFolder('private.pem', privateKey.export({ format: 'pem', type: 'pkcs8' })) };

    for (const message of messages) {
      const here = bytes((await use(key, '/signature/sign', { message: base64(message) })).signature);
      // The openssl command signs no empty message.
      const clients = message.length === 0 ? ['Node'] : ['Node', 'openssl'];
      for (const client of clients) {
        const verifies = client === 'Node' ? verifiesInNode(fromJwk) : verifiesInOpenSsl(files.public);
        assert.equal(verifies(here, message), true, client);
        assert.equal(verifies(here, otherMessage), false, client);
        shown(`signed by Qkms, verified by ${client}, not valid for another message`);
      }

      for (const client of clients) {
        const signature = client === 'Node' ? sign(null, message, privateKey) : signInOpenSsl(files.private, message);
        same(signature, here, 'RFC 8032 leaves nothing to chance');
        const body = { message: base64(message), signature: base64(signature) };
        assert.equal((await use(key, '/signature/verify', body)).valid, true, client);
        assert.equal((await use(key, '/signature/verify', { ...body, message: base64(otherMessage) })).valid, false, client);
        shown(`signed by ${client}, the same as by Qkms and verified there, not valid for another message`);
      }
    }
  }
} finally {
  removeFolder();
}

report();

function verifiesInNode(key) {
  return (signature, message) => verify(null, message, key, signature);
}

function verifiesInOpenSsl(key) {
  return (signature, message) => {
    const files = ['-sigfile', inFolder('signature', signature), '-in', inFolder('message', message)];
    const { status, stdout, stderr } = openssl(['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', key, ...files]);
    const verdict = /^Signature Verified Successfully$/m.test(stdout);
    assert.equal([verdict, /^Signature Verification Failure$/m.test(stdout)].filter(Boolean).length, 1, `openssl: ${stderr}`);
    assert.equal(status === 0, verdict);
    return verdict;
  };
}

function signInOpenSsl(key, message) {
  const { status, stdout, stderr } = openssl(['pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', inFolder('message', message)]);
  assert.equal(status, 0, `openssl: ${stderr}`);
  return stdout;
}
