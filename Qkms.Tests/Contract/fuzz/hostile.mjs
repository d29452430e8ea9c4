// Values that nobody sends by accident.
import fc from 'fast-check';

/** In many hostile values; neither an answer nor the log may ever repeat it. No name or kid can contain it. */
export const canary = 'canary~7c1f';

/** What most plaintexts begin with: nine bytes, so that it shows in base64. Only what opens them may answer with it, and no log may hold it. */
export const marker = 'QkmsFuzz!';

const texts = [
  '', ' ', '.', '..', '../..', './/', '-', '_', '0', '1', '-1', '00', '1e3', '1.0', '2147483647', '2147483648', '9'.repeat(40), 'null', 'true', 'NaN',
  'ML-KEM-768 ', ' ML-KEM-768', 'ml-kem-768', 'ML-KEM-768\0', 'ML\u2010KEM\u2010768', 'Kyber768,Kyber768', 'enc ', 'ENC', 'active ', 'Active',
  'default/', '/default', 'a//b', 'a/../b', 'a..b', 'generate', 'active', 'rotate', 'public-key', 'actions', '12345', 'a'.repeat(128), 'a'.repeat(129), 'a/'.repeat(64),
  'x'.repeat(256), 'x'.repeat(257), '💥'.repeat(128), '💥'.repeat(129), '💥'.repeat(256), 'é'.repeat(256), 'e\u0301'.repeat(200), 'x'.repeat(9000),
  '\ud800', '\udc00x', 'x\ud83d', '\ufeff', '\u202etxt', '\u0085', '\u00a0', '\u2028', '\u212a', 'İ', 'ß', 'ｋｉｄ', '\u0000', '\u0007', '\u001b[31m', '\t', '\n', '\r\nX-Injected: 1',
  canary, `<script>${canary}</script>`, `'; DROP TABLE keys; -- ${canary}`, `\${jndi:ldap://127.0.0.1/${canary}}`, `{{7*7}}${canary}`, `%s%n${canary}`, `$(${canary})`, '%', '%zz', '%00', '%2e%2e', '%25', '\\', '\\u0000', '"', '{"a":1}',
];

export const hostileText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...texts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 20 }) },
);

const nested = (open, close) => fc.constantFrom(3, 62, 63, 64, 65, 1000, 20_000).map(depth => open.repeat(depth) + close.repeat(depth));

/** JSON values as text, so that what no serializer writes can be written too. */
export const hostileJson = fc.oneof(
  { weight: 4, arbitrary: hostileText.map(text => JSON.stringify(text)) },
  { weight: 4, arbitrary: fc.constantFrom('null', 'true', 'false', '0', '-0', '-1', '1.5', '1.0', '1e0', '10e-1', '2147483647', '2147483648', '-2147483649', '9007199254740993', '1e308', '1e400', '9'.repeat(400), '""', '{}', '[]', '[1]', '["ML-KEM-768"]', '{"value":1}', '{"$ref":"#"}', '{"$type":"System.Object"}', '{"__proto__":{}}') },
  { weight: 2, arbitrary: fc.constantFrom('', 'NaN', 'Infinity', '01', '+1', '.5', '1.', '0x10', "'x'", 'undefined', 'True', 'nul', '"\\ud800"', '"\\udc00\\ud800"', '"\\u00"', '"\\x41"', '"a\nb"', '"\u0000"', '"unterminated', '[1,]', '{"a":1,}', '/* */1', '1 2') },
  { weight: 1, arbitrary: nested('[', ']') },
  { weight: 1, arbitrary: nested('{"a":', '}').map(text => text.replace('}', '1}')) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
);

/** Names of members and of query parameters that no operation has. */
export const strayName = fc.oneof(
  fc.constantFrom('x', 'Algorithm', 'keyVersion', 'key-version', 'KEY_VERSION', 'tenant_id', 'private_key', 'status ', '', '__proto__', 'constructor', '$type', 'a.b', 'a[0]', 'name\0', canary, 'x'.repeat(65), 'ｎａｍｅ'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** What may stand in the value of a header without ending the request: any byte but CR and LF. */
export const hostileHeader = hostileText.map(text => text.replace(/[\r\n]/g, ' ').slice(0, 9000));
