// The server behind requests/device.html: it serves the page, passes the device's public key on, and has Qkms decrypt. It holds the API key;
// the browser gets none. Node.js 20 or newer, no packages.
//
//   node requests/device-server.mjs      then open http://127.0.0.1:8090
//
// QKMS_URL      where Qkms is; http://127.0.0.1:8080 unless given
// QKMS_API_KEY  the API key; that in qkms-data/initial-api-key unless given
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const page = readFileSync(path.join(import.meta.dirname, 'device.html'));
const script = /<script type="module">([\s\S]*?)<\/script>/.exec(page)[1];
const policy = `default-src 'none'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; connect-src 'self'; form-action 'none'`;
const mostBytes = 16 * 1024;

/** Starts the server; the object that it returns has its address and stops it. */
export async function startDeviceServer({ qkms, apiKey, port = 0 }) {
  // Which device asks is for the server to know, from a session. Here there is one.
  const device = `${qkms}/devices/browser-demo`;

  const routes = {
    'POST /device-key': async () => {
      const { kid, public_key, oaep_hash, expires_at } = await ask(`${device}/keys`, {});
      return { kid, public_key, oaep_hash, expires_at };
    },
    'POST /messages': async ({ kid, ciphertext }) => {
      const { plaintext } = await ask(`${device}/decrypt`, { kid, ciphertext });

      // A real server does its work with the message, and does not send it back.
      return { text: Buffer.from(plaintext, 'base64').toString('utf8') };
    },
  };

  async function ask(url, body) {
    const response = await fetch(url, {
      method: 'POST', headers: { 'x-api-key': apiKey, 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok)
      throw Object.assign(new Error(answer.error.message), { status: response.status });

    return answer.data;
  }

  const server = createServer(async (request, response) => {
    if (request.method === 'GET' && request.url === '/') {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy }).end(page);
      return;
    }
    const [status, answer] = await answerTo(request);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(answer));
  });

  async function answerTo(request) {
    const route = routes[`${request.method} ${request.url}`];
    if (!route)
      return [404, { message: 'There is no such route.' }];

    try {
      return [200, await route(await read(request))];
    } catch (error) {
      return [error.status ?? 500, { message: error.status ? error.message : 'The server could not do it.' }];
    }
  }

  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise(resolve => server.close(resolve)) };
}

async function read(request) {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > mostBytes)
      throw Object.assign(new Error('The body is too large.'), { status: 413 });
  }
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw Object.assign(new Error('The body must be JSON.'), { status: 400 });
  }
}

if (process.argv[1] === import.meta.filename) {
  const { url } = await startDeviceServer({
    qkms: process.env.QKMS_URL ?? 'http://127.0.0.1:8080',
    apiKey: process.env.QKMS_API_KEY ?? readFileSync('qkms-data/initial-api-key', 'utf8').trim(),
    port: 8090,
  });
  console.log(`Open ${url}`);
}
