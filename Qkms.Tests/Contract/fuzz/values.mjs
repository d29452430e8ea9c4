// Values that a schema allows, aimed at a few names, kids and versions, so that requests meet each other's keys.
import fc from 'fast-check';

// A key pair of these takes up to seconds; all others take less than a millisecond.
const weights = { 'RSA-2048': 1, 'RSA-3072': 0.1, 'RSA-4096': 0.1 };
const usual = 12;

/** An arbitrary for a field: by its name where state is to be met, else by its schema. Each worker has names and kids of its own. */
export function valueOf(field, schema, worker) {
  switch (field) {
    case 'name':
      return fc.constantFrom(`w${worker}`, `w${worker}/a`, `w${worker}/b.c`, `w${worker}/d_e-f`);
    case 'kid':
      return fc.oneof({ weight: 3, arbitrary: fc.nat(300).map(n => `w${worker}-kid-${n}`) }, { weight: 1, arbitrary: matching(schema) });
    case 'key_version':
    case 'expected_key_version':
      return fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 2147483647 }) });
    case 'algorithm':
      return fc.oneof(...schema.enum.map(word => ({ weight: Math.round((weights[word] ?? usual) * 10), arbitrary: fc.constant(word) })));
    default:
      return bySchema(schema);
  }
}

/** Values one step beyond the bounds that a schema has; none for a schema without bounds. */
export function beyond({ minimum, maximum, minLength, maxLength }) {
  return [
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(minLength > 0 ? ['A'.repeat(minLength - 1)] : []),
    ...(maxLength === undefined ? [] : ['A'.repeat(maxLength + 1), '💥'.repeat(maxLength + 1)]),
  ];
}

function bySchema(schema) {
  if (schema.enum)
    return fc.constantFrom(...schema.enum);

  const types = [schema.type].flat();
  return fc.oneof(...types.map(type => byType(type, schema)));
}

function byType(type, schema) {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 20, 20) }), fc.integer({ min: schema.minimum, max: schema.maximum ?? 2147483647 }));
    case 'string':
      return schema.pattern ? matching(schema) : textOf(schema);
    case 'array':
      return fc.array(bySchema(schema.items), { maxLength: 4 });
    case 'object':
      return fc.record(Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, member]) => [name, bySchema(member)])), { requiredKeys: schema.required ?? [] });
    default:
      throw new Error(`openapi.yaml has a type that the fuzzer does not know: ${type}`);
  }
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
