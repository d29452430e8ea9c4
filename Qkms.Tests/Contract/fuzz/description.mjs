// openapi.yaml as the fuzzer uses it: operations with their parameters, and validators for everything that has a schema.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { repository } from '../service.mjs';

const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const prefix = '/api/v1';

export function readDescription() {
  const document = parse(readFileSync(path.join(repository, 'openapi.yaml'), 'utf8'));
  const compile = compiler(document);
  const operations = [];
  for (const [template, item] of Object.entries(document.paths)) {
    for (const verb of verbs.filter(name => item[name]))
      operations.push(operationOf(document, compile, template, verb, item[verb]));
  }
  return {
    operations,
    byId: Object.fromEntries(operations.map(operation => [operation.id, operation])),
    find: finder(operations),
    isErrorEnvelope: compile({ $ref: '#/components/schemas/ErrorEnvelope' }),
  };
}

/** Schemas in the 2020-12 dialect, strictly: an unknown keyword or format is a fault of the description. */
function compiler(document) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: false });
  addFormats(ajv);
  const rewritten = JSON.parse(JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', 'description#/$defs/'));
  Object.values(rewritten).forEach(close);
  ajv.addSchema({ $id: 'description', $defs: rewritten });
  return schema => ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', 'description#/$defs/')));
}

// Clients have to tolerate members that come later; here a member that is not described is a fault of today's description.
function close(schema) {
  if (schema.properties)
    schema.additionalProperties ??= false;

  Object.values(schema.properties ?? {}).forEach(close);
}

function operationOf(document, compile, template, verb, operation) {
  const [[mediaType, content] = []] = Object.entries(operation.requestBody?.content ?? {});
  return {
    id: operation.operationId,
    method: verb.toUpperCase(),
    template,
    open: operation.security.length === 0,
    takesIdempotencyKey: (operation.parameters ?? []).some(parameter => parameter.name === 'Idempotency-Key'),
    parameters: (operation.parameters ?? []).map(parameter => ({ ...parameter, isValid: compile(parameter.schema) })),
    body: content && {
      required: operation.requestBody.required === true,
      mediaType,
      schema: inline(document, content.schema),
      isValid: compile(content.schema),
    },
    responses: Object.fromEntries(Object.entries(operation.responses).map(([status, response]) => [status, responseOf(document, compile, dereference(document, response))])),
  };
}

function responseOf(document, compile, response) {
  const content = Object.entries(response.content ?? {});
  return {
    headers: Object.entries(response.headers ?? {}).map(([name, header]) => headerOf(name, compile, dereference(document, header))),
    content: Object.fromEntries(content.map(([type, { schema, examples }]) => [type, { isValid: compile(schema), codes: Object.keys(examples ?? {}) }])),
  };
}

function headerOf(name, compile, { required, schema }) {
  return { name, required: required === true, isValid: compile(schema) };
}

// Values are made from a schema without references.
function inline(document, schema) {
  const { properties, items, oneOf, ...rest } = dereference(document, schema);
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, inline(document, member)])) }),
    ...(items && { items: inline(document, items) }),
    ...(oneOf && { oneOf: oneOf.map(one => inline(document, one)) }),
  };
}

function dereference(document, value) {
  return value.$ref ? value.$ref.slice(2).split('/').reduce((node, name) => node[name], document) : value;
}

/** Which operation a path means: literal segments go before parameters; routes do not mind upper case. */
function finder(operations) {
  const routes = operations.map(operation => ({ operation, segments: operation.template.split('/').slice(1) }));
  const literals = ({ segments }) => segments.filter(segment => segment[0] !== '{').length;
  routes.sort((a, b) => literals(b) - literals(a));

  return path => {
    const local = path.toLowerCase().startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
    const segments = local.replace(/\/$/, '').split('/').slice(1);
    const matching = routes.filter(route => route.segments.length === segments.length
      && route.segments.every((segment, i) => (segment[0] === '{' ? segments[i] !== '' : segment === segments[i].toLowerCase())));
    return matching.map(({ operation, segments: names }) => ({
      operation,
      values: Object.fromEntries(names.flatMap((name, i) => (name[0] === '{' ? [[name.slice(1, -1), segments[i]]] : []))),
    }));
  };
}
