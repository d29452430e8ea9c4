// HPKE base mode, single-shot, with ML-KEM, HKDF-SHA256 and AES-256-GCM: enc ‖ ct. Nothing here is particular to Qkms.

import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { MlKem1024, MlKem512, MlKem768 } from '@hpke/ml-kem';

const kems = { 'ML-KEM-512': MlKem512, 'ML-KEM-768': MlKem768, 'ML-KEM-1024': MlKem1024 };
const suiteOf = (algorithm) => new CipherSuite({ kem: new kems[algorithm](), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const none = new Uint8Array();

/** The plaintext; throws when it does not open. The private key is the 64-byte seed. */
export async function openHpke({ algorithm, seed, info = none, aad = none, ciphertext }) {
  const suite = suiteOf(algorithm);
  const enc = ciphertext.slice(0, suite.kem.encSize);
  const ct = ciphertext.slice(suite.kem.encSize);
  const recipientKey = await suite.kem.importKey('raw', seed, false);
  return new Uint8Array(await suite.open({ recipientKey, enc, info }, ct, aad));
}

/** enc ‖ ct; the KEM's randomness is fixed only where a vector needs it. */
export async function sealHpke({ algorithm, publicKey, info = none, aad = none, plaintext, randomness }) {
  const suite = suiteOf(algorithm);
  const recipientPublicKey = await suite.kem.importKey('raw', publicKey, true);
  const { enc, ct } = await suite.seal({ recipientPublicKey, info, ekm: randomness }, plaintext, aad);
  return new Uint8Array(Buffer.concat([Buffer.from(enc), Buffer.from(ct)]));
}
