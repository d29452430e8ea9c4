// RSA keys of a started Qkms, with WebCrypto and with the openssl command: OAEP, PSS and PKCS #1 v1.5, both ways. Input and output: live.mjs.

import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { base64, bytes, doesNotOpen, keys, publicKey, report, same, shown, use, utf8 } from './live.mjs';
import { inFolder, openssl as run, removeFolder } from './openssl.mjs';

const { subtle } = globalThis.crypto;
const hashLengths = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 };
const signatureHashes = ['SHA-256', 'SHA-384', 'SHA-512'];
const openSslName = (hash) => hash.toLowerCase().replace('-', '');
const random = (length) => new Uint8Array(randomBytes(length));
const message = utf8('a message');
const otherMessage = utf8('another message');

try {
  for (const key of keys) {
    const served = await publicKey(key);
    const privateKey = createPrivateKey({ key: Buffer.from(key.privateKey), format: 'der', type: 'pkcs8' });
    same(served.raw, served.der, 'SubjectPublicKeyInfo');
    same(served.der, createPublicKey(privateKey).export({ format: 'der', type: 'spki' }), 'the exported key is that of the key');
    same(served.der, createPublicKey({ key: served.jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }), 'JWK');
    assert.equal(`RSA-${privateKey.asymmetricKeyDetails.modulusLength}`, key.algorithm);
    const files = { public: inFolder('public.pem', served.pem), private: inFolder('private.pem', privateKey.export({ format: 'pem', type: 'pkcs8' })) };
    if (key.oaepHash) {
      await oaep(key, served, files);
    } else {
      await pss(key, served, files);
      await pkcs1(key, served, files);
    }
  }
} finally {
  removeFolder();
}

report();

async function oaep(key, served, files) {
  const hash = key.oaepHash;
  const importKey = (format, data, usage) => subtle.importKey(format, data, { name: 'RSA-OAEP', hash }, false, [usage]);
  const webPublic = await importKey('spki', served.der, 'encrypt');
  const webPrivate = await importKey('pkcs8', key.privateKey, 'decrypt');
  const options = ['-pkeyopt', 'rsa_padding_mode:oaep', '-pkeyopt', `rsa_oaep_md:${openSslName(hash)}`, '-pkeyopt', `rsa_mgf1_md:${openSslName(hash)}`];
  const longest = Number(key.algorithm.slice('RSA-'.length)) / 8 - 2 * hashLengths[hash] - 2;

  for (const plaintext of [1, 32, longest].map(random)) {
    const byWebCrypto = new Uint8Array(await subtle.encrypt({ name: 'RSA-OAEP' }, webPublic, plaintext));
    const byOpenSsl = openssl(['pkeyutl', '-encrypt', '-pubin', '-inkey', files.public, ...options], plaintext);
    for (const [client, ciphertext] of Object.entries({ WebCrypto: byWebCrypto, openssl: byOpenSsl })) {
      same(bytes((await use(key, '/crypto/decrypt', { ciphertext: base64(ciphertext) })).plaintext), plaintext);
      shown(`OAEP: encrypted by ${client}, decrypted by Qkms`);
      const damaged = Buffer.from(ciphertext);
      damaged[damaged.length - 1] ^= 1;
      await doesNotOpen('/crypto/decrypt', { kid: key.kid, ciphertext: base64(damaged) });
      shown(`OAEP: encrypted by ${client}, damaged, refused by Qkms`);
    }

    const here = bytes((await use(key, '/crypto/encrypt', { plaintext: base64(plaintext) })).ciphertext);
    same(new Uint8Array(await subtle.decrypt({ name: 'RSA-OAEP' }, webPrivate, here)), plaintext);
    shown('OAEP: encrypted by Qkms, decrypted by WebCrypto');
    same(openssl(['pkeyutl', '-decrypt', '-inkey', files.private, ...options], here), plaintext);
    shown('OAEP: encrypted by Qkms, decrypted by openssl');
  }
}

async function pss(key, served, files) {
  for (const hash of signatureHashes) {
    const digest = (data) => createHash(openSslName(hash)).update(data).digest();
    const importKey = (format, data, usage) => subtle.importKey(format, data, { name: 'RSA-PSS', hash }, false, [usage]);
    const webPublic = await importKey('spki', served.der, 'verify');
    const webPrivate = await importKey('pkcs8', key.privateKey, 'sign');
    const web = { name: 'RSA-PSS', saltLength: hashLengths[hash] };
    const padding = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:digest'];
    const ofMessage = ['dgst', `-${openSslName(hash)}`, ...padding.flatMap((option) => ['-sigopt', option])];
    const ofDigest = ['pkeyutl', ...[`digest:${openSslName(hash)}`, ...padding].flatMap((option) => ['-pkeyopt', option])];

    const verifiesThere = {
      WebCrypto: (signature, data) => subtle.verify(web, webPublic, signature, data),
      'openssl dgst': (signature, data) => opensslVerifies([...ofMessage, '-verify', files.public, '-signature', inFolder('signature', signature)], data),
      'openssl pkeyutl': (signature, data) =>
        opensslVerifies([...ofDigest, '-verify', '-pubin', '-inkey', files.public, '-sigfile', inFolder('signature', signature)], digest(data)),
    };
    const signThere = {
      WebCrypto: async () => new Uint8Array(await subtle.sign(web, webPrivate, message)),
      'openssl dgst': () => openssl([...ofMessage, '-sign', files.private], message),
      'openssl pkeyutl': () => openssl([...ofDigest, '-sign', '-inkey', files.private], digest(message)),
    };
    const requests = {
      '': (data) => ({ message: base64(data), hash_algorithm: hash }),
      '-hash': (data) => ({ hash: base64(digest(data)), hash_algorithm: hash }),
    };

    for (const [kind, request] of Object.entries(requests)) {
      const here = bytes((await use(key, `/signature/sign${kind}`, request(message))).signature);
      for (const [client, verifies] of Object.entries(verifiesThere)) {
        assert.equal(await verifies(here, message), true, client);
        assert.equal(await verifies(here, otherMessage), false, client);
        shown(`PSS: signed by /signature/sign${kind}, verified by ${client}, not valid for another message`);
      }

      for (const [client, sign] of Object.entries(signThere)) {
        const signature = base64(await sign());
        assert.equal((await use(key, `/signature/verify${kind}`, { ...request(message), signature })).valid, true, client);
        assert.equal((await use(key, `/signature/verify${kind}`, { ...request(otherMessage), signature })).valid, false, client);
        shown(`PSS: signed by ${client}, verified by /signature/verify${kind}, not valid for another message`);
      }
    }
  }
}

async function pkcs1(key, served, files) {
  for (const hash of signatureHashes) {
    const digest = (data) => createHash(openSslName(hash)).update(data).digest();
    const name = 'RSASSA-PKCS1-v1_5';
    const webPublic = await subtle.importKey('spki', served.der, { name, hash }, false, ['verify']);
    const there = openssl(['dgst', `-${openSslName(hash)}`, '-sign', files.private], message);
    const choice = { hash_algorithm: hash, padding: 'pkcs1' };
    const requests = {
      '': (data) => ({ message: base64(data), ...choice }),
      '-hash': (data) => ({ hash: base64(digest(data)), ...choice }),
    };

    for (const [kind, request] of Object.entries(requests)) {
      const here = bytes((await use(key, `/signature/sign${kind}`, request(message))).signature);
      assert.equal(await subtle.verify({ name }, webPublic, here, message), true);
      assert.equal(await subtle.verify({ name }, webPublic, here, otherMessage), false);
      same(here, there);
      shown('PKCS #1 v1.5: signed by Qkms, verified by WebCrypto, not valid for another message, the same as by openssl');

      const isValid = async (body) => (await use(key, `/signature/verify${kind}`, { ...body, signature: base64(there) })).valid;
      assert.deepEqual(
        [await isValid(request(message)), await isValid(request(otherMessage)), await isValid({ ...request(message), padding: 'pss' })],
        [true, false, false],
      );
      shown('PKCS #1 v1.5: signed by openssl, verified by Qkms, not valid for another message nor as PSS');
    }
  }
}

function openssl(parameters, input) {
  const { status, stdout, stderr } = run(parameters, input);
  assert.equal(status, 0, `openssl ${parameters.join(' ')}: ${stderr}`);
  return new Uint8Array(stdout);
}

/** Only the verdict decides: a command that was wrong would fail too. */
function opensslVerifies(parameters, input) {
  const { status, stdout, stderr } = run(parameters, input);
  const verdict = /^(?:Verified OK|Signature Verified Successfully)$/m.test(stdout);
  const refusal = /^(?:Verification failure|Signature Verification Failure)$/m.test(stdout);
  assert.equal([verdict, refusal].filter(Boolean).length, 1, `openssl ${parameters.join(' ')}: ${stderr}`);
  assert.equal(status === 0, verdict);
  return verdict;
}
