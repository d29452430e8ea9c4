// What must be true of every answer. Each fault is one sentence; sentences that begin alike are one kind of fault.
import { canary, marker } from './hostile.mjs';
import { mayRefuse } from './refusable.mjs';
import { openings, uses } from './uses.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

// Stack traces, names of .NET types and of the database's errors.
const innards = /\bat [A-Z]\w*(\.\w+)+\(|\b(System|Microsoft|Qkms\.(Api|Core|Storage)|Dapper|FluentValidation)\.[A-Z]|Exception\b|\.cs\b|SQLite Error|StackTrace/;

// Whoever has no valid API key is refused, and after too many of those limited: a valid one is neither (docs/rate-limits.md).
const unproven = [401, 429];

// A device has had its new keys for the day: known by its API key, and limited all the same (docs/devices.md).
const ofDevices = 'ERR_RATE_002';

// Members with words for people, which are shown as they were given.
const words = ['label', 'labels', 'name', 'reason'];

// The name of a type that hostile.mjs sends, and that labels may keep.
const ownType = '"$type":"System.Object"';

// Refusals that belong to no operation, because the route or the verb is none.
const strays = { 401: 'ERR_AUTH_001', 429: 'ERR_RATE_001', 404: 'ERR_NOT_FOUND_001', 405: 'ERR_INVALID_004' };

const markers = new RegExp(['latin1', 'base64', 'hex'].map(encoding => Buffer.from(marker).toString(encoding)).join('|'), 'g');

export function check(request, facts, answer, plan, description, memory) {
  if (answer.status >= 500)
    return [`5xx: ${answer.status} ${answer.body.toString('utf8', 0, 300)}`];

  if (answer.headers['x-request-id'] === undefined)
    return serverAnswer(facts, answer);

  const json = readJson(answer);
  return [
    ...checkHeaders(request, facts, answer),
    ...checkLeaks(facts, answer, json),
    ...checkPlaintexts(facts, answer),
    ...checkIdentity(facts, answer, json),
    ...checkRepeated(facts, answer),
    ...(facts.ambiguous || facts.serverRefusals.length > 0 ? checkAnyRefusal(answer, json, description) : checkMeaning(request, facts, answer, json, plan, description, memory)),
  ];
}

// The server's own refusals do not reach the application: a status and nothing else, and only where it has a reason.
function serverAnswer({ serverRefusals }, { status, body, headers }) {
  if (!serverRefusals.includes(status))
    return [`unexpected answer of the server itself: ${status}, not one of ${serverRefusals}`];

  const extra = Object.keys(headers).filter(name => !['content-length', 'connection', 'date'].includes(name));
  return body.length > 0 || extra.length > 0 ? [`answer of the server itself with content: ${status} ${extra}`] : [];
}

function checkHeaders(request, facts, { headers, status }) {
  const faults = [];
  if (headers.server || headers['x-powered-by'])
    faults.push('a header names the server');
  if (headers['cache-control']?.[0] !== 'no-store' && headers['cache-control']?.[0] !== 'no-cache,no-store')
    faults.push(`cache-control: ${headers['cache-control']}`);
  if (headers['x-content-type-options']?.[0] !== 'nosniff')
    faults.push('no nosniff');
  if (status === 405 && !headers.allow?.[0])
    faults.push('405 without Allow');
  return faults;
}

function checkLeaks(facts, { body, headers, status }, json) {
  const text = body.toString('utf8') + JSON.stringify(headers);
  const leak = innards.exec(text.replaceAll(ownType, ''))?.[0];
  return [...(leak ? [`innards in the answer: ${leak}`] : []), ...(text.includes(canary) && repeats(facts, headers, status, json) ? ['hostile input repeated in the answer'] : [])];
}

// The journal tells the words that were given whatever they are, in details of events too.
function repeats({ operation }, headers, status, json) {
  if (status >= 300 || json === undefined)
    return true;

  const rest = JSON.stringify(json, (name, value) => (words.includes(name) ? undefined : value)) + JSON.stringify(headers);
  return rest.includes(canary) && operation?.id !== 'ListEvents';
}

// Only what opens ciphertexts answers with plaintexts, one for each; whether with the right ones, memory knows.
function checkPlaintexts({ operation, json }, { status, body }) {
  const found = body.toString('latin1').match(markers)?.length ?? 0;
  const entitled = status === 200 && uses[operation?.id]?.opens && operation.id !== 'ReEncrypt' ? openings(operation.id, json).length : 0;
  return found > entitled ? [`an answer of ${operation?.id} holds a plaintext`] : [];
}

function checkIdentity({ requestId }, { headers, status, body }, json) {
  const [id, ...more] = headers['x-request-id'];
  const faults = [];
  if (!uuid.test(id) || more.length > 0)
    faults.push(`X-Request-ID is not one UUID: ${id}`);
  if (requestId !== null && id !== requestId)
    faults.push(`request id not echoed: sent ${requestId}, got ${id}`);
  if (json?.request_id !== undefined && json.request_id !== id)
    faults.push('request_id in the body is another than in the header');
  return faults;
}

/** An answer is given again only where a key was taken; whether it is the right one, memory knows. */
function checkRepeated({ operation, idempotencyKey }, { headers, status }) {
  const fault = headers['idempotency-replayed'] && (!operation?.takesIdempotencyKey || !idempotencyKey || status >= 300);
  return fault ? [`an answer of ${operation?.id} with ${status} says that it is given again`] : [];
}

/** The id is echoed only for a UUID: whatever else was sent must not come back in any form. */
export function checkNotEchoed(request, facts, { headers }) {
  if (facts.requestId !== null || !headers['x-request-id'])
    return [];

  const [id] = headers['x-request-id'];
  const sent = request.headers.filter(([name]) => name === 'X-Request-ID').map(([, value]) => value.toLowerCase()).join();
  const digits = id.replaceAll('-', '').slice(4);
  return sent.replaceAll('-', '').includes(digits) ? [`request id taken from what is no UUID: ${sent}`] : [];
}

function checkAnyRefusal(answer, json, description) {
  if (answer.status < 400 || answer.body.length === 0) // nothing follows a HEAD
    return [];

  return description.isErrorEnvelope(json) ? [] : [`not the envelope of errors: ${answer.status}`];
}

function checkMeaning(request, facts, answer, json, plan, description, memory) {
  if (!facts.operation)
    return checkStray(facts, answer, json, description);

  if (facts.isHead)
    return checkHead(facts, answer);

  return [...checkAuthentication(facts, answer, json), ...checkDocumented(facts.operation, answer, json), ...checkVerdict(facts, answer, json, plan, request, memory)];
}

function checkStray({ authenticated, otherVerb, open }, { status, body }, json, description) {
  const wanted = !authenticated && !open ? unproven : otherVerb ? [405] : [404];
  const empty = body.length === 0; // to HEAD
  const right = wanted.includes(status) && (empty || (description.isErrorEnvelope(json) && json.error.error_code === strays[status]));
  return right ? [] : [`${otherVerb ? 'another verb' : 'no such route'}: wanted ${wanted}, got ${status} ${json?.error?.error_code}`];
}

/** The head of what GET answers. */
function checkHead(facts, answer) {
  const faults = checkAuthentication(facts, answer);
  if (!facts.operation.responses[answer.status])
    faults.push(`undocumented status ${answer.status} to HEAD of ${facts.operation.id}`);
  if (answer.body.length > 0)
    faults.push(`a body to HEAD of ${facts.operation.id}`);
  return faults;
}

function checkAuthentication({ operation, authenticated }, { status }, json) {
  if (operation.open || (authenticated && json?.error?.error_code === ofDevices))
    return [];

  return authenticated === unproven.includes(status) ? [`${authenticated ? 'valid' : 'no valid'} API key, answered ${status}`] : [];
}

/** Status, media type, schema, error code and headers, as openapi.yaml has them for this operation. */
function checkDocumented(operation, answer, json) {
  const documented = operation.responses[answer.status];
  if (!documented)
    return [`undocumented status ${answer.status} of ${operation.id}`];

  const faults = documented.headers
    .filter(({ name, required, isValid }) => (answer.headers[name.toLowerCase()] ? !isValid(headerValue(answer, name)) : required))
    .map(({ name }) => `header ${name} of ${operation.id} ${answer.status} is absent or not as described`);
  return [...faults, ...checkContent(operation, documented, answer, json)];
}

function headerValue({ headers }, name) {
  const value = headers[name.toLowerCase()]?.[0];
  return name === 'Retry-After' ? Number(value) : value;
}

function checkContent(operation, documented, { status, headers, body }, json) {
  const what = `${operation.id} ${status}`;
  const types = Object.keys(documented.content);
  if (types.length === 0)
    return body.length === 0 ? [] : [`body of ${what}, which has none`];

  const type = headers['content-type']?.[0].split(';')[0].trim();
  const content = documented.content[type];
  if (!content)
    return [`media type ${type} of ${what}`];

  const value = /json$/.test(type) ? json : body.toString('latin1');
  if (!content.isValid(value))
    return [`body of ${what} is not as described: ${JSON.stringify(content.isValid.errors?.[0] ?? null)}`];

  return status >= 400 && !content.codes.includes(json.error.error_code) ? [`undocumented code ${json.error.error_code} of ${what}`] : [];
}

/** A request that is as described is not refused for its form, and one that is not is refused. */
function checkVerdict(facts, { status, body }, json, plan, request, memory) {
  if (!facts.authenticated && !facts.operation.open)
    return [];

  // A kid that no key can have is answered as one that the device does not have.
  if (facts.operation.id === 'GetDeviceKeyValidity' && facts.faults.join() === 'path kid')
    return status === 200 || (status === 413 && plan.oddities.length !== undefined) ? [] : [`GetDeviceKeyValidity refuses a kid: ${status}`];

  if (facts.faults.length > 0)
    return status < 400 && !nullInPlaceOfNothing(facts, request) ? [`${facts.operation.id} accepts in spite of ${facts.faults[0]}: ${status}`] : [];

  const formal = [400, 406, 413, 415].includes(status);
  return formal && !mayRefuse(facts, plan, request, json?.error?.error_code, memory) ? [`${facts.operation.id} refuses ${fieldOf(body)} that is as described: ${status} ${body.toString('utf8', 0, 300)}`] : [];
}

const fieldOf = body => /"field":"(\w+)"/.exec(body.toString('utf8'))?.[1] ?? 'a request';

// A body that may be absent may also be the word null: many clients write that for nothing.
function nullInPlaceOfNothing({ operation, faults }, request) {
  return operation.body?.required === false && faults.join() === 'body' && request.body.toString('utf8').replace(/^\ufeff/, '').trim() === 'null';
}

function readJson({ body, headers }) {
  try {
    return /json/.test(headers['content-type']?.[0]) ? JSON.parse(body.toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}
