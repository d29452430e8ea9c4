// Checks the chain of an exported journal stream, without Qkms: docs/journal.md has the format.
//
// Reads a JSON array of pages from standard input: the 'data' of the responses to GET /audit/events?order=asc, in their order. Writes a JSON
// array with a sentence for each thing that does not hold; an empty one when the chain is whole.
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const id = value => value && Buffer.from(value.replaceAll('-', ''), 'hex');
const bytes = value => value && Buffer.from(value, 'base64');
const words = value => (typeof value === 'string' ? Buffer.from(value, 'utf8') : null);
const time = value => number(Date.parse(value));

function number(value) {
  if (value === null)
    return null;

  const part = Buffer.alloc(8);
  part.writeBigInt64BE(BigInt(value));
  return part;
}

// Each part after its length in 4 bytes, an absent one as FFFFFFFF.
function canonical(parts) {
  return Buffer.concat([Buffer.of(3), ...parts.flatMap(part => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part ? part.length : 0xffffffff);
    return part ? [length, part] : [length];
  })]);
}

/** The leaf hash of an event (RFC 6962, section 2.1), in base64. */
export function leafHash(stream, event) {
  const entry = canonical([
    id(stream.installation_id), id(stream.tenant_id), number(stream.stream), number(event.position), bytes(event.previous_hash),
    id(event.id), time(event.time), words(event.action), words(event.actor_kind), words(event.actor_id),
    id(event.key_id), words(event.kid), number(event.key_version), words(event.from), words(event.to), words(event.reason),
    id(event.request_id), id(event.server_request_id), bytes(event.row_seal), bytes(event.key_seal),
  ]);
  return createHash('sha256').update(Buffer.of(0)).update(entry).digest('base64');
}

/** What does not hold of the beginning: events that are not kept were trimmed, and the newest event of a trimming says up to which. */
function checkTrimming(pages) {
  const { first_position: first, first_previous_hash: previous } = pages[0];
  const removed = first === 0 ? null : `up to position ${first - 1}; ${bytes(previous).toString('hex')}`;
  const said = pages.flatMap(page => page.events).findLast(event => event.action === 'journal.trimmed')?.reason ?? null;
  return said === removed ? [] : [`the export begins with position ${first}, and was trimmed ${said ?? 'nowhere'}`];
}

/** What does not hold. */
export function check(pages) {
  const found = checkTrimming(pages);
  let position = pages[0].first_position;
  let previous = pages[0].first_previous_hash;
  for (const page of pages) {
    found.push(...page.unreadable.map(at => `position ${at} was edited: Qkms does not show it`));
    for (const event of page.events) {
      if (event.position !== position)
        found.push(`position ${position} is missing`);
      else if (event.previous_hash !== previous)
        found.push(`position ${event.position} does not follow the event before it`);

      previous = leafHash(page, event);
      if (previous !== event.leaf_hash)
        found.push(`position ${event.position} was edited`);

      position = event.position + 1;
    }
  }

  const { next_position: end, head_hash: head } = pages.at(-1);
  if (position !== end)
    found.push(`the export ends before position ${end}`);
  else if (previous !== head)
    found.push('the last event is not the head of the stream');

  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  let input = '';
  for await (const chunk of process.stdin)
    input += chunk;

  console.log(JSON.stringify(check(JSON.parse(input))));
}
