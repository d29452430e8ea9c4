// Reads a request as openapi.yaml does: which operation it means, and whether it is as described.

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function understand(request, plan, description, apiKey) {
  const [rawPath, ...rest] = request.target.split('?');
  const path = decode(rawPath);
  const matches = path === null ? [] : description.find(path);
  const match = matches.find(({ operation }) => operation.method === request.method.toUpperCase());
  const facts = {
    serverRefuses: serverRefuses(request),
    // Dot segments, empty ones, and escapes that are none are read in more than one way; what is said of them is checked all the same.
    ambiguous: path === null || path.replace(/(?<=.)\/$/, '').split('/').slice(1).some(segment => /^\.*$/.test(segment)) || /[\\#]/.test(rawPath),
    operation: match?.operation,
    otherVerb: !match && matches.length > 0,
    authenticated: presentedKeys(request).join() === apiKey && presentedKeys(request).length === 1,
    requestId: requestIdOf(request),
  };
  if (match)
    Object.assign(facts, judge(match, request, plan, rest.join('?')));

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
 * Why the server itself, before the application, refuses a request, with the statuses that it answers without a body; null when it has no reason to.
 * It wants a target and headers without control characters and %00, one good Host, a good length, and has limits for lines and headers.
 */
function serverRefuses({ method, target, headers }) {
  const [path] = target.split('?');
  const size = headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 4, 0);
  const lengths = headers.filter(([name]) => name === 'Content-Length').map(([, value]) => value);
  if (method.length + Buffer.byteLength(target) + 12 > 32 * 1024)
    return { statuses: [414], why: 'the request line is too long' };
  if (!token.test(method) || /[^\x21-\x7e]/.test(target) || /%00/.test(path))
    return { statuses: [400], why: 'the request line has a character that it must not have' };
  if (size > 32 * 1024 || headers.length > 100)
    return { statuses: [431], why: 'the headers are too large or too many' };
  if (headers.some(([, value]) => value.includes('\0')))
    return { statuses: [400], why: 'a header has a NUL' };
  if (headers.filter(([name]) => name.toLowerCase() === 'host').length !== 1)
    return { statuses: [400], why: 'not one Host' };
  if (lengths.some(length => !/^\d{1,18}$/.test(length)))
    return { statuses: [400], why: 'the length is no number' };
  return null;
}

/** Whether the request is as described, and if not, in what. */
function judge({ operation, values }, request, plan, search) {
  const faults = [...faultsOfPath(operation, values), ...faultsOfQuery(operation, search), ...faultsOfBody(operation, request, plan)];
  if (plan.body?.mustFail)
    faults.push(plan.body.mustFail);

  return { faults, json: parseJson(request.body), query: Object.fromEntries(readQuery(search)), key: values.key };
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
  const pairs = readQuery(search);
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

function faultsOfBody(operation, request, plan) {
  if (!operation.body)
    return [];

  if (request.body === null || request.body.length === 0)
    return operation.body.required ? ['no body'] : [];

  if (plan.oddities.contentType !== undefined && !/^\s*application\/(json|[^;,]+\+json)/i.test(plan.oddities.contentType))
    return ['media type'];

  const json = parseJson(request.body);
  return json !== undefined && operation.body.isValid(json) ? [] : ['body'];
}

function parseJson(body) {
  try {
    return body ? JSON.parse(body.toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}
