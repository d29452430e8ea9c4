// A plan says what a request will look like. Plans are plain values: fast-check makes them from the seed, and makes them smaller
// when one shows a fault. What only the service can know, a kid it made up or a cursor, is named by a number and looked up when sending.
import fc from 'fast-check';
import { hostileJson, hostileText, strayName } from './hostile.mjs';
import { oddities, oddKey, oddRequestId } from './oddities.mjs';
import { uses } from './uses.mjs';
import { badBase64, beyond, hostileWithin, valueOf } from './values.mjs';

const some = (weight, arbitrary) => ({ weight, arbitrary });

/** Every operation; about half of the requests as described, the others with hostile values and one or two oddities. */
export function anyPlan(description, worker) {
  return fc.oneof(...description.operations.map(operation => some(weightOf(operation), planOf(operation, worker))));
}

// Operations that change something come more often: they make the states that the others meet.
function weightOf(operation) {
  return operation.open ? 1 : operation.method === 'GET' ? 4 : { GenerateKey: 10, RegisterDevice: 3, RotateDeviceKey: 2, RevokeDeviceKey: 2, RevokeKey: 2, RetireKey: 3, DestroyKey: 3, CancelKeyDeletion: 4 }[operation.id] ?? 6;
}

function planOf(operation, worker) {
  const valid = requestOf(operation, worker, { parameter: honestParameter, body: honestBody });
  const hostile = requestOf(operation, worker, { parameter: anyParameter, body: anyBody });
  return fc.oneof(some(uses[operation.id] ? 3 : 2, valid), some(3, hostile));
}

function requestOf(operation, worker, { parameter, body }) {
  const inPath = operation.parameters.filter(p => p.in === 'path');
  const inQuery = operation.parameters.filter(p => p.in === 'query');
  const hostile = parameter === anyParameter;
  return fc.record({
    operation: fc.constant(operation.id),
    prefix: fc.constantFrom('', '/api/v1'),
    path: fc.record(Object.fromEntries(inPath.map(p => [p.name, parameter(p, worker)]))),
    query: fc.tuple(...inQuery.map(p => presence(p.name, p.required)(parameter(p, worker), null).map(value => [p.name, value])))
      .map(pairs => pairs.filter(([, value]) => value !== null)),
    body: operation.body ? body(operation.body, worker, operation.id) : fc.constant(null),
    key: fc.oneof(some(hostile ? 12 : 60, fc.constant('valid')), some(1, oddKey)),
    requestId: fc.oneof(some(4, fc.constant(null)), some(2, fc.uuid()), some(hostile ? 2 : 0, oddRequestId)),
    idempotencyKey: operation.takesIdempotencyKey ? keyFor(worker, hostile) : fc.constant(null),
    oddities: hostile ? oddities : fc.constant({}),
  });
}

// Few keys, so that they meet the request they were used with, and others. Each worker has its own: what comes first is then known.
function keyFor(worker, hostile) {
  const known = fc.nat(40).map(number => `worker-${worker}-${number}`);
  return fc.oneof(some(12, fc.constant(null)), some(4, known), some(hostile ? 1 : 0, fc.constantFrom('', 'two words', 'tab\there', 'x'.repeat(256))));
}

// How often a field is given. A page of a thousand versions is large, so the list is mostly asked for less; a use or a hash often does
// not suit the algorithm.
function presence(name, required) {
  const share = required ? 0.998 : { limit: 0.97, algorithm: 0.9, use: 0.15, oaep_hash: 0.08, items: 0.2, plaintext: 0.8, ciphertext: 0.8, hash_algorithm: 0.3, signature_context: 0.3, destination: 0.7, soft_usage_limit: 0.05, max_usage_limit: 0.05, soft_limit_expiration: 0.05, expires_at: 0.1, process_until: 0.05, auto_rotate: 0.1, rotation_period: 0.1, scheduled_at: 0.3, new_key: 0.5 }[name] ?? 0.5;
  return (arbitrary, absent) => fc.oneof(some(Math.round(share * 1000), arbitrary), some(Math.round((1 - share) * 1000), fc.constant(absent)));
}

function honestParameter(parameter, worker) {
  const fromService = { kid: 'kid', key: 'kid', id: 'job', cursor: 'cursor' }[parameter.name];
  const known = fromService && fc.nat(9999).map(pick => ({ known: fromService, pick }));
  const made = valueOf(parameter.name === 'key' ? 'kid' : parameter.name, parameter.schema, worker).map(value => ({ text: String(value) }));
  if (parameter.name === 'key')
    return fc.oneof(some(5, known), some(1, made), some(3, valueOf('key_version', {}, worker).map(number => ({ text: String(number) }))));

  return known ? fc.oneof(some(6, known), some(1, made)) : made;
}

function anyParameter(parameter, worker) {
  const outside = beyond(parameter.schema).map(value => ({ text: String(value) }));
  return fc.oneof(
    some(12, honestParameter(parameter, worker)),
    ...(outside.length > 0 ? [some(2, fc.constantFrom(...outside))] : []),
    some(8, hostileText.map(text => ({ text }))),
    some(parameter.in === 'query' ? 4 : 0, fc.tuple(honestParameter(parameter, worker), hostileText).map(([value, again]) => ({ ...value, again }))),
    some(4, hostileText.map(text => ({ raw: text.replace(/[^!-~]/g, '') }))),
    some(1, hostileText.map(text => ({ raw: text.replace(/[\r\n]/g, '') }))),
  );
}

// Bodies are lists of members as text. Those that use a key say which key and what it made by a number each.
function honestBody(body, worker, operation) {
  const plain = plainBody(body, worker);
  if (!uses[operation])
    return plain;

  const key = fc.record({ how: fc.constantFrom('kid', 'kid', 'kid', 'agreeing', 'number', 'active', 'active', 'nothing', 'as it is'), pick: fc.nat(9999) });
  const product = fc.record({
    pick: fc.nat(9999),
    spoil: fc.oneof(some(8, fc.constant('nothing')), some(3, fc.constantFrom('a bit', 'the end', 'length', 'bound'))),
    many: fc.oneof(some(3, fc.constant(0)), some(1, fc.integer({ min: 1, max: 5 }))),
  });
  return fc.tuple(plain, key, uses[operation].opens ? fc.option(product, { freq: 9, nil: undefined }) : fc.constant(undefined))
    .map(([list, chosen, opened]) => ({ ...list, key: chosen, ...(opened && { product: opened }) }));
}

function plainBody({ schema, required }, worker) {
  const members = fc.tuple(...Object.entries(schema.properties).map(([name, member]) =>
    presence(name, schema.required?.includes(name))(valueOf(name, member, worker), undefined).map(value => [name, value])));
  const body = members.map(list => ({ members: list.filter(([, value]) => value !== undefined).map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)]) }));
  return required ? body : fc.oneof(some(3, body), some(1, fc.constant(null)));
}

function anyBody(body, worker, operation) {
  const honest = honestBody({ ...body, required: true }, worker, operation);
  const plain = plainBody({ ...body, required: true }, worker);
  const within = hostileWithin(body.schema, worker);
  const encoded = Object.entries(body.schema.properties).filter(([, { format }]) => format === 'byte').map(([name]) => name);
  const outside = Object.entries(body.schema.properties).flatMap(([name, member]) => beyond(member).map(value => [name, value]));
  const name = fc.oneof(fc.constantFrom(...Object.keys(body.schema.properties)), strayName).map(text => JSON.stringify(text));
  return fc.oneof(
    some(20, honest),
    some(40, fc.tuple(honest, fc.tuple(name, hostileJson)).map(replaceMember)),
    ...(outside.length > 0 ? [some(10, fc.tuple(honest, fc.constantFrom(...outside).map(pair => pair.map(part => JSON.stringify(part)))).map(replaceMember))] : []),
    ...(within ? [some(20, fc.tuple(honest, within).map(replaceMember))] : []),
    ...(encoded.length > 0 ? [some(10, fc.tuple(honest, fc.tuple(fc.constantFrom(...encoded), badBase64).map(pair => pair.map(part => JSON.stringify(part)))).map(replaceMember))] : []),
    some(10, fc.tuple(honest, fc.nat()).map(([plan, index]) => ({ ...plan, members: plan.members.toSpliced(index % (plan.members.length || 1), 1) }))),
    some(10, plain.filter(plan => plan.members.length > 0).map(plan => ({ members: [...plan.members, plan.members[0]], mustFail: 'a member given twice' }))),
    some(10, honest.map(plan => ({ ...plan, damage: 'truncated', mustFail: 'truncated JSON' }))),
    some(10, fc.tuple(honest, fc.constantFrom('byte order mark', 'UTF-16', 'trailing comma', 'comment', 'wrapped', 'followed', 'spaced', 'up to the limit', 'over the limit')).map(([plan, damage]) => ({ ...plan, damage }))),
    some(20, fc.oneof(hostileJson, hostileText).map(text => ({ text }))),
    some(10, fc.uint8Array({ maxLength: 200 }).map(bytes => ({ bytes: Buffer.from(bytes).toString('base64') }))),
    some(10, fc.constant(null)),
    some(2, fc.constant({ filler: 2_200_000 })),
  );
}

function replaceMember([plan, member]) {
  return { ...plan, members: plan.members.filter(([name]) => name !== member[0]), late: [member] };
}
