// What may be odd about a request beside its parameters and its body.
import fc from 'fast-check';
import { hostileHeader, hostileText, strayName } from './hostile.mjs';

const mediaTypes = [
  'application/json; charset=utf-8', 'application/json;charset=utf-16', 'application/json; charset=nonsense', 'APPLICATION/JSON',
  'application/problem+json', 'application/merge-patch+json', 'text/json', 'text/plain', 'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x', 'application/xml', 'application/octet-stream', '*/*', 'application/*', 'json', '', ';',
  'application/json, text/plain',
];

const ranges = [
  '*/*', 'application/json', 'text/html', 'text/*', 'application/x-pem-file', 'application/jwk+json', 'application/octet-stream',
  'application/jwk+json;q=0.5, application/octet-stream', 'application/jwk+json;profile="x"', '*/*;q=0', 'application/*;q=0.1',
  'application/json;q=2', 'a', '/', '', ',,,', `${'text/html,'.repeat(500)}*/*`,
];

/** Headers that some server or proxy would act on. X-Lot stands for more headers than a server takes. */
const strangers = [
  ['X-HTTP-Method-Override', 'DELETE'], ['X-Original-URL', '/kms/keys'], ['X-Forwarded-Prefix', '/elsewhere'],
  ['X-Forwarded-Host', 'elsewhere.example'], ['Host', 'elsewhere.example'], ['Origin', 'https://elsewhere.example'],
  ['Authorization', 'Bearer x'], ['Cookie', 'x-api-key=1'], ['Expect', '100-continue'], ['Upgrade', 'h2c'], ['Accept-Encoding', 'gzip, br'],
  ['Content-Encoding', 'gzip'], ['Range', 'bytes=0-10'], ['If-None-Match', '*'], ['X-Long', 'x'.repeat(40_000)], ['X-Lot', null],
];

export const oddKey = fc.oneof(
  fc.constantFrom('none', 'twice', 'with another', 'shortened', 'lower case', 'in another header', 'padded'),
  hostileHeader.map(text => ({ text })),
);

// .NET's own reading of UUIDs takes a sign, 0x and white space.
export const oddRequestId = fc.oneof(
  fc.uuid().map(id => id.toUpperCase()),
  fc.uuid().map(id => `{${id}}`),
  fc.uuid().map(id => id.replaceAll('-', '')),
  fc.uuid().map(id => `\u00a0${id}`),
  fc.uuid().map(id => `+${id.slice(1)}`),
  fc.uuid().map(id => `0x${id.slice(2)}`),
  fc.uuid().map(id => `${id}, ${id}`),
  fc.uuid().map(id => [id, id]),
  hostileHeader,
);

const suffixes = ['/', '//', '/x', '/../keys', '/%2e%2e/keys', ';a=b', '.json', '%00', '%', '#x', '\\'];

const all = {
  method: fc.constantFrom('PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'GET', 'get', 'FOO', 'G T'),
  suffix: fc.oneof(fc.constantFrom(...suffixes), hostileText.map(text => `/${encodeURIComponent(text.toWellFormed())}`)),
  upperCase: fc.constant(true),
  stray: fc.tuple(strayName, hostileText),
  contentType: fc.oneof(fc.constantFrom(...mediaTypes), hostileHeader, fc.constant(null)),
  accept: fc.oneof(fc.constantFrom(...ranges), hostileHeader),
  header: fc.oneof(fc.constantFrom(...strangers), hostileHeader.map(text => ['X-Strange', text])),
  chunked: fc.constant(true),
  longTarget: fc.constantFrom(1_000, 5_000, 20_000, 30_000, 40_000),
  length: fc.constantFrom('99999999', '-1', 'x', '99999999999999999999'),
};

/** At most two: each hides what stands behind it. */
export const oddities = fc.subarray(Object.keys(all), { maxLength: 2 })
  .chain(names => fc.record(Object.fromEntries(names.map(name => [name, all[name]]))));
