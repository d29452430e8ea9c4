// Writes accumulated-ml-kem.json: what @noble/post-quantum gives for ten thousand runs of each set of FIPS 203, folded into one digest.
// Run: npm ci && npm run make-accumulated (some minutes)
// The inputs d, z, m and a random ciphertext of each run come out of one SHAKE128(""); the encapsulation key, the ciphertext of m, its secret and
// the secret that the random ciphertext gives go into another, of which 32 bytes are read.

import { writeFileSync } from 'node:fs';
import { shake128 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';

const RUNS = 10_000;
const kems = { 'ML-KEM-512': ml_kem512, 'ML-KEM-768': ml_kem768, 'ML-KEM-1024': ml_kem1024 };

function accumulate(kem) {
  const source = shake128.create({});
  const sink = shake128.create({ dkLen: 32 });
  for (let run = 0; run < RUNS; run++) {
    const seed = source.xof(64);
    const message = source.xof(32);
    const { publicKey, secretKey } = kem.keygen(seed);
    const { cipherText, sharedSecret } = kem.encapsulate(publicKey, message);
    const rejected = kem.decapsulate(source.xof(cipherText.length), secretKey);
    sink.update(concatBytes(publicKey, cipherText, sharedSecret, rejected));
  }

  return bytesToHex(sink.digest());
}

const digests = Object.fromEntries(Object.entries(kems).map(([name, kem]) => [name, accumulate(kem)]));
writeFileSync(new URL('accumulated-ml-kem.json', import.meta.url), `${JSON.stringify({ runs: RUNS, digests }, null, 2)}\n`);
