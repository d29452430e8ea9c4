// The canonical form of a context, written from docs/formats.md:
//   number of members (4 bytes) ‖ for each, sorted by the UTF-8 bytes of its name: length (4) ‖ name ‖ length (4) ‖ value
// Integers are big-endian, text is UTF-8.

const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;

/** @param {Record<string, string> | null | undefined} members absent is the same as {} */
export function canonicalContext(members) {
  const pairs = Object.entries(members ?? {}).map(([name, value]) => [utf8(name), utf8(value)]);
  if (pairs.length > MAX_MEMBERS) throw new RangeError(`more than ${MAX_MEMBERS} members`);
  if (pairs.some(([name]) => name.length === 0)) throw new RangeError('a name is empty');
  pairs.sort(([one], [other]) => Buffer.compare(one, other));
  const canonical = Buffer.concat([uint32(pairs.length), ...pairs.flatMap(([name, value]) => [uint32(name.length), name, uint32(value.length), value])]);
  if (canonical.length > MAX_BYTES) throw new RangeError(`larger than ${MAX_BYTES} bytes`);
  return new Uint8Array(canonical);
}

function utf8(text) {
  if (typeof text !== 'string') throw new TypeError('a value is not text');
  if (!text.isWellFormed()) throw new TypeError('half a surrogate pair');
  return Buffer.from(text, 'utf8');
}

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
