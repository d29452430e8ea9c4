// Makes the bytes of a request from a plan and from what the service has told so far.
import { membersOf } from './fill.mjs';
import { mostBytes } from './limits.mjs';

const damages = {
  truncated: text => text.slice(0, -1 - (text.length >> 2)),
  'byte order mark': text => `\ufeff${text}`,
  'trailing comma': text => text.replace(/\}$/, ',}'),
  comment: text => `/* */${text}`,
  wrapped: text => `[${text}]`,
  followed: text => `${text}{}`,
  spaced: text => ` \t\r\n${text.replaceAll(':', ' : ')}\n `,
  'up to the limit': (text, operation) => text.padEnd(mostBytes(operation)),
  'over the limit': (text, operation) => text.padEnd(mostBytes(operation) + 1),
};

export function build(plan, operation, memory, host, apiKey) {
  const { oddities } = plan;
  const body = bodyOf(plan.body, operation, memory);
  return {
    method: oddities.method ?? operation.method,
    target: targetOf(plan, operation, memory),
    headers: headersOf(plan, operation, body, host, apiKey),
    body,
    framing: oddities.chunked ? 'chunked' : 'length',
  };
}

function targetOf({ prefix, path, query, oddities }, operation, memory) {
  const segments = operation.template.split('/').map(segment => (oddities.upperCase && segment[0] !== '{' ? segment.toUpperCase() : segment));
  const target = prefix + segments.join('/').replace(/\{(\w+)\}/g, (_, name) => textOf(path[name], memory));

  const pairs = query.flatMap(([name, value]) => [[name, textOf(value, memory)], ...(value.again === undefined ? [] : [[name, encode(value.again)]])]);
  if (oddities.stray)
    pairs.push(oddities.stray.map(encode));

  if (oddities.longTarget)
    pairs.push(['x', 'y'.repeat(oddities.longTarget)]);

  const search = pairs.length > 0 ? `?${pairs.map(pair => pair.join('=')).join('&')}` : '';
  return target + (oddities.suffix ?? '') + search;
}

function textOf(source, memory) {
  return source.raw ?? encode(source.known ? memory.pick(source.known, source.pick) : source.text);
}

// encodeURIComponent refuses lone surrogates; UTF-8 has none.
const encode = text => encodeURIComponent(text.toWellFormed());

function bodyOf(plan, operation, memory) {
  if (plan === null)
    return null;

  if (plan.filler)
    return Buffer.from(`{"reason":"${'x'.repeat(plan.filler)}"}`);

  if (plan.bytes !== undefined)
    return Buffer.from(plan.bytes, 'base64');

  const text = plan.text ?? `{${membersOf(plan, operation, memory).map(member => member.join(':')).join(',')}}`;
  return plan.damage === 'UTF-16' ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from((damages[plan.damage] ?? (same => same))(text, operation.id), 'utf8');
}

function headersOf({ key, requestId, idempotencyKey, oddities }, operation, body, host, apiKey) {
  const headers = [['Host', host], ...keyHeaders(key, apiKey)];
  for (const id of [requestId].flat().filter(id => id !== null))
    headers.push(['X-Request-ID', id]);

  if (idempotencyKey != null)
    headers.push(['Idempotency-Key', idempotencyKey]);

  if (body !== null && oddities.contentType !== null)
    headers.push(['Content-Type', oddities.contentType ?? operation.body.mediaType]);

  if (oddities.chunked && body !== null)
    headers.push(['Transfer-Encoding', 'chunked']);
  else if (body !== null || oddities.length)
    headers.push(['Content-Length', oddities.length ?? String(body.length)]);

  if (oddities.accept !== undefined)
    headers.push(['Accept', oddities.accept]);

  const [name, value] = oddities.header ?? [];
  if (name === 'X-Lot')
    headers.push(...Array.from({ length: 150 }, (_, i) => [`X-Lot-${i}`, '1']));
  else if (name)
    headers.push([name, value]);

  return headers;
}

function keyHeaders(key, apiKey) {
  switch (key) {
    case 'valid':
      return [['x-api-key', apiKey]];
    case 'padded':
      return [['X-API-KEY', ` \t${apiKey}  `]];
    case 'none':
      return [];
    case 'twice':
      return [['x-api-key', apiKey], ['x-api-key', apiKey]];
    case 'with another':
      return [['x-api-key', 'qkms_another'], ['x-api-key', apiKey]];
    case 'shortened':
      return [['x-api-key', apiKey.slice(0, -1)]];
    case 'lower case':
      return [['x-api-key', apiKey.toLowerCase()]];
    case 'in another header':
      return [['Authorization', `Bearer ${apiKey}`]];
    default:
      return [['x-api-key', key.text]];
  }
}
