// How long the body of an operation may be, in bytes: Qkms.Api/Http/BodyLimit.cs.
const payloads = [
  'Encrypt', 'Decrypt', 'ReEncrypt', 'KemEncrypt', 'KemDecrypt', 'Sign', 'Verify', 'SignHash', 'VerifyHash', 'SignMu', 'VerifyMu', 'GenerateDataKey',
  'DecryptDataKey', 'GenerateMac', 'VerifyMac',
];

/** 2 MB for what carries a payload or many items, 64 KB for all else. */
export const mostBytes = operation => (payloads.includes(operation) ? 2 * 1024 * 1024 : 64 * 1024);
