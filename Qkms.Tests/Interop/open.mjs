// Opens what Qkms made: reads a JSON list of cases, writes a JSON list of plaintexts; null for what does not open. Bytes are hexadecimal.
// Run: node open.mjs < cases.json

import { openBlob, purposes } from './blob-v1.mjs';
import { canonicalContext } from './context.mjs';
import { openHpke } from './hpke.mjs';

const bytes = (hex) => new Uint8Array(Buffer.from(hex ?? '', 'hex'));

async function open(item) {
  switch (item.kind) {
    case 'hpke':
      return openHpke({ algorithm: item.algorithm, seed: bytes(item.seed), info: bytes(item.info), aad: bytes(item.aad), ciphertext: bytes(item.ciphertext) });
    case 'blob':
      return openBlob({ key: bytes(item.key), purpose: purposes[item.purpose], context: item.context, blob: bytes(item.blob) });
    case 'context':
      return canonicalContext(item.context);
    default:
      throw new TypeError(`unknown kind ${item.kind}`);
  }
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const results = [];
for (const item of JSON.parse(Buffer.concat(chunks).toString('utf8'))) {
  try {
    results.push(Buffer.from(await open(item)).toString('hex'));
  } catch {
    results.push(null);
  }
}
process.stdout.write(JSON.stringify(results));
