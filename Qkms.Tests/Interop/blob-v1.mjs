// Blobs of AES-256 keys, format 1, written from docs/formats.md, with WebCrypto.
//   header = "QK" ‖ 01 (format) ‖ 01 (suite) ‖ purpose ‖ id of the key version (16)
//   key (32) ‖ nonce (12) ‖ commitment (32) = HKDF-SHA256(IKM = the AES-256 key, salt, info = "qkms/blob/v1" ‖ header, L = 76)
//   blob = header ‖ salt (32) ‖ commitment ‖ AES-256-GCM(key, nonce, plaintext, AAD = header ‖ canonical context) ‖ tag (16)

import { timingSafeEqual } from 'node:crypto';
import { canonicalContext } from './context.mjs';

export const purposes = { encryption: 1, dataKey: 2 };

const HEADER = 21;
const SALT = 32;
const COMMITMENT = 32;
const TAG = 16;
const { subtle } = globalThis.crypto;

/** Which key version opens the blob, as a UUID. */
export function versionId(blob) {
  const hex = Buffer.from(blob.subarray(5, HEADER)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The plaintext; throws when it does not open. */
export async function openBlob({ key, purpose, context, blob }) {
  if (blob.length < HEADER + SALT + COMMITMENT + TAG) throw new Error('too short');
  const header = blob.subarray(0, HEADER);
  if (!Buffer.from(header.subarray(0, 5)).equals(Buffer.from([0x51, 0x4b, 1, 1, purpose]))) throw new Error('another format, suite or purpose');
  const salt = blob.subarray(HEADER, HEADER + SALT);
  const commitment = blob.subarray(HEADER + SALT, HEADER + SALT + COMMITMENT);
  const derived = await derive(key, salt, header);
  if (!timingSafeEqual(derived.commitment, commitment)) throw new Error('another key');
  return new Uint8Array(await subtle.decrypt(gcm(derived, header, context), derived.key, blob.subarray(HEADER + SALT + COMMITMENT)));
}

/** A blob; the salt is random unless a vector needs a fixed one. */
export async function sealBlob({ key, purpose, versionId: id, context, plaintext, salt = globalThis.crypto.getRandomValues(new Uint8Array(SALT)) }) {
  const header = concat([0x51, 0x4b, 1, 1, purpose], Buffer.from(id.replaceAll('-', ''), 'hex'));
  const derived = await derive(key, salt, header);
  const ciphertextAndTag = new Uint8Array(await subtle.encrypt(gcm(derived, header, context), derived.key, plaintext));
  return concat(header, salt, derived.commitment, ciphertextAndTag);
}

async function derive(key, salt, header) {
  const ikm = await subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
  const info = concat(new TextEncoder().encode('qkms/blob/v1'), header);
  const bytes = new Uint8Array(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, ikm, 8 * 76));
  return {
    key: await subtle.importKey('raw', bytes.subarray(0, 32), 'AES-GCM', false, ['encrypt', 'decrypt']),
    nonce: bytes.subarray(32, 44),
    commitment: bytes.subarray(44),
  };
}

const gcm = (derived, header, context) => ({
  name: 'AES-GCM',
  iv: derived.nonce,
  additionalData: concat(header, canonicalContext(context)),
  tagLength: 8 * TAG,
});

const concat = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
