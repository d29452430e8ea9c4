// Values that a schema allows, aimed at a few names, kids and versions, so that requests meet each other's keys.
import fc from 'fast-check';
import { hostileJson, hostileText, marker } from './hostile.mjs';

// A key pair of these takes up to seconds; all others take less than a millisecond.
const weights = { 'RSA-2048': 1, 'RSA-3072': 0.1, 'RSA-4096': 0.1 };
const usual = 12;

/** An arbitrary for a field: by its name where state is to be met, else by its schema. Each worker has names and kids of its own. */
export function valueOf(field, schema, worker) {
  switch (field) {
    case 'name':
      return fc.constantFrom(`w${worker}`, `w${worker}/a`, `w${worker}/b.c`, `w${worker}/d_e-f`);
    case 'device_id':
      return fc.oneof({ weight: 6, arbitrary: fc.nat(40).map(n => `w${worker}-device-${n}`) }, { weight: 1, arbitrary: matching(schema) });
    case 'kid':
      return fc.oneof({ weight: 3, arbitrary: fc.nat(300).map(n => `w${worker}-kid-${n}`) }, { weight: 1, arbitrary: matching(schema) });
    case 'key_version':
    case 'expected_key_version':
      return fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 2147483647 }) });
    case 'algorithm':
      return fc.oneof(...schema.enum.map(word => ({
        weight: Math.round((weights[word] ?? usual) * 10),
        arbitrary: fc.constantFrom(...Array(8).fill(word), word?.toLowerCase() ?? word, word?.toUpperCase() ?? word),
      })));
    case 'plaintext':
    case 'message':
    case 'symmetric_key':
      return schema.format === 'byte' ? payload(schema) : bySchema(schema, worker);
    case 'hash_algorithm':
      return fc.oneof({ weight: 2, arbitrary: fc.constant('SHA-256') }, { weight: 1, arbitrary: bySchema(schema, worker) });
    case 'hash':
      return fc.constantFrom(32, 32, 32, 48, 64).chain(size => base64(size, size));
    case 'mu':
      return base64(64, 64);
    default:
      return bySchema(schema, worker);
  }
}

/** Values one step beyond the bounds that a schema has; none for a schema without bounds. */
export function beyond({ minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties, items }) {
  const item = items?.properties && Object.fromEntries((items.required ?? []).map(name => [name, '']));
  return [
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(minLength > 0 ? ['A'.repeat(minLength - 1)] : []),
    ...(maxLength === undefined ? [] : ['A'.repeat(maxLength + 4 - (maxLength % 4))]),
    ...(maxLength === undefined || maxLength > 100_000 ? [] : ['A'.repeat(maxLength + 1), '💥'.repeat(maxLength + 1)]),
    ...(minItems > 0 ? [[]] : []),
    ...(item && maxItems !== undefined ? [Array(maxItems + 1).fill(item)] : []),
    ...(maxProperties === undefined ? [] : [Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, i) => [`n${i}`, '']))]),
  ];
}

/** Text that looks like base64 and is none: spaces, the other alphabet, padding that is missing, too much or in the middle, bits left over. */
export const badBase64 = fc.constantFrom(
  'AAA A', 'AAAA ', ' AAAA', 'AAAA\n', 'AAAA\r\nAAAA', 'AA AA AA AA', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAA=', 'A', 'AA', 'AAA', 'AAAAA', 'AA=', 'A===', '====', '=', 'AA==AAAA', 'AAA=AAAA',
  'AB==', 'AAB=', '//9=', 'A-_A', 'AAAA=', 'AAAA==', 'ÀÀÀÀ', 'AAAA\u0000', '\u200bAAAA', 'AAAA====',
);

/** Members of a body with something hostile in them: in an item of a list, in an object, as a name or value of a map. Null when there is no such member. */
export function hostileWithin({ properties }, worker) {
  const containers = Object.entries(properties).flatMap(([name, schema]) => {
    const inside = hostileInside(objectOf(schema), worker);
    return inside ? [inside.map(text => [JSON.stringify(name), text])] : [];
  });
  return containers.length > 0 ? fc.oneof(...containers) : null;
}

function hostileInside(schema, worker) {
  if (schema.items?.properties)
    return fc.tuple(bySchema(schema.items, worker), hostileInside(schema.items, worker)).map(([one, other]) => `[${JSON.stringify(one)},${other}]`);

  if (schema.properties) {
    const name = fc.constantFrom(...Object.keys(schema.properties));
    const member = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(name, hostileJson) },
      { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...Object.keys(schema.properties).filter(n => schema.properties[n].format === 'byte'), 'x'), badBase64.map(text => JSON.stringify(text))) },
      { weight: 2, arbitrary: fc.tuple(hostileText, hostileJson) },
      ...Object.entries(schema.properties).flatMap(([n, inner]) => {
        const within = hostileInside(objectOf(inner), worker);
        const outside = beyond(inner).map(value => [n, JSON.stringify(value)]);
        return [...(within ? [{ weight: 2, arbitrary: within.map(text => [n, text]) }] : []), ...(outside.length > 0 ? [{ weight: 2, arbitrary: fc.constantFrom(...outside) }] : [])];
      }),
    );
    return fc.tuple(bySchema(schema, worker), member).map(([value, [n, text]]) => {
      const rest = Object.entries(value).filter(([other]) => other !== n).map(([other, v]) => `${JSON.stringify(other)}:${JSON.stringify(v)}`);
      return `{${[...rest, `${JSON.stringify(n)}:${text}`].join(',')}}`;
    });
  }
  if (typeof schema.additionalProperties === 'object') {
    return fc.oneof(
      fc.tuple(hostileText.map(text => JSON.stringify(text)), hostileJson),
      fc.tuple(fc.constantFrom('"\\ud800"', '"\\udc00x"', '"a","a":"b"', '""'), fc.constantFrom('"x"', '""')).map(([name, value]) => (name.includes(',') ? ['"a":"x","a"', value] : [name, value])),
      fc.tuple(fc.constant('"a"'), fc.constantFrom('"\\ud800"', '"\\udc00\\ud800"', '"\\ufffd"')),
      fc.constantFrom(8170, 8179, 8180, 8181, 8192, 8193).map(size => ['"a"', JSON.stringify('x'.repeat(size))]),
    ).map(([name, value]) => `{${name}:${value}}`);
  }
  return null;
}

// What may also be null.
function objectOf(schema) {
  return schema.oneOf?.find(({ type }) => type !== 'null') ?? schema;
}

function bySchema(schema, worker) {
  if (schema.enum)
    return fc.constantFrom(...schema.enum);

  if (schema.oneOf)
    return fc.oneof({ weight: 1, arbitrary: bySchema(schema.oneOf[0], worker) }, { weight: 9, arbitrary: bySchema(schema.oneOf[1], worker) });

  const types = [schema.type].flat();
  return fc.oneof(...types.map(type => ({ weight: type === 'null' ? 1 : 4, arbitrary: byType(type, schema, worker) })));
}

function byType(type, schema, worker) {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.integer({ min: schema.minimum ?? -5, max: Math.max(schema.minimum ?? -5, Math.min(schema.maximum ?? 20, 20)) }), fc.integer({ min: schema.minimum, max: schema.maximum ?? 2147483647 }));
    case 'string':
      return schema.format === 'byte' ? base64Of(schema) : schema.format === 'date-time' ? time : schema.pattern ? matching(schema) : textOf(schema);
    case 'array':
      return fc.array(bySchema(schema.items, worker), { minLength: schema.minItems ?? 0, maxLength: 4 });
    case 'object':
      return schema.properties ? objectBySchema(schema, worker) : mapBySchema(schema, worker);
    default:
      throw new Error(`openapi.yaml has a type that the fuzzer does not know: ${type}`);
  }
}

function objectBySchema({ properties, required = [] }, worker) {
  return fc.record(Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, valueOf(name, member, worker)])), { requiredKeys: required });
}

// Few maps, so that one of them meets itself again.
function mapBySchema({ additionalProperties, maxProperties }, worker) {
  const name = fc.constantFrom('purpose', 'a', 'é', '💥', ' ');
  return fc.oneof(
    { weight: 6, arbitrary: fc.dictionary(name, fc.constantFrom('demo', '', '💥'), { maxKeys: 2, noNullPrototype: true }) },
    { weight: 1, arbitrary: fc.dictionary(fc.string({ minLength: 1, unit: 'binary' }).filter(text => text.isWellFormed()), bySchema({ ...additionalProperties, maxLength: 100 }, worker), { maxKeys: 5, noNullPrototype: true }) },
    { weight: 1, arbitrary: fc.constant(Object.fromEntries(Array.from({ length: maxProperties }, (_, i) => [`n${i}`, '']))) },
  );
}

// Beside short ones the lengths where something changes: RSA-OAEP's limits, and the largest.
function payload({ minLength = 0, maxLength }) {
  const min = minLength > 0 ? 1 : 0;
  const max = Math.floor(maxLength / 4) * 3;
  const size = fc.oneof(
    { weight: 40, arbitrary: fc.integer({ min, max: 60 }) },
    { weight: 10, arbitrary: fc.constantFrom(min, 16, 32, 62, 63, 126, 127, 190, 191, 214, 215, 318, 319, 446, 447, 470, 471, 1024) },
    { weight: 1, arbitrary: fc.constantFrom(5_000, 65_536, max - 3, max - 2, max).map(n => Math.min(n, max)) },
  );
  return fc.tuple(size, fc.uint8Array({ minLength: 16, maxLength: 16 })).map(([length, fresh]) => {
    const bytes = Buffer.alloc(length, Buffer.from(fresh).toString('latin1'), 'latin1');
    bytes.write(marker.slice(0, length), 'latin1');
    return bytes.toString('base64');
  });
}

// Mostly to come; with offsets, and to the nanosecond.
const time = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 30 }).map(years => `${new Date().getUTCFullYear() + years}-03-01T00:00:00Z`) },
  { weight: 1, arbitrary: fc.constantFrom('2090-01-02T03:04:05.678901234+05:30', '2090-12-31T23:59:59-11:00', '2020-01-01T00:00:00Z', '9999-12-31T23:59:59Z') },
);

function base64Of({ minLength = 0, maxLength = 80 }) {
  return base64(minLength > 0 ? 1 : 0, Math.min(Math.floor(maxLength / 4) * 3, 60));
}

function base64(minLength, maxLength) {
  return fc.uint8Array({ minLength, maxLength }).map(bytes => Buffer.from(bytes).toString('base64'));
}

// A pattern says nothing of the length; what is too short is filled up with its last letter.
function matching({ pattern, minLength = 0, maxLength = 200 }) {
  return fc.stringMatching(new RegExp(pattern), { maxLength }).map(text => text.padEnd(minLength, text.at(-1)));
}

// Sizes count code points, in schemas as in fast-check: both sides of the bound are tried, also beyond the basic plane.
function textOf({ minLength = 0, maxLength = 100 }) {
  return fc.oneof(
    fc.string({ unit: 'grapheme-ascii', minLength, maxLength: Math.min(maxLength, Math.max(minLength, 40)) }),
    fc.constantFrom('x', 'é', '💥').map(letter => letter.repeat(maxLength)),
    fc.array(fc.constantFrom('a', '"', '\\', '\n', 'é', '💥', '\u0000', '\u202e'), { minLength, maxLength }).map(letters => letters.join('')),
  );
}
