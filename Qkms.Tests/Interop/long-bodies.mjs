// Sends bodies that are longer than any route takes, 20 of them, as node:http does: all of it is written, whether or not an answer is there.
// Prints the statuses, or the error where there was none. The server takes its answer back when a body is not there within five seconds, as
// on a busy machine: such an exchange is done once more, for a minute.
import http from 'node:http';
import { text } from 'node:stream/consumers';

const { url, apiKey, length } = JSON.parse(await text(process.stdin));
const body = Buffer.alloc(length, ' ');
const statuses = [];
for (let i = 0; i < 20; i++)
  statuses.push(await sendPatiently());

console.log(JSON.stringify(statuses));

async function sendPatiently() {
  const end = Date.now() + 60_000;
  while (true) {
    const begun = Date.now();
    const status = await send();
    if (/^\d/.test(status) || Date.now() - begun < 4_000 || Date.now() > end)
      return status;
  }
}

function send() {
  return new Promise(resolve => {
    const headers = { 'x-api-key': apiKey, 'Content-Type': 'application/json', 'Content-Length': length };
    const request = http.request(url, { method: 'POST', headers, agent: false }, response => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
    });
    request.on('error', error => resolve(error.code));
    request.end(body);
  });
}
