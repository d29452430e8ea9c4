// Whether the schemas of openapi.yaml say enough for a stranger: what each member is, which values it may have, and one that it has.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { readDescription } from './fuzz/description.mjs';
import { repository } from './service.mjs';

readDescription(); // refuses keywords and formats that JSON Schema 2020-12 does not know
const document = parse(readFileSync(path.join(repository, 'openapi.yaml'), 'utf8'));
const faults = [];
let count = 0;

for (const [name, schema] of Object.entries(document.components.schemas))
  members(name, schema);

for (const [template, item] of Object.entries(document.paths)) {
  for (const [verb, operation] of Object.entries(item))
    (operation.parameters ?? []).forEach(parameter => value(`${verb} ${template}: ${parameter.name}`, parameter.schema, parameter));
}
for (const [name, header] of Object.entries(document.components.headers))
  value(`header ${name}`, header.schema, header);

console.log(faults.map(fault => `FAILURE ${fault}\n`).join('') + `schemas: ${count} values described, ${faults.length} failures`);
process.exitCode = faults.length === 0 ? 0 : 1;

function members(name, schema) {
  for (const [member, described] of Object.entries(schema.properties ?? {}))
    value(`${name}.${member}`, described, described);
}

/** A value in a place; `holder` carries its description and its example, which for parameters and headers stand beside the schema. */
function value(where, schema, holder) {
  if (schema.$ref || schema.oneOf?.some(one => one.$ref)) // or null
    return demand(holder.description || schema.$ref, `${where} has no description`);

  count++;
  // Words and booleans are their own examples. Parameters need none: Swagger UI sends those that have one.
  const itself = schema.enum || schema.items?.enum || schema.items?.$ref || [schema.type].flat().includes('boolean') || holder.in !== undefined;
  const examples = [holder.example, ...(holder.examples ?? []), ...(schema.examples ?? [])].filter(example => example !== undefined);
  demand(holder.description, `${where} has no description`);
  demand(itself || examples.length > 0, `${where} has no example`);
  bounds(where, schema);
}

function bounds(where, schema) {
  const types = [schema.type].flat();
  if (typeof schema.additionalProperties === 'object') {
    demand(schema.maxProperties !== undefined, `${where} is a map without a size`);
    bounds(`${where}{}`, schema.additionalProperties);
  }
  if (schema.enum || types.includes('boolean'))
    return;

  if (types.includes('string'))
    demand(schema.pattern || schema.maxLength || ['uuid', 'date-time', 'uri-reference'].includes(schema.format), `${where} is a string without pattern, size or format`);
  if (types.includes('integer'))
    demand(schema.minimum !== undefined, `${where} is a number without a minimum`);
  if (types.includes('array')) {
    demand(schema.maxItems !== undefined, `${where} is an array without a size`);
    if (!schema.items.$ref)
      bounds(`${where}[]`, schema.items);
  }
}

function demand(met, fault) {
  if (!met)
    faults.push(fault);
}
