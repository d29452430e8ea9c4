// Reads a request as openapi.yaml does: which operation it means, and whether it is as described.
import { mostBytes } from './limits.mjs';
import { inCatalogueCase } from './uses.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function understand(request, plan, description, apiKey) {
  const [rawPath, ...rest] = request.target.split('?');
  const path = decode(rawPath);
  const matches = path === null ? [] : description.find(path);
  // HEAD is answered as GET (RFC 9110, 9.3.2).
  const method = request.method === 'HEAD' ? 'GET' : request.method.toUpperCase();
  const match = matches.find(({ operation }) => operation.method === method);
  const facts = {
    serverRefusals: serverRefusals(request),
    // Dot segments, empty ones, and escapes that are none are read in more than one way; what is said of them is checked all the same.
    ambiguous: path === null || path.replace(/(?<=.)\/$/, '').split('/').slice(1).some(segment => /^\.*$/.test(segment)) || /[\\#]/.test(rawPath),
    operation: match?.operation,
    isHead: request.method === 'HEAD',
    open: matches.some(({ operation }) => operation.open),
    otherVerb: !match && matches.length > 0,
    authenticated: presentedKeys(request).join() === apiKey && presentedKeys(request).length === 1,
    requestId: requestIdOf(request),
    idempotencyKey: request.headers.find(([name]) => name === 'Idempotency-Key')?.[1],
  };
  if (match)
    Object.assign(facts, judge(match, request, plan, rest.join('?')));

  if (match?.operation.takesIdempotencyKey && facts.idempotencyKey !== undefined && !/^[!-~]{1,255}$/.test(facts.idempotencyKey))
    facts.faults.push('Idempotency-Key');

  return facts;
}

function decode(path) {
  try {
    return path.split('/').map(decodeURIComponent).map(segment => segment.replaceAll('/', '%2F')).join('/');
  } catch {
    return null;
  }
}

function presentedKeys({ headers }) {
  return headers.filter(([name]) => name.toLowerCase() === 'x-api-key').map(([, value]) => value.replace(/^[ \t]+|[ \t]+$/g, ''));
}

function requestIdOf({ headers }) {
  const ids = headers.filter(([name]) => name === 'X-Request-ID').map(([, value]) => value.replace(/^[ \t]+|[ \t]+$/g, ''));
  return ids.length === 1 && uuid.test(ids[0]) ? ids[0].toLowerCase() : null;
}

/**
 * Why the server itself refuses a request before the application sees it, with the status that it answers without a body.
 * It wants a request line and headers without certain characters, one Host, a length that is a number, and has limits for all of them.
 */
function serverRefusals({ method, target, headers }) {
  const [path] = target.split('?');
  const size = headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(`${name}: ${value}\r\n`), 0);
  const lengths = headers.filter(([name]) => name === 'Content-Length').map(([, value]) => value);
  return [
    { status: 414, when: Buffer.byteLength(`${method} ${target} HTTP/1.1\r\n`) > 32 * 1024 },
    { status: 400, when: !token.test(method) || /[^\x21-\x7e]/.test(target) || /%00/.test(path) },
    { status: 431, when: size > 32 * 1024 || headers.length > 100 },
    { status: 400, when: headers.some(([, value]) => value.includes('\0')) },
    { status: 400, when: headers.filter(([name]) => name === 'Host').length !== 1 },
    { status: 400, when: lengths.some(length => !/^\d{1,18}$/.test(length)) },
  ].flatMap(({ status, when }) => (when ? [status] : []));
}

/** Whether the request is as described, and if not, in what. */
function judge({ operation, values }, request, plan, search) {
  const faults = [...faultsOfPath(operation, values), ...faultsOfQuery(operation, search), ...faultsOfBody(operation, request)];
  if (operation.body && plan.body?.mustFail) // elsewhere nobody reads it
    faults.push(plan.body.mustFail);
  if (request.body?.length > mostBytes(operation.id) && (operation.body || request.framing === 'length')) // of chunks that nobody reads nobody knows
    faults.push('length of the body');

  return {
    faults,
    json: inCatalogueCase(parseJson(request.body)),
    query: inCatalogueCase(Object.fromEntries(readQuery(search))),
    key: values.key,
    kid: values.kid,
  };
}

function faultsOfPath(operation, values) {
  return operation.parameters
    .filter(p => p.in === 'path' && !p.isValid(values[p.name]))
    .map(p => `path ${p.name}`);
}

function readQuery(search) {
  return search === '' ? [] : search.split('&').filter(Boolean).map(pair => {
    const [name, ...value] = pair.split('=');
    return [name, value.join('=')].map(text => {
      try {
        return decodeURIComponent(text.replaceAll('+', ' '));
      } catch {
        return `${text}(undecodable)`;
      }
    });
  });
}

// Names of query parameters are taken in any case, as ASP.NET Core does.
function faultsOfQuery(operation, search) {
  const described = operation.parameters.filter(p => p.in === 'query');
  const pairs = readQuery(search).map(pair => Object.entries(inCatalogueCase(Object.fromEntries([pair])))[0]);
  const faults = pairs.filter(([name]) => !described.some(p => p.name === name.toLowerCase())).map(([name]) => `unknown query ${name}`);
  for (const parameter of described) {
    const given = pairs.filter(([name]) => name.toLowerCase() === parameter.name).map(([, value]) => value);
    if (given.length > 1 || (given.length === 0 && parameter.required) || given.some(value => !parameter.isValid(coerce(value, parameter.schema))))
      faults.push(`query ${parameter.name}`);
  }
  return faults;
}

function coerce(text, schema) {
  return schema.type === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text;
}

function faultsOfBody(operation, request) {
  if (!operation.body)
    return [];

  if (request.body === null || request.body.length === 0)
    return operation.body.required ? ['no body'] : [];

  // What was planned for one verb may be sent with another, whose operation wants another type.
  const [, mediaType = ''] = request.headers.find(([name]) => name === 'Content-Type') ?? [];
  const readable = operation.body.mediaType === 'application/json' ? /^\s*application\/(json|[^;,]+\+json)/i : /^\s*application\/merge-patch\+json/i;
  if (!readable.test(mediaType))
    return ['media type'];

  const json = inCatalogueCase(parseJson(request.body));
  return json !== undefined && operation.body.isValid(json) ? [] : ['body'];
}

// RFC 8259, 8.1: a reader may pass over a byte order mark.
function parseJson(body) {
  try {
    return body ? JSON.parse(body.toString('utf8').replace(/^\ufeff/, '')) : undefined;
  } catch {
    return undefined;
  }
}
