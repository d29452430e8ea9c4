// Sends bodies that are longer than any route takes, 20 of them, as node:http does: all of it is written, whether or not an answer is there.
// Prints the statuses, or the error where there was none.
import http from 'node:http';
import { text } from 'node:stream/consumers';

const { url, apiKey, length } = JSON.parse(await text(process.stdin));
const body = Buffer.alloc(length, ' ');
const statuses = [];
for (let i = 0; i < 20; i++)
  statuses.push(await send());

console.log(JSON.stringify(statuses));

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
