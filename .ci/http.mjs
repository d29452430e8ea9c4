// Sends the requests of .http files in their order to a running service. F-91: the title of each says the status that it is meant to get,
// as in "### Show the active version -> 200"; the first one that gets another ends the run.
//
//   QKMS_URL=http://127.0.0.1:8080 QKMS_API_KEY=… node .ci/http.mjs requests/keys.http requests/use.http
//
// It reads as much of the format as these files use: variables, named requests ("# @name first") and members of their answers
// ("{{first.response.body.$.data.kid}}").
import { readFileSync } from 'node:fs';

const { QKMS_URL: url, QKMS_API_KEY: apiKey } = process.env;
let sent = 0;

for (const file of process.argv.slice(2))
  await sendAll(file, readFileSync(file, 'utf8'));

if (sent === 0)
  throw new Error('no request was sent');

console.log(`${sent} requests of ${process.argv.length - 2} files got the status that they are meant to`);

async function sendAll(file, text) {
  const [head, ...requests] = text.split(/^###[ \t]*/m);
  const variables = Object.fromEntries([...head.matchAll(/^@(\w+)\s*=\s*(.*)$/gm)].map(([, name, value]) => [name, value.trim()]));
  Object.assign(variables, { url, apiKey });
  const answers = {};
  for (const request of requests) {
    const { title, name, status, ...call } = parse(file, request, text => fill(text, variables, answers));
    const answer = await fetch(call.url, { method: call.method, headers: call.headers, body: call.body });
    const body = await answer.text();
    console.log(`${answer.status}  ${file}: ${title}`);
    if (answer.status !== status)
      throw new Error(`${file}: "${title}" is meant to get ${status} and got ${answer.status}: ${body.slice(0, 500)}`);

    if (name)
      answers[name] = JSON.parse(body);

    sent++;
  }
}

function parse(file, text, fillIn) {
  const [title, ...lines] = text.split('\n');
  const name = lines.map(line => /^#\s*@name\s+(\w+)/.exec(line)?.[1]).find(Boolean);
  const [start, ...rest] = lines.filter(line => !line.startsWith('#')).join('\n').trim().split('\n');
  const [method, target] = start.split(' ');
  const end = rest.findIndex(line => line.trim() === '');
  const [headers, body] = end < 0 ? [rest, []] : [rest.slice(0, end), rest.slice(end + 1)];
  const status = Number(/ -> (\d{3})$/.exec(title)?.[1]);
  if (!status)
    throw new Error(`${file}: "${title}" does not say which status it is meant to get`);

  return {
    title,
    name,
    status,
    method,
    url: fillIn(target),
    headers: headers.map(line => line.split(/:\s*(.*)/, 2).map(fillIn)),
    body: body.length > 0 ? fillIn(body.join('\n')) : undefined,
  };
}

function fill(text, variables, answers) {
  return text.replace(/\{\{([^}]+)\}\}/g, (_, expression) => {
    const [, name, path] = /^(\w+)\.response\.body\.\$\.(.+)$/.exec(expression) ?? [];
    const value = name ? path.split('.').reduce((node, member) => node?.[member], answers[name]) : variables[expression];
    if (value === undefined)
      throw new Error(`{{${expression}}} has no value`);

    return value;
  });
}
